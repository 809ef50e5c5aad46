"""`loyalty clients import` as far as it needs no Kafka: what a line may say, and what is told."""

import json
import re
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.decode import decode
from schemas.decoded import ClientImported, OpeningBatch
from worker.cli import clients_import_passes
from worker.cli.application import run
from worker.clients.checkpoint import Checkpoint
from worker.clients.export import NAMES, BadLine, Export, Published
from worker.clients.importing import AT_ONCE, publish
from worker.clients.lines import csv_entries, json_entries
from worker.errors import Unavailable

AT = "2026-11-01T00:00:00+03:00"
GIVEN = {"organizationId": "izi", "clubId": "club-1", "occurredAt": AT}
Shown = pytest.CaptureFixture[str]


def read(text: str, given: dict[str, str] | None = None, digits: int = 2) -> list[Any]:
    export = Export(GIVEN if given is None else given, lambda organization: digits)
    return list(export.records(json_entries(text.encode().splitlines(keepends=True))))


def wrong(text: str, given: dict[str, str] | None = None) -> str:
    (bad,) = read(text, given)
    assert isinstance(bad, BadLine)
    return bad.message


def test_a_line_becomes_a_record_that_the_contract_takes() -> None:
    line = {
        "clientId": "c-1",
        "totalTopupMajor": 1200.50,
        "topupCount": 3,
        "groups": ["vip"],
        "batches": [{"amountMajor": "10.5", "expiresAt": "2027-01-01T00:00:00Z"}],
        "birthday": None,
        "visitCount": 0,
    }
    (record,) = read(json.dumps(line))
    assert (record.key, record.line) == (b"c-1", 1)
    event = decode(record.value, record.key, "CLIENTS", lambda organization: 2)
    assert isinstance(event, ClientImported)
    assert (str(event.total_topup_major), event.topup_count) == ("1200.5", 3)
    (batch,) = event.batches
    assert isinstance(batch, OpeningBatch)
    assert (str(batch.amount_major), str(record.bonus)) == ("10.5", "10.5")
    assert (event.organization_id, event.club_id) == ("izi", "club-1")


