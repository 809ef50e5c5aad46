"""What an operator is shown of one client, from states made by hand."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rules_engine.account.packed import pack_account
from rules_engine.account.payments import Payment
from rules_engine.account.values import Account, Batch, Opened
from rules_engine.author.load import load_rule_set
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState, GroupEnd
from schemas.instants import parse_instant
from tests.unit.engine.builders import counting
from worker.cli import clients_show
from worker.cli.application import run
from worker.clients.counters import begins
from worker.clients.reading import Held, read_client
from worker.clients.view import view
from worker.errors import Misconfigured, TablesUnavailable
from worker.index.entries import payment_entry
from worker.kafka.dead_letters import partition_of
from worker.lane.plan import NO_TERMS, Head, encode
from worker.tables.codec import pack_client, pack_payment
from worker.tables.memory import MemoryLane, MemoryTables
from worker.tables.port import IndexChange

TEXT = """
organizationId: izi
version: "7"
timeZone: Europe/Moscow
currency: RUB
limits: {perClientCredit: {amountMajor: 100, per: DAY}}
rules:
  - id: once
    trigger: BALANCE_TOPPED_UP
    limits: {perClient: [{times: 1, per: LIFETIME}], cooldown: {hours: 1}}
    actions: [{type: ADD_BONUS, formula: "1"}]
  - id: sleepers
    trigger: CLIENT_ABSENT
    after: {days: 14}
    actions: [{type: ADD_BONUS, formula: "1"}]
  - id: party
    trigger: BIRTHDAY
    actions: [{type: ADD_BONUS, formula: "1"}]
