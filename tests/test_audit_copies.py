"""`audit verify|export|search` on the store, on copies of the trail, and offline with public keys alone (S13)."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from cli_files import edit, with_keys, without_pages, write
from clock import Clock
from command import Done, run
from evidence_kit import TRAIL
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.archive import database, lines
from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.archive.copies import Copies
from jenkins_mfa.core.checkpoint import Checkpoint
from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.usecases.checkpoints import Checkpointer
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.export import Exporter, Keep
from store_server import Server, new_store

_numbers = count(1)
AT = 1_764_000_000_000
DENIED = Entry("gate:denied", AT + 5, "bob", "g_02.1", "main", "main:team one/web:3:1", {"reason": "no"})


class Place:
    """A configuration with keys, a store, its checkpoints and copies."""

    def __init__(self, folder: Path, server: Server) -> None:
        prefix = f"copies-{next(_numbers)}"
        self.path = with_keys(without_pages(write(folder, store=server.url)))
        edit(self.path, ('prefix = "mfa"', f'prefix = "{prefix}"'))
        self.path.write_text(self.path.read_text() + '\n[audit]\nexport_dir = "audit"\n')
        self.config = configuration.load(self.path)
        self.store = new_store(server, Clock(), f"{{{prefix}}}")
        self.audit = folder / "audit"
        keys = key_files.load(self.config.keys, "demo").checkpoints
        assert keys is not None
        self.checkpoints = CheckpointFile(self.config.audit.checkpoint_file, keys, "demo")

    def note(self, *entries: Entry) -> None:
        self.store.commit(Commit(f"note-{next(_numbers)}", (), entries))

    def many(self, number: int) -> None:
        for at in range(0, number, 50):
            self.note(*(Entry("agent:started", AT + 10 + at + n, "agent") for n in range(50)))

    def keep(self, events: int = 10_000_000) -> None:
        """What an agent does that starts, looks once and stops."""
        continuity = Continuity(self.store, self.checkpoints)
        assert Checkpointer(self.store, self.checkpoints, continuity, "demo").step(final=True) == ""
        with closing(Copies(self.audit)) as copies:
            Exporter(self.store, copies, self.checkpoints, continuity, "demo", Keep(3650, events)).step()

    def __call__(self, *arguments: str | Path) -> Done:
        return run("audit", *arguments, config=self.path)


@pytest.fixture
def place(tmp_path: Path, valkey: Server) -> Iterator[Place]:
    made = Place(tmp_path, valkey)
    made.note(*TRAIL, DENIED)
    yield made
    made.store.close()


def test_s13_the_store_is_compared_with_its_checkpoints(place: Place) -> None:
    place.keep()
    found = place("verify")
    assert (found.returncode, "Checkpoints that fit: 1, the newest at event 4." in found.stdout) == (0, True)
    told = json.loads(place("verify", "--json").stdout)
    assert told["checkpoint"] == {"fit": 1, "seq": 4, "head": place.store.heads().hash, "bad": 0}


def test_s13_a_trail_that_was_linked_anew_does_not_fit_its_checkpoint(place: Place, valkey: Server) -> None:
    """Whoever can write the store links a whole new chain: it holds, and is not what was signed."""
    place.keep()
    with closing(new_store(valkey, Clock())) as forged:
        forged.commit(Commit("forged", (), (*TRAIL, replace(DENIED, actor="carol"))))
        with valkey.client() as client:
            for name in ("audit", "audit:head"):
                client.copy(forged._wire.key(name), place.store._wire.key(name), replace=True)
    found = place("verify")
    assert (found.returncode, "event 4 is not the one that a checkpoint has signed" in found.stdout) == (1, True)


def test_s13_events_that_a_checkpoint_names_and_that_are_gone(place: Place) -> None:
    """The newest are cut off a copy; nothing in the copy itself tells."""
    place.keep()
    (path,) = place.audit.glob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert place("verify", "--file", path).returncode == 0
    found = place("verify", "--file", path, "--checkpoints", place.checkpoints.path)
    assert (found.returncode, "event 4 is missing" in found.stdout) == (1, True)


Spoil = Callable[[list[bytes]], list[bytes]]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "changed": (lambda rows: [*rows[:2], rows[2].replace(b"alice", b"carol"), *rows[3:]], "event 3 is changed"),
    "no line at all": (lambda rows: [*rows[:2], b"{}\n", *rows[3:]], "event 3 is changed"),
    "missing": (lambda rows: [*rows[:1], *rows[2:]], "event 2 is missing"),
    "doubled": (lambda rows: [*rows[:2], *rows[1:]], "event 2 is doubled"),
    "reordered": (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "event 2 is reordered"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_s13_the_first_wrong_event_of_a_copy_is_named(place: Place, how: str) -> None:
    place.keep()
    (path,) = place.audit.glob("*.jsonl")
    spoil, says = SPOILT[how]
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))
    found = place("verify", "--file", path)
    assert (found.returncode, says in found.stdout) == (1, True), found.stdout


def test_s13_rotated_and_compressed_files_are_one_copy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file for each few events, the older ones compressed by whoever keeps them; what is wrong is still found."""
    monkeypatch.setattr(lines, "LARGEST", 1)
    for _ in range(3):
        place.keep()
        place.many(50)
    place.keep()
    *older, newest = sorted(place.audit.glob("*.jsonl"))
    assert len(older) >= 3
    for path in older:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert "events 1 to 154 are complete" in place("verify", "--file", place.audit).stdout
    newest.rename(newest.with_name("away"))
    (changed, *_) = sorted(place.audit.glob("*.gz"))
    changed.write_bytes(gzip.compress(gzip.decompress(changed.read_bytes()).replace(b"alice", b"carol", 1)))
    found = place("verify", "--file", place.audit)
    assert (found.returncode, "event 1 is changed" in found.stdout) == (1, True), found.stdout
    changed.write_bytes(b"no gzip")
    assert place("verify", "--file", place.audit).returncode == 2


