"""The file of checkpoints on a disk: crashes, two writers, other people's lines, no room."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from checkpoint_kit import file_in, keys
from jenkins_mfa.archive import checkpoint_file
from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.core.checkpoint import Checkpoint, Kept
from jenkins_mfa.errors import ArchiveError

ONE = Checkpoint("test", 5, "ab" * 32, 1_764_000_000_000)


def added(file: CheckpointFile, *given: Checkpoint) -> None:
    for one in given:
        file.add(file.sign(one))


def test_none_yet(tmp_path: Path) -> None:
    assert file_in(tmp_path).read() == Kept()


def test_what_is_added_is_there_for_every_other_process(tmp_path: Path) -> None:
    """Also for one that has read before; readable by its owner alone."""
    reader, writer = file_in(tmp_path), file_in(tmp_path)
    added(writer, ONE)
    assert reader.read().newest == ONE
    added(writer, replace(ONE, seq=6))
    assert reader.read().newest == replace(ONE, seq=6)
    assert writer.path.stat().st_mode & 0o777 == 0o600


def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    added(file, ONE)
    whole = file.path.read_bytes()
    file.path.write_bytes(whole + whole[:40])
    added(file, replace(ONE, seq=6))
    found = file.read()
    assert (found.newest, found.bad) == (replace(ONE, seq=6), 1)


def test_lines_of_others_count_as_nothing(tmp_path: Path) -> None:
    """Another key, another installation, noise: whoever can write the file alone takes no store for the true one."""
    file = file_in(tmp_path)
    added(file, ONE)
    path = file.path
    added(CheckpointFile(path, keys(2), "test"), replace(ONE, seq=1, rollback=True))
    added(CheckpointFile(path, keys(), "staging"), replace(ONE, installation="staging", seq=1, rollback=True))
    path.write_bytes(path.read_bytes() + b"\xff\x00noise\n")
    assert file_in(tmp_path).read() == Kept(ONE, None, (), 3)


def test_several_processes_write_one_file(tmp_path: Path) -> None:
    """Whole lines, none lost, also while one of them thins it out."""
    writer = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from checkpoint_kit import file_in\n"
        "from jenkins_mfa.archive import checkpoint_file\n"
        "from jenkins_mfa.core.checkpoint import Checkpoint\n"
        "checkpoint_file.LARGEST, checkpoint_file.LARGER = 4000, 100\n"
        "file = file_in(Path(sys.argv[1]))\n"
        "[file.add(file.sign(Checkpoint('test', n, '', 1764000000000))) for n in range(60)]\n"
    )
    command = [sys.executable, "-c", writer, str(tmp_path), *sys.path]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: subprocess.run(command, check=False, stderr=subprocess.PIPE), range(3)))
    assert [one.stderr for one in done] == [b"", b"", b""]
    lines = [one for _, one in file_in(tmp_path).lines()]
    assert None not in lines
    assert sorted(one.seq for one in lines if one) == sorted(list(range(60)) * 3)


def test_the_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint an hour, for two weeks; the newest one is never among those that are left out."""
    monkeypatch.setattr(checkpoint_file, "LARGEST", 12_000)
    monkeypatch.setattr(checkpoint_file, "LARGER", 3_000)
    file = file_in(tmp_path)
    for n in range(336):
        added(file, replace(ONE, seq=n, at=ONE.at + n * 3_600_000))
        newest = file.read().newest
        assert newest is not None
        assert newest.seq == n
    assert file.path.stat().st_size < 18_000


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A directory in its place stands for all that the system refuses: root may write nearly everything."""
    file = file_in(tmp_path)
    file.path.mkdir()
    for act in (lambda: added(file, ONE), file.read):
        with pytest.raises(ArchiveError, match=r"checkpoints\.jws cannot be used"):
            act()


def test_a_full_disk_is_named_and_what_was_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_in(tmp_path)
    added(file, ONE)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ArchiveError, match=r"(?i)space"):
        added(file, replace(ONE, seq=6))
    monkeypatch.undo()
    assert file.read().newest == ONE
