"""Rule sets in force: read before any lane, last good kept, new ones recorded first."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from rules_engine.compile import CompiledRuleSet
from tests.parts.waiting import until
from worker.app import _rules_listener
from worker.errors import LoudStop, Misconfigured, ProverUnavailable
from worker.rules import active, compiled
from worker.rules.active import ActiveRules
from worker.rules.fakes import MemoryHistory, MemorySource
from worker.rules.listener import Applied, RulesListener
from worker.rules.ports import RuleText, StoredRules
from worker.rules.prover import Prover, ProverHere
from worker.rules.sources import DirectorySource
from worker.rules.texts import rule_text
from worker.telemetry.metrics import Metrics

GOOD = """
organizationId: izi
version: "{version}"
timeZone: Europe/Moscow
currency: RUB
rules:
  - {{id: r, trigger: BALANCE_TOPPED_UP, actions: [{{type: ADD_BONUS, formula: "{formula}"}}]}}
"""
BAD = "organizationId: izi\nversion: 3\n"


def text(version: int, formula: str = "1") -> str:
    return GOOD.format(version=version, formula=formula)


class Heard:
    """What the listener was told."""

    def __init__(self) -> None:
        self.applied: list[Applied] = []
        self.rejected: list[str] = []
        self.removed: list[str] = []
        self.failed: list[BaseException] = []

    def listener(self) -> RulesListener:
        return RulesListener(
            self.applied.append,
            lambda refusal: self.rejected.append(refusal.organization),
            self.removed.append,
            self.failed.append,
        )


def active_rules(
    source: MemorySource, history: MemoryHistory, heard: Heard, prover: Prover | None = None
) -> ActiveRules:
    return ActiveRules(source, history, heard.listener(), prover or ProverHere())


@pytest.fixture(name="quick", autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "RELOAD_SECONDS", 0.01)


def version_of(rules: ActiveRules) -> str:
    return rules.rules_of(None)["izi"].version


async def test_a_new_set_is_in_the_history_before_it_decides() -> None:
    history, heard = MemoryHistory(), Heard()
    rules = active_rules(MemorySource({"izi.yaml": text(1)}), history, heard)
    await rules.start()
    latest = history.latest("izi")
    assert latest is not None
    assert latest.content_hash == rules.rules_of(None)["izi"].content_hash
    assert [(told.organization, told.version) for told in heard.applied] == [("izi", "1")]
    await rules.stop()


async def test_an_edit_is_taken_up_and_a_bad_one_leaves_the_last_good() -> None:
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = text(2)
    await until(lambda: version_of(rules) == "2")
    source.texts["izi.yaml"] = BAD
    await until(lambda: heard.rejected == ["izi"])
    assert version_of(rules) == "2"
    source.texts["izi.yaml"] = text(4)
    await until(lambda: version_of(rules) == "4")
    await rules.stop()


async def test_after_a_restart_a_bad_set_leaves_the_last_good_of_the_history() -> None:
    history, heard = MemoryHistory(), Heard()
    before = active_rules(MemorySource({"izi.yaml": text(1)}), history, heard)
    await before.start()
    await before.stop()
    rules = active_rules(MemorySource({"izi.yaml": BAD}), history, heard)
    await rules.start()
    assert version_of(rules) == "1"
    await rules.stop()


async def test_an_organization_without_any_good_set_keeps_the_lanes_closed() -> None:
    rules = active_rules(MemorySource({"izi.yaml": BAD}), MemoryHistory(), Heard())
    with pytest.raises(Misconfigured, match=r"izi\.yaml cannot be used"):
        await rules.start()
    await rules.stop()


async def test_one_bad_organization_never_touches_another() -> None:
    other = text(7).replace("izi", "other")
    source, heard = MemorySource({"izi.yaml": text(1), "other.yaml": other}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = BAD
    source.texts["other.yaml"] = other.replace('"7"', '"8"')
    await until(lambda: rules.rules_of(None)["other"].version == "8")
    assert version_of(rules) == "1"
    await rules.stop()


async def test_a_removed_file_takes_its_rules_along() -> None:
    other = text(7).replace("izi", "other")
    source, heard = MemorySource({"izi.yaml": text(1), "other.yaml": other}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    del source.texts["izi.yaml"]
    await until(lambda: list(rules.rules_of(None)) == ["other"])
    assert heard.removed == ["izi"]
    await rules.stop()


async def test_a_second_file_of_an_organization_never_takes_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = MemorySource({"izi.yaml": text(1)})
    rules = active_rules(source, MemoryHistory(), Heard())
    await rules.start()
    source.texts["izi-old.yaml"] = text(0)  # before izi.yaml in order
    await until(lambda: "izi-old.yaml is ignored: izi.yaml has the" in caplog.text)
    assert version_of(rules) == "1"
    source.texts["izi.yaml"] = text(2)
    await until(lambda: version_of(rules) == "2")
    assert caplog.text.count("is ignored") == 1
    del source.texts["izi.yaml"]  # a rename by two steps
    await until(lambda: version_of(rules) == "0")
    await rules.stop()


async def test_two_files_of_an_organization_keep_the_lanes_closed() -> None:
    source = MemorySource({"izi.yaml": text(1), "izi-old.yaml": text(0)})
    rules = active_rules(source, MemoryHistory(), Heard())
    with pytest.raises(Misconfigured, match=r"izi-old\.yaml and izi\.yaml hold rules of the same"):
        await rules.start()
    await rules.stop()


async def test_a_source_that_is_suddenly_empty_takes_nothing_along() -> None:
    source = MemorySource({"izi.yaml": text(1)})
    rules = active_rules(source, MemoryHistory(), Heard())
    await rules.start()
    source.texts.clear()
    await asyncio.sleep(0.1)
    assert version_of(rules) == "1"
    source.texts["izi.yaml"] = text(2)
    await until(lambda: version_of(rules) == "2")
    await rules.stop()


async def test_no_lane_opens_on_an_empty_source() -> None:
    rules = active_rules(MemorySource({}), MemoryHistory(), Heard())
    with pytest.raises(Misconfigured, match="source of the rules is empty"):
        await rules.start()
    await rules.stop()


async def test_plans_are_replayed_with_the_sets_that_decided_them() -> None:
    history, heard = MemoryHistory(), Heard()
    source = MemorySource({"izi.yaml": text(1)})
    rules = active_rules(source, history, heard)
    await rules.start()
    first = rules.rules_of(None)["izi"].content_hash
    source.texts["izi.yaml"] = text(2, "2")
    await until(lambda: version_of(rules) == "2")
    assert rules.rules_of({"izi": first})["izi"].version == "1"
    assert rules.rules_of({"izi": None}) == {}
    with pytest.raises(LoudStop, match="history does not hold"):
        rules.rules_of({"izi": "0" * 64})
    await rules.stop()


async def test_a_set_that_another_worker_recorded_later_is_found() -> None:
    history, heard = MemoryHistory(), Heard()
    mine = active_rules(MemorySource({"izi.yaml": text(1)}), history, heard)
    await mine.start()
    peer = active_rules(MemorySource({"izi.yaml": text(2, "2")}), history, heard)
    await peer.start()
    theirs = peer.rules_of(None)["izi"].content_hash
    await mine.learn({"izi": theirs})
    assert mine.rules_of({"izi": theirs})["izi"].version == "2"
    await mine.stop()
    await peer.stop()


async def test_a_stored_set_that_this_release_refuses_is_a_loud_stop_or_no_last_good() -> None:
    history = MemoryHistory()
    await history.record(StoredRules("izi", "0", "old", "izi.yaml", BAD))
    rules = active_rules(MemorySource({"izi.yaml": BAD}), history, Heard())
    with pytest.raises(Misconfigured, match=r"izi\.yaml"):
        await rules.start()
    with pytest.raises(LoudStop, match="this release refuses"):
        rules.rules_of({"izi": "old"})


async def test_a_plan_finds_its_set_by_the_hash_that_an_earlier_release_gave_it() -> None:
    history = MemoryHistory()
    await history.record(StoredRules("izi", "7", "as-it-was", "izi.yaml", text(7)))
    rules = active_rules(MemorySource({}), history, Heard())
    assert rules.rules_of({"izi": "as-it-was"})["izi"].version == "7"


class KeyedSource(MemorySource):
    """As the topic of rules: each text is known by its organization."""

    async def read(self) -> dict[str, RuleText]:
        return {key: rule_text(text, key) for key, text in self.texts.items()}


async def test_a_set_under_another_organizations_key_is_refused() -> None:
    source, heard = KeyedSource({"izi": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["other"] = text(2)
    await until(lambda: heard.rejected == ["other"])
    assert version_of(rules) == "1"
    assert list(rules.rules_of(None)) == ["izi"]
    await rules.stop()


async def test_a_refused_text_is_counted_under_the_organization_that_it_names() -> None:
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["new.yaml"] = BAD.replace("izi", "new")
    source.texts["noise.yaml"] = "]"
    await until(lambda: heard.rejected == ["new", "noise.yaml"])
    await rules.stop()


class SmallHistory(MemoryHistory):
    """A topic that takes no text with `big` in it."""

    async def record(self, stored: StoredRules) -> None:
        if "big" in stored.text:
            raise Misconfigured("A record is larger than the topic accepts.", "Raise its limit.")
        await super().record(stored)


async def test_a_set_that_the_history_never_takes_is_refused_and_stops_nobody() -> None:
    other = text(7).replace("izi", "other")
    source, heard = MemorySource({"izi.yaml": text(1), "other.yaml": other}), Heard()
    rules = active_rules(source, SmallHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = text(2) + "# big\n"
    await until(lambda: heard.rejected == ["izi"])
    source.texts["other.yaml"] = other.replace('"7"', '"8"')
    await until(lambda: rules.rules_of(None)["other"].version == "8")
    assert (version_of(rules), heard.failed) == ("1", [])
    await rules.stop()


async def test_going_back_to_the_set_in_force_is_told_after_a_refusal() -> None:
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = BAD
    await until(lambda: heard.rejected == ["izi"])
    source.texts["izi.yaml"] = text(1)
    await until(lambda: [told.version for told in heard.applied] == ["1", "1"])
    source.texts["izi.yaml"] = text(1) + "# as before\n"
    await asyncio.sleep(0.1)
    assert len(heard.applied) == 2
    await rules.stop()


class BusyMachine(ProverHere):
    """Nobody gets to files of these organizations."""

    def __init__(self) -> None:
        self.busy: set[str] = set()

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        if file in self.busy:
            raise ProverUnavailable("the machine is too busy")
        return await super().prove(text, file)


async def test_a_set_that_nobody_got_to_is_not_refused_and_holds_no_other_up() -> None:
    other = text(7).replace("izi", "other")
    source, heard, prover = MemorySource({"izi.yaml": text(1)}), Heard(), BusyMachine()
    source.texts["other.yaml"] = other
    rules = active_rules(source, MemoryHistory(), heard, prover)
    await rules.start()
    prover.busy.add("izi.yaml")
    source.texts["izi.yaml"] = text(2)
    source.texts["other.yaml"] = other.replace('"7"', '"8"')
    await until(lambda: rules.rules_of(None)["other"].version == "8")
    assert (version_of(rules), heard.rejected, heard.failed) == ("1", [], [])
    prover.busy.clear()
    await until(lambda: version_of(rules) == "2")
    assert heard.rejected == []
    await rules.stop()


async def test_a_start_that_the_machine_is_too_busy_for_is_made_again() -> None:
    prover, heard = BusyMachine(), Heard()
    prover.busy.add("izi.yaml")
    rules = active_rules(MemorySource({"izi.yaml": text(1)}), MemoryHistory(), heard, prover)
    with pytest.raises(ProverUnavailable):
        await rules.start()
    prover.busy.clear()
    await rules.start()
    assert (version_of(rules), heard.rejected) == ("1", [])
    await rules.stop()


@pytest.fixture(name="aside")
def _aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads or compiles a rule set in the loop's thread fails."""
    from worker.rules import prover

    def only_aside(work: Callable[..., object]) -> Callable[..., object]:
        def checked(*arguments: object) -> object:
            assert threading.current_thread() is not threading.main_thread()
            return work(*arguments)

        return checked

    for module, name in (
        (compiled, "load_rule_set"),
        (compiled, "compile_rule_set"),
        (prover, "load_rule_set"),
        (prover, "compile_rule_set"),
        (prover, "organization_of"),
    ):
        monkeypatch.setattr(module, name, only_aside(getattr(module, name)))