def test_the_line_of_the_guide_is_a_good_one() -> None:
    guide = (Path(__file__).parents[3] / "docs/clients.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"```json\n(.*?)\n```", guide, flags=re.DOTALL)
    (record,) = read(line, GIVEN | {"occurredAt": "2026-11-22T04:00:00+03:00"})
    assert isinstance(record, Published)
    told = {name for name in NAMES if f"`{name}`" in guide}
    assert told == NAMES


def event_id(text: str, **given: str) -> str:
    (record,) = read(text, GIVEN | given)
    found: str = json.loads(record.value)["eventId"]
    return found


def test_an_event_id_is_a_function_of_organization_client_and_content() -> None:
    made = event_id('{"clientId": "c-1", "bonusBalanceMajor": 5}')
    assert made == "759a4cd1-ac89-5604-84d1-fa0ac0d0b738"
    # written otherwise
    assert made == event_id('{"bonusBalanceMajor": "5.00", "clientId": "c-1", "birthday": null}')
    others = {
        event_id('{"clientId": "c-2", "bonusBalanceMajor": 5}'),
        event_id('{"clientId": "c-1", "bonusBalanceMajor": 6}'),
        event_id('{"clientId": "c-1", "bonusBalanceMajor": 5}', organizationId="other"),
        event_id('{"clientId": "c-1", "bonusBalanceMajor": 5}', occurredAt="2026-11-02T00:00:00Z"),
    }
    assert len(others | {made}) == 5


BAD = """
{
    is not one well-formed JSON value: write one JSON object a line
[]
    is no JSON object: write one object a line
{}
    `clientId` is missing: add it
{"clientId": 5}
    `clientId` must be text
{"clientId": "c", "topupcount": 3}
    there is no field `topupcount`: did you mean 'topupCount'?
{"clientId": "c", "eventId": "e"}
    there is no field `eventId` in an entry: the command writes it, leave it out
{"clientId": "c", "batches": [{"amount": 3}]}
    there is no field `batches.0.amount`: did you mean 'amountMajor'?
{"clientId": "c", "batches": [{"amountMajor": 1, "restriction": {"productId": "x"}}]}
    there is no field `batches.0.restriction.productId`: did you mean 'productIds'?
{"clientId": "c", "totalTopupMajor": 3}
    `topupCount` is missing: with `totalTopupMajor` it must be at least 1, or the next top-up would
    be the client's first
{"clientId": "c", "bonusBalanceMajor": 3.001}
    `bonusBalanceMajor` has more decimals than the 2 that the currency allows
{"clientId": "c", "batches": [{"amountMajor": 1, "expiresAt": "2026-10-31T21:00:00Z"}]}
    `batches.0.expiresAt` is not after `occurredAt`: the batch is over, leave it out
"""


def bad_lines() -> list[tuple[str, str]]:
    """A line, and below it, set in, what is said of it."""
    cases: list[tuple[str, str]] = []
    for line in BAD.strip().splitlines():
        if line.startswith(" "):
            text, said = cases.pop()
            cases.append((text, f"{said} {line.strip()}".strip()))
        else:
            cases.append((line, ""))
    return cases


@pytest.mark.parametrize(("text", "said"), bad_lines())
def test_bad_lines_say_what_to_mend(text: str, said: str) -> None:
    assert wrong(text) == said


@pytest.mark.parametrize(
    ("name", "option"),
    [("organizationId", "--organization"), ("clubId", "--club"), ("occurredAt", "--at")],
)
def test_what_no_line_says_an_option_may(name: str, option: str) -> None:
    given = {key: text for key, text in GIVEN.items() if key != name}
    assert (
        wrong('{"clientId": "c"}', given)
        == f"`{name}` is missing: write it, or give {option} for all lines"
    )


def test_a_client_stands_in_an_export_once() -> None:
    first, second, third = read(
        '{"clientId": "c"}\n\n{"clientId": "c", "groups": []}\n{"clientId": "d"}'
    )
    assert isinstance(first, Published)
    assert (second.line, second.message) == (
        3,
        "the client 'c' stands on an earlier line: leave one out",
    )
    assert third.line == 4


def test_bytes_that_are_no_text_are_told() -> None:
    (bad,) = Export(GIVEN, lambda organization: 2).records(json_entries([b'{"clientId": "\xff"}']))
    assert isinstance(bad, BadLine)
    assert bad.message == "is not UTF-8 at byte 14: save it as UTF-8"


def rows(text: str) -> list[Any]:
    export = Export(GIVEN, lambda organization: 2)
    return list(export.records(csv_entries(text.encode().splitlines(keepends=True))))


@pytest.mark.parametrize("mark", [",", ";"])
def test_csv_says_the_same_as_json(mark: str) -> None:
    head = ["clientId", "topupCount", "totalTopupMajor", "groups", "birthday"]
    row = ["c-1", "3", "1200.50", "vip|night", ""]
    (record,) = rows("\ufeff" + mark.join(head) + "\r\n" + mark.join(row) + "\r\n")
    line = '{"clientId":"c-1","topupCount":3,"totalTopupMajor":"1200.50","groups":["night","vip"]}'
    assert json.loads(record.value)["eventId"] == event_id(line)
    assert record.line == 2


def test_csv_rows_may_go_over_lines_and_are_counted_so() -> None:
    first, second, third, fourth = rows('clientId,groups\n"c\n1",vip\nc-2\nc-3,a,b\nc-4,x\n')
    assert (first.line, first.key) == (3, b"c\n1")
    assert (second.line, second.message) == (
        4,
        "has 1 cells, the heading 2: quote cells that hold separators",
    )
    assert (third.line, fourth.line, fourth.key) == (5, 6, b"c-4")


def test_csv_refuses_what_json_refuses() -> None:
    (bad,) = rows("clientId,topupCount\nc-1,3.5\n")
    assert bad.message == "`topupCount` must be a whole number, as a JSON number without decimals"
    (bad,) = rows("clientId,balance\nc-1,3.5\n")
    assert bad.message.startswith("there is no field `balance`: ")


def test_a_column_that_stands_twice_is_refused_and_neither_is_taken() -> None:
    (bad,) = rows("clientId,bonusBalanceMajor, bonusBalanceMajor\nc-1,100,900\n")
    assert bad.message == "the heading has `bonusBalanceMajor` more than once: keep one column"


class Kafka:
    """Takes lots, up to `most` records; then it is away."""

    def __init__(self, most: int = 1_000_000) -> None:
        self.most = most
        self.keys: list[bytes] = []

    async def write(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        if len(self.keys) + len(records) > self.most:
            raise Unavailable("Kafka is away")
        self.keys += [key for key, _ in records]


async def test_a_run_that_was_broken_off_goes_on_where_it_was() -> None:
    count = 2 * AT_ONCE + 5
    lines = [b'{"clientId": "c-%d"}\n' % number for number in range(count)]
    lines.insert(3, b"bad\n")

    away, back = Kafka(most=AT_ONCE + 1), Kafka()
    reached = [Checkpoint("x", 0, 0)]

    async def go_on(kafka: Kafka) -> None:
        export = Export(GIVEN, lambda organization: 2)
        async for each in publish(export, json_entries(lines), reached[-1], kafka):
            reached.append(each)

    with pytest.raises(Unavailable):
        await go_on(away)
    assert reached[-1] == Checkpoint("x", AT_ONCE + 1, AT_ONCE)
    await go_on(back)
    assert reached[-1] == Checkpoint("x", count + 1, count, done=True)
    assert away.keys + back.keys == [b"c-%d" % number for number in range(count)]


def test_a_checkpoint_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "x.checkpoint"
    assert Checkpoint.read(path) is None
    held = Checkpoint("digest", 7, 5)
    held.write(path)
    assert Checkpoint.read(path) == held
    assert [each.name for each in tmp_path.iterdir()] == ["x.checkpoint"]


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    path = tmp_path / "clients.jsonl"
    path.write_text('{"clientId": "c-1", "bonusBalanceMajor": "5.50"}\nbad\n{"clientId": "c-2"}\n')
    return path


OPTIONS = ["--organization", "izi", "--club", "club-1", "--at", AT]


def test_bad_lines_keep_everything_from_being_published(export: Path, capsys: Shown) -> None:
    assert run(["clients", "import", str(export), *OPTIONS]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        f"error: {export}:2: is not one well-formed JSON value: write one JSON object a line.",
        "error: 1 of 3 entries bad, nothing was published: mend them, or leave them out by "
        "--skip-bad REPORT.",
    ]


def test_bad_lines_can_be_left_out_and_are_kept(export: Path, capsys: Shown) -> None:
    report = export.with_name("bad.jsonl")
    options = [*OPTIONS, "--skip-bad", str(report), "--dry-run", "--format", "json"]
    assert run(["clients", "import", str(export), *options]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "clients": 2,
        "published": 0,
        "leftOut": 1,
        "behindLine": 0,
        "bonusMajor": {"izi": "5.5"},
    }
    (bad,) = map(json.loads, report.read_text().splitlines())
    assert (bad["line"], bad["text"]) == (2, "bad")


def test_wrong_use(export: Path, capsys: Shown) -> None:
    assert run(["clients", "import", "nowhere.jsonl", *OPTIONS]) == 1
    assert "nowhere.jsonl: No such file or directory; name a file" in capsys.readouterr().err
    assert run(["clients", "import", str(export), *OPTIONS[:4], "--at", "today"]) == 2
    assert run(["clients", "import", str(export), *OPTIONS, "--skip-bad", str(export)]) == 2
    assert "would be written over" in capsys.readouterr().err
    empty = export.with_name("empty.csv")
    empty.write_text("")
    capsys.readouterr()
    assert run(["clients", "import", str(empty), *OPTIONS]) == 1
    assert "there is no client in it to publish" in capsys.readouterr().err


@pytest.mark.parametrize("dry_run", [["--dry-run"], []])
def test_a_line_to_begin_at_is_in_the_file(dry_run: list[str], export: Path, capsys: Shown) -> None:
    export.write_text('{"clientId": "c-1"}\n{"clientId": "c-2"}\n')
    options = [*OPTIONS, *dry_run, "--from-line"]
    assert run(["clients", "import", str(export), *options, "3"]) == 2
    assert f"--from-line 3: {export} ends with line 2" in capsys.readouterr().err.replace("\n", " ")
    if dry_run:
        assert run(["clients", "import", str(export), *options, "2"]) == 0


def test_nothing_is_written_over_what_is_read(export: Path, capsys: Shown) -> None:
    """Nor are two files written to one place; a link is the file that it leads to."""
    rules, link = export.with_name("izi.yaml"), export.with_name("link")
    rules.write_text("organizationId: izi\nversion: '1'\ntimeZone: UTC\ncurrency: RUB\n")
    link.symlink_to(rules)
    given = ["clients", "import", str(export), *OPTIONS, "--rules", str(rules), "--dry-run"]
    before = export.read_text(), rules.read_text()
    beside = str(export.with_name("clients.jsonl.checkpoint"))
    for wrong in (
        ["--skip-bad", str(rules)],
        ["--skip-bad", str(link)],
        ["--skip-bad", beside],
        ["--checkpoint", str(rules)],
        ["--checkpoint", str(export)],
        ["--skip-bad", str(export.with_name("x")), "--checkpoint", str(export.with_name("x"))],
    ):
        assert run([*given, *wrong]) == 2, wrong
        assert "its own file" in capsys.readouterr().err
        assert (export.read_text(), rules.read_text()) == before


def test_a_checkpoint_of_another_export_is_refused(export: Path, capsys: Shown) -> None:
    export.write_text('{"clientId": "c-1"}\n')
    beside = export.with_name("clients.jsonl.checkpoint")
    Checkpoint("other", 1, 1, True).write(beside)
    assert run(["clients", "import", str(export), *OPTIONS]) == 1
    assert "belongs to another state of the export" in capsys.readouterr().err
    beside.write_text("nonsense")
    assert run(["clients", "import", str(export), *OPTIONS]) == 1
    assert "this is no checkpoint" in capsys.readouterr().err


def test_a_run_that_is_stopped_says_how_it_goes_on(
    export: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.write_text('{"clientId": "c-1"}\n')

    def stopped(work: Coroutine[Any, Any, None]) -> None:
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(clients_import_passes, "wait", stopped)
    assert run(["clients", "import", str(export), *OPTIONS]) == 1
    told = "stopped behind line 0: repeat the command, it goes on there"
    assert capsys.readouterr().err == f"error: {told}\n"


def test_settings_are_looked_at_before_the_file(
    export: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS")
    assert run(["clients", "import", str(export), *OPTIONS]) == 1
    assert "LOYALTY_KAFKA_BOOTSTRAP_SERVERS: it is not set" in capsys.readouterr().err