"""
RULES = load_rule_set(TEXT, "rules.yaml")
LANES = 4
NOW = parse_instant("2026-03-02T12:00:00+03:00")
LANE = partition_of(b"c-1", LANES)
HEAD = Head(9, 9, b"12345678", {}, LANES, NOW, NO_TERMS)
OTHER = Head(3, 3, b"12345678", {}, LANES, NOW, NO_TERMS)


def payment(spent: str = "20", paid_at: int = NOW, life: int = 0) -> Payment:
    return Payment(b"12345678", paid_at, Decimal(200), RefundPolicy.RETURN, (), life)


def key(name: str) -> str:
    return f"izi\x1fc-1\x1fpayment\x1f{name}"


async def tables_with(client: ClientState | None, **payments: Payment) -> MemoryTables:
    tables = MemoryTables()
    values = {key(name): pack_payment(each) for name, each in payments.items()}
    entries = [payment_entry(each.paid_at, key(name)) for name, each in payments.items()]
    if client is not None:
        values["izi\x1fc-1"] = pack_client(client)
    for number in range(LANES):
        if number != LANE:
            await tables.lane(number).commit(b"", encode(OTHER), b"", {})
    await tables.lane(LANE).commit(b"", encode(HEAD), b"", values, IndexChange(add=entries))
    return tables


async def read(tables: MemoryTables) -> Held:
    return await read_client(tables, "izi", "c-1", partition_of)


def shown(client: ClientState, **payments: Payment) -> dict[str, Any]:
    async def told() -> dict[str, Any]:
        return view("izi", "c-1", await read(await tables_with(client, **payments)), RULES)

    return asyncio.run(told())


def test_the_lane_is_that_of_the_key_as_of_one_head() -> None:
    told = shown(ClientState(topup_units=12_5000, topup_count=1))
    assert (told["lane"], told["sequence"]) == (LANE, 9)
    assert told["clock"] == "2026-03-02T09:00:00+00:00"
    assert told["counters"]["totalTopupMajor"] == "12.50"
    assert (told["accountIsOpen"], told["bonusBalanceMajor"]) == (False, "0.00")


def test_batches_groups_and_what_is_due() -> None:
    batch = Batch(
        0,
        bytes(range(16)),
        Decimal("60"),
        NOW + 86_400_000_000,
        ("TARIFF",),
        (),
        Opened.OPENING,
    )
    client = ClientState(
        account=pack_account(Account((batch,), 1, None, True)),
        lapses_at=batch.expires_at,
        groups=("night", "vip"),
        ends=(GroupEnd(NOW + 1_000_000, "vip", bytes(16), "once", 0),),
        birthday=date(1999, 3, 5).isoformat(),
        first_visit_at=NOW - 30 * 86_400_000_000,
        last_visit_at=NOW - 10 * 86_400_000_000,
    )
    told = shown(client)
    assert told["batches"] == [
        {
            "batchId": "00010203-0405-0607-0809-0a0b0c0d0e0f",
            "leftMajor": "60.00",
            "expiresAt": "2026-03-03T09:00:00+00:00",
            "restriction": {"productTypes": ["TARIFF"], "productIds": []},
            "openedBy": "OPENING",
            "ruleId": None,
        }
    ]
    # 20 February and 14 days is 6 March at 10:00 in Moscow
    assert [(each["at"][:16], each["timer"]) for each in told["timers"]] == [
        ("2026-03-02T09:00", "GROUP_EXPIRY"),
        ("2026-03-03T09:00", "LAPSE"),
        ("2026-03-05T07:00", "BIRTHDAY"),
        ("2026-03-06T07:00", "CLIENT_ABSENT"),
    ]
    assert told["groups"] == ["night", "vip"]


def test_counters_that_no_rule_asks_are_orphaned() -> None:
    client = counting(
        limit_counts={"once\x1fLIFETIME": ((0, 1),), "gone\x1fDAY": ((20_514, 2), (20_515, 1))},
        firings={"once": NOW, "sleepers": NOW},
        credited={"DAY": ((20_514, Decimal("7.5000")),), "WEEK": ((2931, Decimal("1")),)},
    )
    told = shown(client)
    orphaned = {
        (each["limit"], each["ruleId"], each["per"]): each["orphaned"] for each in told["limits"]
    }
    assert orphaned == {
        ("perClient", "once", "LIFETIME"): False,
        ("perClient", "gone", "DAY"): True,
        ("perClientCredit", None, "DAY"): False,
        ("perClientCredit", None, "WEEK"): True,
    }
    of_gone = next(each for each in told["limits"] if each["ruleId"] == "gone")
    assert of_gone["periods"] == [
        {"begins": "2026-03-02", "held": 2},
        {"begins": "2026-03-03", "held": 1},
    ]
    assert [(each["ruleId"], each["orphaned"]) for each in told["cooldowns"]] == [
        ("once", False),
        ("sleepers", True),
    ]


@pytest.mark.parametrize(
    ("per", "ordinal", "day"),
    [
        ("DAY", 0, "1970-01-01"),
        ("WEEK", 2931, "2026-03-02"),
        ("MONTH", 2026 * 12 + 2, "2026-03-01"),
        ("LIFETIME", 0, None),
    ],
)
def test_the_day_on_which_a_period_begins(per: str, ordinal: int, day: str | None) -> None:
    assert begins(per, ordinal) == day


def test_payments_are_found_among_those_of_others_and_of_an_earlier_life() -> None:
    year = 365 * 86_400_000_000
    payments = {
        "p-1": payment(),
        "p-2": payment(paid_at=NOW - year, life=1),
        "p-3": payment(life=1),
    }
    told = shown(ClientState(life=1), **payments)
    assert [each["paymentId"] for each in told["payments"]] == ["p-3", "p-2"]
    assert told["payments"][0] == {
        "paymentId": "p-3",
        "paidAt": "2026-03-02T09:00:00+00:00",
        "totalAmountMajor": "200.00",
        "spentMajor": "0.00",
        "unsettledMajor": "0.00",
        "refundPolicy": "RETURN",
    }


async def test_without_rules_what_needs_them_is_null() -> None:
    client = replace(counting(limit_counts={"once\x1fDAY": ((1, 1),)}), topup_units=12_5000)
    told = view("izi", "c-1", await read(await tables_with(client)), None)
    assert (told["ruleSetVersion"], told["limits"][0]["orphaned"]) == (None, None)
    assert told["counters"]["totalTopupMajor"] == "12.5"


async def test_a_client_of_whom_nothing_is_known() -> None:
    told = view("izi", "c-1", await read(await tables_with(None)), RULES)
    assert told["known"] is False
    assert "counters" not in told


async def test_no_state_at_all_names_the_settings() -> None:
    with pytest.raises(Misconfigured, match="no state in Redis under this prefix"):
        await read(MemoryTables())


class Busy(MemoryLane):
    """Commits between any two looks at its values."""

    async def load(self, head: bytes, keys: Any) -> list[bytes | None] | None:
        return None


async def test_a_lane_that_never_rests_is_told() -> None:
    tables = await tables_with(ClientState())
    lane = Busy()
    await lane.commit(b"", encode(HEAD), b"", {})
    tables._lanes[LANE] = lane
    with pytest.raises(TablesUnavailable, match="too busy"):
        await read(tables)


def test_people_are_shown_it_section_by_section(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counted = counting(
        limit_counts={"gone\x1fDAY": ((20_514, 2),)},
        firings={"once": NOW},
        fact_days={"sleepers": (20_514, 20_500), "gone": (20_513,)},
    )
    client = replace(counted, groups=("vip",), visit_count=3, last_visit_at=NOW, life=1)

    async def held(*_: object) -> Held:
        return await read(await tables_with(client, p=payment(life=1)))

    rules = tmp_path / "izi.yaml"
    rules.write_text(TEXT)
    monkeypatch.setattr(clients_show, "_read", held)
    monkeypatch.setenv("LOYALTY_REDIS_URL", "redis://127.0.0.1:1")
    assert run(["clients", "show", "izi", "c-1", "--rules", str(rules)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"c-1 of izi (lane {LANE}, plan 9, clock 2026-03-02T09:00:00+00:00)"
    assert lines[1] == "forgotten 1 time"
    for expected in (
        "visitCount\t3",
        "firstVisitAt\t—",
        "vip",
        "balance\tno account yet",
        "gone\tperClient\tDAY\t2026-03-02: 2\torphaned: no rule asks it",
        "once\tfired 2026-03-02T09:00:00+00:00\t",
        "gone\t2026-03-01\torphaned: no rule asks it",
        "sleepers\t2026-02-16, 2026-03-02\t",
        "p\t2026-03-02T09:00:00+00:00\t200.00\t0.00\t0.00\tRETURN",
        "2026-03-16T07:00:00+00:00\tCLIENT_ABSENT\tsleepers",
        "0 events remembered.",
    ):
        assert expected in lines


def test_without_a_rule_set_it_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held(*_: object) -> Held:
        return await read(await tables_with(None))

    monkeypatch.setattr(clients_show, "_read", held)
    monkeypatch.setenv("LOYALTY_REDIS_URL", "redis://127.0.0.1:1")
    assert run(["clients", "show", "izi", "c-1"]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1] == "Nothing is known of this client."
    assert "No rule set of izi is at hand: give --rules" in shown.err


@pytest.mark.parametrize(("organization", "client"), [("", "c-1"), ("izi", ""), ("izi", "c\x1f1")])
def test_what_is_no_id_is_refused(organization: str, client: str, capsys: Any) -> None:
    assert run(["clients", "show", organization, client]) == 2
    assert "must be an id" in capsys.readouterr().err