@pytest.mark.usefixtures("aside")
async def test_nothing_is_read_or_compiled_where_the_lanes_run() -> None:
    """Neither a last good set, nor whose a bad text is, nor the sets of a plan."""
    history, heard = MemoryHistory(), Heard()
    await history.record(StoredRules("izi", "7", "as-it-was", "izi.yaml", text(7)))
    rules = active_rules(MemorySource({"izi.yaml": BAD}), history, heard)
    await rules.start()
    assert version_of(rules) == "7"
    source = rules._source
    assert isinstance(source, MemorySource)
    source.texts["noise.yaml"] = BAD.replace("izi", "noise")
    await until(lambda: heard.rejected == ["izi", "noise"])
    await history.record(StoredRules("izi", "8", "eight", "izi.yaml", text(8)))
    await rules.learn({"izi": "eight", "other": None})
    assert rules.rules_of({"izi": "eight"})["izi"].version == "8"
    await rules.stop()


async def test_of_earlier_sets_the_latest_are_kept_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled, "MOST_EARLIER", 2)
    source, history = MemorySource({"izi.yaml": text(0)}), MemoryHistory()
    rules = active_rules(source, history, Heard())
    await rules.start()
    hashes = [rules.rules_of(None)["izi"].content_hash]
    for number in range(1, 6):
        source.texts["izi.yaml"] = text(number)
        await until(lambda n=str(number): version_of(rules) == n)
        hashes.append(rules.rules_of(None)["izi"].content_hash)
    assert (
        list(rules._compiled._compiled) == hashes[-4:]
    )  # until the next change the one before stays too
    await rules.learn({"izi": hashes[0]})
    assert rules.rules_of({"izi": hashes[0]})["izi"].version == "0"
    assert hashes[-1] in rules._compiled._compiled
    await rules.stop()