def test_s13_offline_with_public_keys_alone(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another computer: no configuration, no store, no private key; lines, their directory, and SQLite."""
    place.keep()
    public = tmp_path / "checkpoint-keys.json"
    public.write_text(run("keys", "public", "--checkpoints", config=place.path).stdout)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("JENKINS_MFA_CONFIG", raising=False)
    signed = ("--keys", public, "--checkpoints", place.checkpoints.path)
    (path,) = place.audit.glob("*.jsonl")
    for file in (path, place.audit, place.audit / database.NAME):
        found = run("audit", "verify", "--evidence", "--file", file, *signed)
        assert found.returncode == 0, found.stdout + found.stderr
        assert "events 1 to 4 are complete" in found.stdout
        assert "Checkpoints that fit: 1" in found.stdout
        assert "the one answer given with security keys holds" in found.stdout


def test_s13_a_checkpoint_that_these_keys_did_not_sign_is_a_finding(place: Place) -> None:
    place.keep()
    with place.checkpoints.path.open("ab") as file:
        file.write(b"a.b.c\n")
    found = place("verify")
    assert (found.returncode, "not signed with these keys: 1" in found.stdout) == (1, True)


def test_s21_a_rollback_that_nobody_has_signed_is_a_finding(place: Place) -> None:
    """An event can be written by whoever writes the store; the word in it cannot."""
    place.note(Entry("store:rollback", AT + 9, "operator:root", details={"checkpoint": "a.b.c", "seq": 3}))
    assert "event 5 is an accepted rollback that nobody has signed" in place("verify").stdout
    head = place.store.heads()
    word = place.checkpoints.sign(Checkpoint("demo", head.seq, head.hash, AT + 10, rollback=True))
    place.note(Entry("store:rollback", AT + 10, "operator:root", details={"checkpoint": word, "seq": 3}))
    assert "event 5 is an accepted" in place("verify").stdout


def test_s13_a_trimmed_store_is_verified_with_its_copies(place: Place) -> None:
    """From the first event on, evidence, too; without the copies, from where it was trimmed, which is said."""
    place.many(2000)
    place.keep(1000)
    assert next(iter(place.store.audit_events())).seq == 1005
    found = place("verify", "--evidence")
    assert found.returncode == 0, found.stdout
    assert "events 1 to 2004 are complete" in found.stdout
    assert "the one answer given with security keys holds" in found.stdout
    place.audit.rename(place.audit.with_name("away"))
    assert "events 1005 to 2004 are complete" in place("verify").stdout


def test_export_joins_the_store_and_its_copies(place: Place, tmp_path: Path) -> None:
    """All of it in one form, which verifies; a span begins where it begins."""
    place.many(2000)
    place.keep(1000)
    place.many(50)
    out = tmp_path / "all.jsonl"
    assert place("export", "--output", out).returncode == 0
    assert len(list(lines.read(out))) == 2054
    assert "events 1 to 2054 are complete" in place("verify", "--file", out).stdout
    told = [json.loads(line) for line in place("export").stdout.splitlines()]
    assert [line["event"]["seq"] for line in told] == list(range(1, 2055))
    assert place("export", "--until", "2025-01-01").stdout == ""
    part = tmp_path / "part.jsonl"
    part.write_bytes(b"".join(out.read_bytes().splitlines(keepends=True)[500:700]))
    assert "events 502 to 700 are complete" in place("verify", "--file", part).stdout


def test_export_writes_ocsf(place: Place) -> None:
    """The same events, a line each."""
    told = [json.loads(line) for line in place("export", "--format", "ocsf").stdout.splitlines()]
    assert [one["metadata"]["sequence"] for one in told] == [1, 2, 3, 4]
    assert told[3]["metadata"]["event_code"] == "gate:denied"


SEARCHES = {
    ("--person", "bob"): [4],
    ("--person", "alice"): [1, 3],
    ("--outcome", "denied"): [4],
    ("--outcome", "gate:confirmed"): [3],
    ("--pipeline", "team one/*"): [2, 3, 4],
    ("--pipeline", "*/web"): [4],
    ("--gate", "02"): [4],
    ("--since", "2025-01-01"): [1, 2, 3, 4],
    ("--until", "2025-01-01"): [],
    ("--person", "alice", "--outcome", "denied"): [],
}


@pytest.mark.parametrize("asked", SEARCHES, ids=" ".join)
def test_search_finds_events(place: Place, asked: tuple[str, ...]) -> None:
    """In the store, and in a copy; nothing found is exit 1."""
    place.keep()
    for where in ((), ("--file", str(place.audit / database.NAME))):
        found = place("search", "--json", *asked, *where)
        assert [json.loads(line)["seq"] for line in found.stdout.splitlines()] == SEARCHES[asked]
        assert found.returncode == (0 if SEARCHES[asked] else 1)


def test_search_says_sentences(place: Place) -> None:
    (line,) = place("search", "--outcome", "denied").stdout.splitlines()
    assert line.startswith("4  2025-11-24T")
    assert "Bob Ray denied" in line


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00 but no more"])
def test_a_copy_that_cannot_be_read_is_named(place: Place, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.sqlite"
    path.write_bytes(content)
    found = place("verify", "--file", path)
    assert (found.returncode, "broken.sqlite is no copy" in found.stderr) == (2, True), found.stderr


def test_a_copy_whose_events_are_a_view_is_not_read(tmp_path: Path) -> None:
    """Somebody hands over a copy that goes on for ever."""
    path = tmp_path / "trail.sqlite"
    with closing(sqlite3.connect(path)) as made:
        numbers = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x)"
        made.execute(f"CREATE VIEW events AS {numbers} SELECT n, n AS seq, '' AS hash, '' AS raw FROM x")
    with pytest.raises(ArchiveError, match="no table of events"):
        next(database.read(path))


def test_a_copy_whose_errors_are_no_text_is_named(tmp_path: Path) -> None:
    """SQLite repeats the bytes that it cannot read, and Python cannot read those."""
    path = tmp_path / "trail.sqlite"
    database.Database(path).close()
    path.write_bytes(path.read_bytes().replace(b"sqlite_autoindex_events_1", b"sqlite_autoindex_events_\xed"))
    with pytest.raises(ArchiveError, match="no copy of the trail"):
        next(database.read(path))


def test_a_directory_without_copies_is_named(place: Place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    found = place("verify", "--file", empty)
    assert (found.returncode, "holds no copies of the trail" in found.stderr) == (2, True)


def test_reading_a_copy_writes_nothing(place: Place) -> None:
    """An auditor's computer may have it on a medium that cannot be written."""
    place.keep()
    path = place.audit / database.NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    before = sorted((file.name, file.stat().st_mtime_ns) for file in place.audit.iterdir())
    assert place("verify", "--file", path).returncode == 0
    assert sorted((file.name, file.stat().st_mtime_ns) for file in place.audit.iterdir()) == before
