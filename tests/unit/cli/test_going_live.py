"""`loyalty rules push`, `rollback` and `status`, with a catalog of this module for Kafka."""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import typer

from rules_engine.author.load import load_rule_set
from schemas.records import InputRecord
from worker.cli.application import run
from worker.kafka.admin import TopicState
from worker.kafka.reader import TopicReader
from worker.publishing import catalog as catalogs
from worker.publishing import publish as publishing
from worker.publishing.catalog import Catalog, live_sets, read_catalog
from worker.publishing.publish import Push
from worker.rules.history import HistoryRecord, Pushed
from worker.rules.status import AppliedSet, Status

Shown = pytest.CaptureFixture[str]

SET = """
organizationId: izi
version: "{version}"
timeZone: Europe/Moscow
currency: RUB
limits: {{perClientCredit: {{amountMajor: 5000, per: DAY}}}}
rules:
  - id: flat
    trigger: BALANCE_TOPPED_UP
    actions: [{{type: ADD_BONUS, formula: "{version}", expiresInDays: 30}}]
"""
REASON = ("--reason", "a try", "--author", "ann")


def hash_of(version: str) -> str:
    return load_rule_set(SET.format(version=version), "x").content_hash


def entry(version: str, text: str | None = None, content_hash: str | None = None) -> HistoryRecord:
    who = Pushed("ann", "line\n\ttwo", "2026-11-22T12:00:00+00:00", None)
    source = text or SET.format(version=version)
    return HistoryRecord("izi", version, content_hash or hash_of(version), "izi", source, who)