async def test_a_refusal_goes_with_its_file() -> None:
    """Of an organization without a set, and of one whose set is in another file."""
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts |= {"copy.yaml": BAD, "new.yaml": BAD.replace("izi", "new")}
    await until(lambda: heard.rejected == ["izi", "new"])
    del source.texts["copy.yaml"], source.texts["new.yaml"]
    await until(lambda: heard.removed == ["new"] and len(heard.applied) == 2)
    assert [told.organization for told in heard.applied] == ["izi", "izi"]
    assert version_of(rules) == "1"
    await rules.stop()


async def test_a_refusal_goes_when_its_file_holds_something_else() -> None:
    """Told first by the file's name, then by the organization, then the set is mended."""
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["new.yaml"] = "]"
    await until(lambda: heard.rejected == ["new.yaml"])
    source.texts["new.yaml"] = BAD.replace("izi", "new")
    await until(lambda: heard.rejected == ["new.yaml", "new"])
    assert heard.removed == ["new.yaml"]
    source.texts["new.yaml"] = text(2).replace("izi", "other")
    await until(lambda: set(rules.rules_of(None)) == {"izi", "other"})
    assert heard.removed == ["new.yaml", "new"]
    await rules.stop()


async def test_a_set_that_is_told_while_a_refusal_stands_says_so() -> None:
    """After a restart on a bad edit the last good set is told behind the refusal."""
    history, heard = MemoryHistory(), Heard()
    await history.record(StoredRules("izi", "7", "as-it-was", "izi.yaml", text(7)))
    source = MemorySource({"izi.yaml": BAD})
    rules = active_rules(source, history, heard)
    await rules.start()
    assert [(told.version, told.refused) for told in heard.applied] == [("7", True)]
    source.texts["izi.yaml"] = text(8)
    await until(lambda: len(heard.applied) == 2)
    assert [(told.version, told.refused) for told in heard.applied[1:]] == [("8", False)]
    await rules.stop()


