"""Which files of a directory are read again: all that may have changed, and no others."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.rules import rule_files
from worker.rules.ports import RuleText
from worker.rules.rule_files import RuleFiles

SECOND = 1_000_000_000
ONE, TWO = "version: 1", "version: 2"


class Shelf:
    """A directory with two rule sets that have stood there for a minute, read once."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.file = directory / "izi.yaml"
        self.seconds = 0.0
        self.opened: list[str] = []
        real = rule_files._read_file

        def read(path: Path) -> RuleText | None:
            self.opened.append(path.name)
            return real(path)

        monkeypatch.setattr(rule_files, "_read_file", read)
        for name in ("izi.yaml", "pro.yaml"):
            (directory / name).write_text(ONE)
        self.begun = max(path.stat().st_ctime_ns for path in directory.iterdir())
        self.files = RuleFiles(directory, self.now_ns, lambda: self.seconds)
        self.wait(10)
        self.read()

    def now_ns(self) -> int:
        return self.begun + int(self.seconds * SECOND)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def read(self) -> tuple[str, list[str]]:
        """The first set's text, and which files were opened for the answer."""
        self.opened.clear()
        text = self.files.read()["izi.yaml"].text
        return text, list(self.opened)


@pytest.fixture(name="shelf")
def _shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(tmp_path, monkeypatch)


def test_what_stands_there_unchanged_is_not_opened(shelf: Shelf) -> None:
    for _ in range(10):
        shelf.wait(1)
        assert shelf.read() == (ONE, [])


def written(shelf: Shelf) -> None:
    shelf.file.write_text(TWO)


def written_with_its_old_time(shelf: Shelf) -> None:
    """As by `rsync -t` or an archive: same size, same time of change."""
    before = shelf.file.stat()
    shelf.file.write_text(TWO)
    os.utime(shelf.file, ns=(before.st_atime_ns, before.st_mtime_ns))


def renamed_over(shelf: Shelf) -> None:
    other = shelf.directory / "izi.new"
    other.write_text(TWO)
    before = shelf.file.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(shelf.file)


@pytest.mark.parametrize("change", [written, written_with_its_old_time, renamed_over])
def test_what_changed_is_opened_alone(shelf: Shelf, change: Callable[[Shelf], None]) -> None:
    change(shelf)
    assert shelf.read() == (TWO, ["izi.yaml"])


def test_a_link_that_was_swapped_is_followed(shelf: Shelf) -> None:
    for name, text in (("one", ONE), ("two", TWO)):
        (shelf.directory / name).mkdir()
        (shelf.directory / name / "izi.yaml").write_text(text)
    data = shelf.directory / "..data"
    data.symlink_to("one")
    shelf.file.unlink()
    shelf.file.symlink_to("..data/izi.yaml")
    shelf.begun = (shelf.directory / "two" / "izi.yaml").stat().st_ctime_ns
    assert shelf.read() == (ONE, ["izi.yaml"])
    assert shelf.read() == (ONE, [])
    (shelf.directory / "..new").symlink_to("two")
    (shelf.directory / "..new").replace(data)
    assert shelf.read() == (TWO, ["izi.yaml"])


def test_a_file_that_was_just_written_is_opened_until_its_time_would_tell(shelf: Shelf) -> None:
    """A second change within one tick of the file system's clock leaves every sign as it was."""
    shelf.file.write_text(TWO)
    shelf.begun, shelf.seconds = shelf.file.stat().st_ctime_ns, 0
    shelf.files._whole_at = 0
    opened = []
    for _ in range(5):
        opened.append("izi.yaml" in shelf.read()[1])
        shelf.wait(1)
    assert opened == [True, True, True, False, False]


def test_now_and_then_everything_is_opened(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that tells nothing of a change: seen within half a minute."""
    signs = shelf.file.stat()
    shelf.file.write_text(TWO)
    real = os.stat

    def silent(path: Path | str, **options: bool) -> os.stat_result:
        return signs if str(path).endswith("izi.yaml") else real(path, **options)

    monkeypatch.setattr(os, "stat", silent)
    seen = []
    for _ in range(32):
        shelf.wait(1)
        text, opened = shelf.read()
        seen.append((text, len(opened)))
    assert seen.count((ONE, 0)) == 19
    assert seen[19] == (TWO, 2)
    assert seen[20:] == [(TWO, 0)] * 12


def test_what_could_not_be_read_is_tried_again(shelf: Shelf) -> None:
    shelf.file.unlink()
    shelf.file.symlink_to("nowhere")
    assert [shelf.read()[1] for _ in range(2)] == [["izi.yaml"]] * 2
    (shelf.directory / "nowhere").write_text(TWO)
    assert shelf.read() == (TWO, ["izi.yaml"])


@pytest.mark.parametrize("fault", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_file_of_which_the_system_says_nothing_is_no_file_that_went(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    """As where a network file system stumbles. One that is missing twice has no rules any more."""
    real = os.stat

    def stumbling(path: Path | str, **options: bool) -> os.stat_result:
        if str(path).endswith("izi.yaml"):
            raise OSError(fault, os.strerror(fault))
        return real(path, **options)

    monkeypatch.setattr(os, "stat", stumbling)
    assert [shelf.read() for _ in range(2)] == [(ONE, ["izi.yaml"])] * 2


def test_a_file_that_goes_while_the_directory_is_read_is_gone(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listdir", lambda _: ["izi.yaml", "gone.yaml"])
    assert list(shelf.files.read()) == ["izi.yaml"]