class Published:
    """Version 1 is live. `applied`: what each worker of the group decides by, but for those that
    are `silent`."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.history: list[HistoryRecord] = [entry("1")]
        self.applied: dict[str, str] = {}
        self.silent: set[str] = set()
        self.record_limit = 1_048_588
        self.missing: set[str] = set()

    async def describe(self, _settings: object, names: Sequence[str]) -> Mapping[str, TopicState]:
        config = {"max.message.bytes": str(self.record_limit)}
        return {name: TopicState(name, 1, config) for name in names if name not in self.missing}

    async def read(self, _settings: object) -> Catalog:
        text = self.pushes[-1].text if self.pushes else SET.format(version="1")
        live = InputRecord("loyalty.rules", 0, 0, 0, b"izi", text.encode(), ())
        statuses = [
            Status(name, "izi", AppliedSet(version, hash_of(version), "2026-11-22T12:00:00+00:00"))
            for name, version in self.applied.items()
        ]
        return Catalog(
            live_sets([live]), self.history, statuses, frozenset(self.applied) | self.silent
        )

    async def publish(self, _settings: object, push: Push) -> None:
        self.pushes.append(push)


@pytest.fixture(name="kafka")
def _kafka(monkeypatch: pytest.MonkeyPatch) -> Published:
    kafka = Published()
    monkeypatch.setattr(catalogs, "read_catalog", kafka.read)
    monkeypatch.setattr(publishing, "publish", kafka.publish)
    monkeypatch.setattr("worker.kafka.topics.describe", kafka.describe)
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", "nowhere.invalid:9092")
    return kafka


@pytest.fixture(name="mine")
def _mine(tmp_path: Path) -> str:
    path = tmp_path / "izi.yaml"
    path.write_text(SET.format(version="2"))
    return str(path)


def last_line(shown: Shown) -> str:
    return shown.readouterr().err.splitlines()[-1]


def test_ctrl_c_at_the_question_publishes_nothing(
    kafka: Published, mine: str, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    def pressed(*_: object, **__: object) -> bool:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise typer.Abort from None
        return True  # nobody noticed

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", pressed)
    assert run(["rules", "push", mine, *REASON]) == 1
    assert last_line(capsys) == "error: Stopped: nothing was done."
    assert kafka.pushes == []


@pytest.mark.parametrize("closed", [False, True])
def test_nobody_is_there_to_confirm(
    kafka: Published, mine: str, closed: bool, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    """A pipe, and a process that was started without any input."""
    if closed:
        monkeypatch.setattr("sys.stdin", None)
    assert run(["rules", "push", mine, *REASON]) == 1
    said = "error: nobody is there to confirm; repeat the command with --yes"
    assert last_line(capsys) == said
    assert kafka.pushes == []


def test_ctrl_c_while_it_is_published(
    kafka: Published, mine: str, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    async def stopped(_settings: object, _push: Push) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing, "publish", stopped)
    assert run(["rules", "push", mine, *REASON, "--yes"]) == 1
    assert last_line(capsys) == (
        "error: stopped: izi 2 may be live or not; `loyalty rules status` tells how it goes on"
    )


def test_ctrl_c_while_the_workers_are_waited_for(
    kafka: Published, mine: str, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    async def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.publishing.awaiting.await_applied", stopped)
    assert run(["rules", "push", mine, *REASON, "--yes"]) == 1
    assert last_line(capsys) == (
        "error: stopped: izi 2 is published, but nobody waited for the workers; "
        "`loyalty rules status` tells how it goes on"
    )
    assert len(kafka.pushes) == 1


@pytest.mark.parametrize("length", [6, 12, 64])
def test_a_base_is_meant_by_the_beginning_of_its_hash(
    kafka: Published, mine: str, length: int
) -> None:
    base = hash_of("1")[:length]
    assert run(["rules", "push", mine, *REASON, "--yes", "--base", base]) == 0
    assert [push.base for push in kafka.pushes] == [hash_of("1")]


@pytest.mark.parametrize("base", [hash_of("1")[:5], hash_of("2"), "nothing"])
def test_another_base_is_refused_before_anybody_is_asked(
    kafka: Published, mine: str, base: str, capsys: Shown
) -> None:
    assert run(["rules", "push", mine, *REASON, "--base", base]) == 1
    assert last_line(capsys) == (
        "error: the rules of izi changed since you looked: version 1 is live now; compare "
        "(`loyalty rules diff`), merge, and push again."
    )
    assert kafka.pushes == []


@pytest.mark.parametrize(
    ("limit", "topic", "remedy"),
    [
        (
            500_000,
            "loyalty.rules-history",
            "Raise max.message.bytes of loyalty.rules-history (loyalty topics check), then start "
            "anew.",
        ),
        (8_000_000, "loyalty.rules-history", "None above 1048576 bytes is sent: make smaller"),
    ],
    ids=["the topic's limit", "the client's limit"],
)
def test_a_set_that_no_topic_takes_is_refused_before_anybody_is_asked(
    kafka: Published, mine: str, limit: int, topic: str, remedy: str, capsys: Shown
) -> None:
    """Nobody is there to confirm: that would be told if it had been asked."""
    size = 1_100_000 if limit > 1_048_576 else limit
    with Path(mine).open("a") as file:
        file.write("# " + "x" * size + "\n")
    kafka.record_limit = limit
    assert run(["rules", "push", mine, *REASON]) == 1
    said = last_line(capsys)
    assert f" bytes is larger than {topic} accepts. {remedy}" in said
    assert kafka.pushes == []


def test_a_set_that_just_fits_is_pushed(kafka: Published, mine: str) -> None:
    kafka.record_limit = len(Path(mine).read_text()) + 600
    assert run(["rules", "push", mine, *REASON, "--yes"]) == 0
    assert len(kafka.pushes) == 1


@pytest.mark.parametrize("command", [["push", "mine"], ["rollback", "izi"], ["status"]])
def test_a_topic_that_is_missing_is_told_before_anything_is_read(
    kafka: Published,
    mine: str,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Shown,
) -> None:
    """A consumer waits for it until it gives up, a quarter of a minute later."""

    async def read(_: object) -> None:
        raise AssertionError("it was waited for")

    monkeypatch.setattr(catalogs, "read_catalog", read_catalog)
    monkeypatch.setattr(TopicReader, "read", read)
    kafka.missing = {"loyalty.rules"}
    name, *rest = [mine if word == "mine" else word for word in command]
    reason = () if name == "status" else REASON
    assert run(["rules", name, *rest, *reason]) == 1
    assert last_line(capsys) == (
        "error: loyalty.rules does not exist. Create it (loyalty topics create), or mend its "
        "TOPIC_ setting."
    )


def test_a_reason_is_kept_in_one_line(kafka: Published, mine: str) -> None:
    assert run(["rules", "push", mine, "--reason", "anchor\n\tto 14 %", "--yes"]) == 0
    assert [push.reason for push in kafka.pushes] == ["anchor to 14 %"]


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no user name")])
def test_a_user_without_a_name_has_to_say_it(
    kafka: Published, mine: str, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    assert run(["rules", "push", mine, "--reason", "x", "--yes"]) == 2
    assert last_line(capsys) == (
        "error: Invalid value: this machine knows no name for its user; say who with --author. "
        "See loyalty rules push --help."
    )
    assert run(["rules", "push", mine, *REASON, "--yes"]) == 0
    assert [push.author for push in kafka.pushes] == ["ann"]


def test_a_rollback_to_a_set_that_this_release_refuses(kafka: Published, capsys: Shown) -> None:
    old = SET.format(version="0") + "oldKey: 1\n"
    kafka.history = [entry("0", old, "ab" * 32), entry("1")]
    assert run(["rules", "rollback", "izi", *REASON, "--yes"]) == 1
    shown = capsys.readouterr().err
    assert "unknown key `oldKey` [UNKNOWN_KEY]" in shown
    assert shown.splitlines()[-1] == (
        "error: izi 0 is a set that this release refuses, nothing was published; name another "
        "with --to, or mend its text and push that"
    )
    assert kafka.pushes == []


def told(capsys: Shown) -> Sequence[list[str]]:
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_status_tells_a_worker_that_is_behind(kafka: Published, capsys: Shown) -> None:
    kafka.applied = {"w0": "1", "w1": "7"}
    assert run(["rules", "status", "--history"]) == 1
    w0, w1, pushed = told(capsys)
    assert (w0[3:5], w0[6]) == (["w0", "1"], "applied")
    assert (w1[3:5], w1[6]) == (["w1", "7"], "behind")
    assert pushed[4:] == ["ann", "line  two"]


def test_status_tells_a_worker_that_says_nothing(kafka: Published, capsys: Shown) -> None:
    kafka.applied, kafka.silent = {"w0": "1"}, {"w1"}
    assert run(["rules", "status"]) == 1
    w0, w1 = told(capsys)
    assert (w0[3:5], w0[6]) == (["w0", "1"], "applied")
    assert (w1[3:5], w1[6]) == (["w1", "-"], "silent")


def test_status_of_workers_that_read_a_directory(
    kafka: Published, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    """What the topic still holds from before is not what they are to have."""
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", "directory:/etc/loyalty/rules")
    kafka.applied = {"w0": "7"}
    assert run(["rules", "status"]) == 0
    [w0] = told(capsys)
    assert (w0[1:5], w0[6]) == (["-", "-", "w0", "7"], "applied")