async def test_files_that_change_places_take_no_rules_along() -> None:
    """Seen midway: one organization is in no file, another in two."""
    other = text(7).replace("izi", "other")
    source, heard = MemorySource({"izi.yaml": text(1), "other.yaml": other}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = other
    await rules._refresh()
    assert sorted(rules.rules_of(None)) == ["izi", "other"]
    source.texts["other.yaml"] = text(1)
    await rules._refresh()
    await rules._refresh()
    assert (version_of(rules), heard.removed, len(heard.applied)) == ("1", [], 2)
    await rules.stop()


async def test_an_organization_that_another_one_is_written_over_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = text(2).replace("izi", "izy")
    await until(lambda: heard.removed == ["izi"])
    assert list(rules.rules_of(None)) == ["izy"]
    assert "izi.yaml has no rules of izi any more: none decide" in caplog.text
    await rules.stop()


async def test_a_file_that_cannot_be_read_is_refused_and_holds_no_other_up(tmp_path: Path) -> None:
    other, heard, links = text(7).replace("izi", "other"), Heard(), tmp_path / "links"
    links.mkdir()
    (tmp_path / "izi").write_text(text(1))
    (links / "izi.yaml").symlink_to(tmp_path / "izi")
    (links / "other.yaml").write_text(other)
    history = MemoryHistory()
    rules = ActiveRules(DirectorySource(links), history, heard.listener(), ProverHere())
    await rules.start()
    (tmp_path / "izi").rename(tmp_path / "away")
    (links / "other.yaml").write_text(other.replace('"7"', '"8"'))
    await until(lambda: rules.rules_of(None)["other"].version == "8")
    assert (version_of(rules), heard.rejected, heard.removed) == ("1", ["izi"], [])
    again = ActiveRules(DirectorySource(links), history, heard.listener(), ProverHere())
    await again.start()
    assert version_of(again) == "1"
    (tmp_path / "izi").write_text(text(2))
    await until(lambda: version_of(rules) == version_of(again) == "2")
    await rules.stop()
    await again.stop()


async def test_another_set_under_the_same_version_decides_and_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source, heard = MemorySource({"izi.yaml": text(1)}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    source.texts["izi.yaml"] = text(1) + "# the same in other words\n"
    await rules._refresh()
    assert "still called" not in caplog.text
    source.texts["izi.yaml"] = text(1, "2")
    await rules._refresh()
    assert "the rules of izi changed and are still called version 1" in caplog.text
    assert [told.version for told in heard.applied] == ["1", "1"]
    assert len({told.content_hash for told in heard.applied}) == 2
    await rules.stop()


async def test_the_metrics_of_a_removed_set_go_with_it() -> None:
    metrics, other = Metrics(), text(7).replace("izi", "other")
    source = MemorySource({"izi.yaml": text(1), "other.yaml": other})
    listener = _rules_listener(metrics, None, lambda _: None)
    rules = ActiveRules(source, MemoryHistory(), listener, ProverHere())
    await rules.start()

    def shown() -> list[str]:
        lines = generate_latest(metrics.registry).decode().splitlines()
        return [line for line in lines if line.startswith("loyalty_rule_set_info{")]

    assert len(shown()) == 2
    del source.texts["izi.yaml"]
    await until(lambda: len(shown()) == 1)
    assert 'organization="other"' in shown()[0]
    source.texts["izi.yaml"] = text(2)
    await until(lambda: len(shown()) == 2)
    await rules.stop()


class CountingProver(ProverHere):
    def __init__(self) -> None:
        self.compiled = 0

    async def compile(self, text: str, file: str) -> CompiledRuleSet:
        self.compiled += 1
        return await super().compile(text, file)


@pytest.mark.usefixtures("aside")
async def test_a_plan_of_more_earlier_sets_than_are_kept_is_made_ready_once() -> None:
    """The log of many organizations, each with other rules by now."""
    history, prover = MemoryHistory(), CountingProver()
    rules = active_rules(MemorySource({"izi.yaml": text(1)}), history, Heard(), prover)
    await rules.start()
    named: dict[str, str | None] = {}
    for number in range(compiled.MOST_EARLIER + 4):
        org = f"o{number}"
        await history.record(StoredRules(org, "7", org, f"{org}.yaml", text(7).replace("izi", org)))
        named[org] = org
    both = list(named)[:12], list(named)[8:]
    for _ in range(3):
        await rules.learn(named)
        assert rules.rules_of(named).keys() == named.keys()
        for some in both:
            of_plan = {org: named[org] for org in some}
            await rules.learn(of_plan)
            assert rules.rules_of(of_plan).keys() == of_plan.keys()
    assert prover.compiled == len(named)
    await rules.stop()


@pytest.mark.usefixtures("aside")
async def test_lanes_that_replay_side_by_side_find_all_sets_of_their_plans() -> None:
    history, many = MemoryHistory(), compiled.MOST_EARLIER + 4
    rules = active_rules(MemorySource({"izi.yaml": text(1)}), history, Heard())
    await rules.start()
    for number in range(2 * many):
        org, file = f"o{number // 2}", f"{number // 2}.yaml"
        authored = text(number).replace("izi", org)
        await history.record(StoredRules(org, str(number), f"h{number}", file, authored))

    async def lane(first: int) -> None:
        named: dict[str, str | None] = {f"o{n}": f"h{2 * n + first}" for n in range(many)}
        for _ in range(2):
            await rules.learn(named)
            found = rules.rules_of(named)
            assert [found[f"o{n}"].version for n in range(many)] == [
                str(2 * n + first) for n in range(many)
            ]

    await asyncio.gather(lane(0), lane(1))
    await rules.stop()


async def test_a_renamed_file_that_nobody_got_to_leaves_its_rules_in_force() -> None:
    other = text(7).replace("izi", "other")
    source, prover = MemorySource({"izi.yaml": text(1), "other.yaml": other}), BusyMachine()
    heard = Heard()
    rules = active_rules(source, MemoryHistory(), heard, prover)
    await rules.start()
    prover.busy.add("renamed.yaml")
    source.texts["renamed.yaml"] = source.texts.pop("izi.yaml")
    await asyncio.sleep(0.2)
    assert (version_of(rules), heard.removed) == ("1", [])
    source.texts["renamed.yaml"] = text(2)
    prover.busy.clear()
    await until(lambda: version_of(rules) == "2")
    del source.texts["renamed.yaml"]
    await until(lambda: heard.removed == ["izi"])
    await rules.stop()


async def test_a_file_that_is_renamed_and_broken_at_once_leaves_its_rules_in_force(
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = text(7).replace("izi", "other")
    source, heard = MemorySource({"izi.yaml": text(1), "other.yaml": other}), Heard()
    rules = active_rules(source, MemoryHistory(), heard)
    await rules.start()
    del source.texts["izi.yaml"]
    source.texts["renamed.yaml"] = BAD
    await until(lambda: heard.rejected == ["izi"])
    await asyncio.sleep(0.2)
    assert (version_of(rules), heard.removed) == ("1", [])
    assert "version 1 stays in force" in caplog.text
    del source.texts["renamed.yaml"]
    await until(lambda: heard.removed == ["izi"])
    await rules.stop()
