"""The trail goes out of a real store: copied in order, trimmed behind what is copied, whoever is killed when."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from factory import entry, gate, opening, step, stepped

from checkpoint_kit import file_in, follow, looking
from clock import Clock
from jenkins_mfa.archive import database, lines
from jenkins_mfa.archive.copies import Copies
from jenkins_mfa.core.chain import Chain, Head, verify_chain
from jenkins_mfa.core.checkpoint import Checkpoint
from jenkins_mfa.core.model import Commit, Entry, State
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.export import Exporter, Keep
from store_server import Server, new_store

FOR_EVER = Keep(3650, 10_000_000)


def note(store: RedisStore, count: int, at: int = 1_764_000_000_000) -> None:
    """So many events that are about no gate."""
    done = store.heads().seq
    for begin in range(0, count, 50):
        found = [Entry("agent:started", at + done + n, "agent") for n in range(begin, min(begin + 50, count))]
        store.commit(Commit(f"note:{done + begin}", (), tuple(found)))


def exporter(store: RedisStore, folder: Path, keep: Keep = FOR_EVER, copies: Copies | None = None) -> Exporter:
    """Another agent's, which has just started; the trail is signed up to its head."""
    checkpoints = file_in(folder)
    follow(store, checkpoints)
    copies = copies or Copies(folder / "audit")
    return Exporter(store, copies, checkpoints, looking(store, checkpoints), "test", keep)


def export(store: RedisStore, folder: Path, keep: Keep = FOR_EVER) -> None:
    """An agent that starts, takes one step and stops."""
    with closing(Copies(folder / "audit")) as copies:
        exporter(store, folder, keep, copies).step()


def in_lines(folder: Path) -> list[tuple[bytes, str]]:
    files = sorted((folder / "audit").glob("trail-*.jsonl"))
    return [pair for path in files for pair in lines.read(path)]


def in_database(folder: Path) -> list[tuple[bytes, str]]:
    return list(database.read(folder / "audit" / database.NAME))


def whole(store: RedisStore) -> list[tuple[bytes, str]]:
    return [(x.raw, x.hash) for x in store.audit_events()]


def test_the_copies_are_the_trail(store: RedisStore, tmp_path: Path) -> None:
    """Event for event, in both forms, over several steps; the next agent goes on where this one ended."""
    for count in (1, 120, 0, 3):
        note(store, count)
        with closing(Copies(tmp_path / "audit")) as copies:
            agent = exporter(store, tmp_path, copies=copies)
            agent.step()
            agent.step()
        assert in_lines(tmp_path) == in_database(tmp_path) == whole(store)


def test_a_line_is_json_and_the_columns_say_what_is_in_it(store: RedisStore, tmp_path: Path) -> None:
    store.commit(opening(gate()))
    export(store, tmp_path)
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    told = json.loads(path.read_text())
    assert (told["event"]["seq"], told["event"]["event"], told["hash"]) == (1, "gate:opened", store.heads().hash)
    with closing(sqlite3.connect(tmp_path / "audit" / database.NAME)) as db:
        row = db.execute("SELECT n, seq, at, event, actor, gate, source, run FROM events").fetchone()
    about = gate()
    assert row == (1, 1, about.opened_at, "gate:opened", "agent", about.jti, "main", about.run.key)


def test_two_agents_on_one_directory_take_turns(store: RedisStore, tmp_path: Path) -> None:
    """The second one copies nothing while the first lives, and goes on when it is gone."""
    note(store, 5)
    one, two = Copies(tmp_path / "audit"), Copies(tmp_path / "audit")
    exporter(store, tmp_path, copies=one).step()
    second = exporter(store, tmp_path, copies=two)
    note(store, 5)
    second.step()
    assert len(in_lines(tmp_path)) == 5
    one.close()
    second.step()
    assert in_lines(tmp_path) == whole(store)
    two.close()


#: An agent that is killed at its n-th write, sync or note of how far it is.
KILLED = """
import os, signal, sys
from pathlib import Path
at, folder, url = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sys.path[:0] = sys.argv[4:]
from jenkins_mfa.archive import copies
from jenkins_mfa.archive.database import Database
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from test_export import exporter
left = [at]
def dying(call):
    def wrapped(*given):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given)
    return wrapped
copies.PAGE = 7
agent = exporter(RedisStore(client_for(url), b"m" * 32, prefix="{killed}"), folder)
os.fsync, os.write, Database.add = dying(os.fsync), dying(os.write), dying(Database.add)
Database.lines = Database.lines.setter(dying(Database.lines.fset))
agent.step()
"""


@pytest.mark.parametrize("at", range(1, 18, 2))
def test_killed_anywhere_nothing_is_lost_and_nothing_twice(valkey: Server, tmp_path: Path, at: int) -> None:
    """kill -9 before a write, a sync or a note of how far it is; the next agent puts it right."""
    with closing(new_store(valkey, Clock(), "{killed}")) as store:
        if store.heads().seq < 30:
            note(store, 30)
        paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent), *sys.path]
        command = [sys.executable, "-c", KILLED, str(at), str(tmp_path)]
        died = subprocess.run([*command, valkey.url, *paths], check=False, capture_output=True, text=True)
        assert died.returncode == -signal.SIGKILL, died.stderr
        export(store, tmp_path)
        assert in_lines(tmp_path) == in_database(tmp_path) == whole(store)


def test_half_a_line_and_a_full_disk_do_no_harm(
    store: RedisStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written whole is written again, once."""
    note(store, 10)
    with closing(Copies(tmp_path / "audit")) as copies:
        agent = exporter(store, tmp_path, copies=copies)
        agent.step()
        note(store, 10)
        write = os.write

        def full(descriptor: int, content: bytes) -> int:
            if len(content) < 900:
                raise OSError(28, "No space left on device")
            return write(descriptor, content[: len(content) // 2])

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(ArchiveError, match="space"):
            agent.step()
        monkeypatch.undo()
        agent.step()
    assert in_lines(tmp_path) == in_database(tmp_path) == whole(store)


def test_a_new_day_and_a_large_file_begin_a_new_one(
    store: RedisStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(store, 3)
    note(store, 3, at=1_764_000_000_000 + 86_400_000)
    agent = exporter(store, tmp_path)
    agent.step()
    monkeypatch.setattr(lines, "LARGEST", 100)
    note(store, 2, at=1_764_000_000_000 + 86_400_000)
    agent.step()
    assert [path.name for path in sorted((tmp_path / "audit").glob("*.jsonl"))] == [
        "trail-000000000001.jsonl",
        "trail-000000000004.jsonl",
        "trail-000000000007.jsonl",
    ]
    assert in_lines(tmp_path) == whole(store)


def test_what_is_copied_and_old_goes_out_of_the_store(store: RedisStore, tmp_path: Path) -> None:
    """All but the newest; the store still verifies from there, and so do the copies from the beginning."""
    note(store, 2500)
    before = whole(store)
    checkpoints = file_in(tmp_path)
    export(store, tmp_path, Keep(3650, 1000))
    assert [x.seq for x in store.audit_events(1, 1)] == [1501]
    base = checkpoints.opened(store.base())
    assert base.place == Head(1500, before[1499][1])
    head = store.heads()
    left = verify_chain(whole(store), first=1501, previous=base.head, head=(head.seq, head.hash))
    assert left == Chain(1501, 2500, head.hash)
    assert in_lines(tmp_path) == before
    note(store, 1)
    assert follow(store, checkpoints) == ""
    assert looking(store, checkpoints).look() == ""


def test_s21_a_checkpoint_of_before_what_was_trimmed_needs_a_signed_place(store: RedisStore, tmp_path: Path) -> None:
    """An agent that was long away goes on; a place that nobody has signed vouches for nothing."""
    note(store, 50)
    away = file_in(tmp_path, "away.jws")
    follow(store, away)
    note(store, 2000)
    export(store, tmp_path, Keep(3650, 1000))
    assert looking(store, away).look() == ""
    assert follow(store, away) == ""
    away = file_in(tmp_path, "away-too.jws")
    away.add(away.sign(Checkpoint("test", 50, "0" * 64, 1)))
    for place in ("", "a.b.c", away.sign(Checkpoint("test", 10, "0" * 64, 1))):
        store._wire.client.set(store._wire.key("audit:base"), place)
        assert looking(store, away).look() == "differs"


def test_by_age_too_and_only_what_a_checkpoint_covers(store: RedisStore, clock: Clock, tmp_path: Path) -> None:
    """Ninety days after; without a checkpoint that covers it nothing goes."""
    note(store, 60, at=store.now())
    clock.move(seconds=91 * 86_400)
    checkpoints, copies = file_in(tmp_path), Copies(tmp_path / "audit")
    agent = Exporter(store, copies, checkpoints, looking(store, checkpoints), "test", Keep(90, 10_000_000))
    agent.step()
    assert len(whole(store)) == 60
    note(store, 1, at=store.now())
    follow(store, checkpoints)
    agent.step()
    assert len(whole(store)) == 1


def test_what_was_not_copied_stays(store: RedisStore, tmp_path: Path) -> None:
    """The copies cannot be written: nothing goes, however old it is."""
    note(store, 1500)
    (tmp_path / "audit").write_text("a file where the directory should be")
    with pytest.raises(ArchiveError):
        export(store, tmp_path, Keep(1, 1000))
    assert len(whole(store)) == 1500


def test_an_open_gates_events_are_never_trimmed(store: RedisStore, tmp_path: Path) -> None:
    """The claim finds the gate's newest event; its history stays whole; it goes when the gate is over."""
    note(store, 30)
    one, other = gate(1), gate(2)
    store.commit(opening(one))
    store.commit(opening(other))
    settled = stepped(one, State.WITHDRAWN)
    store.commit(Commit("ended", (settled,), (entry(settled, "gate:withdrawn"),)))
    note(store, 3000)
    export(store, tmp_path, Keep(3650, 1000))
    assert [x.seq for x in store.audit_events(1, 1)] == [32]
    assert store.last_entry(other.jti) == (32, whole(store)[0][1], 1)
    assert len(store.entries(other.jti)) == 1
    assert [e.event for e in store.entries(one.jti)] == ["gate:withdrawn"]
    store.commit(step(stepped(other)))
    assert [e.event for e in store.entries(other.jti)] == ["gate:opened", "gate:confirmed"]
    over = replace(stepped(stepped(other)), state=State.WITHDRAWN)
    store.commit(Commit("over", (over,), (entry(over, "gate:withdrawn"),)))
    note(store, 3000)
    export(store, tmp_path, Keep(3650, 1000))
    assert (store.entries(one.jti), store.entries(other.jti)) == ([], [])
    assert store.last_entry(other.jti) is None


def test_two_who_trim_at_once_trim_once(store: RedisStore) -> None:
    """The second one's events are gone, and the lists of gates are not shortened twice."""
    about = gate()
    store.commit(opening(about))
    store.commit(step(stepped(about)))
    note(store, 5)
    events = list(store.audit_events(1, 1))
    assert store.trim(events, "base")
    assert not store.trim(events, "base")
    assert [e.event for e in store.entries(about.jti)] == ["gate:confirmed"]
    foreign = [replace(linked, hash="0" * 64) for linked in store.audit_events(2, 1)]
    assert not store.trim(foreign, "base")
    assert not store.trim(list(store.audit_events()), "base")
    assert len(whole(store)) == 6


def test_s21_a_store_behind_its_copies_does_not_run(store: RedisStore, valkey: Server, tmp_path: Path) -> None:
    """Copied after the last checkpoint, then lost: the copies know better, and are not trimmed to fit."""
    note(store, 10)
    checkpoints = file_in(tmp_path)
    follow(store, checkpoints)
    with closing(new_store(valkey, Clock())) as restored:
        note(restored, 10)
        note(store, 5)
        copies = Copies(tmp_path / "audit")
        Exporter(store, copies, checkpoints, looking(store, checkpoints), "test", FOR_EVER).step()
        copies.close()
        continuity = looking(restored, checkpoints)
        late = Exporter(restored, Copies(tmp_path / "audit"), checkpoints, continuity, "test", FOR_EVER)
        late.begin()
        assert continuity.look() == "behind"
        late.step()
    assert len(in_lines(tmp_path)) == 15


def test_s21_the_copies_keep_what_was_lost_and_go_on_from_where_the_store_does(
    store: RedisStore, valkey: Server, tmp_path: Path
) -> None:
    """Both pasts are there; who verifies them sees where they part, and that an operator has accepted it."""
    note(store, 10)
    checkpoints = file_in(tmp_path)
    with closing(new_store(valkey, Clock())) as restored:
        note(restored, 10)
        note(store, 5, at=1_764_000_500_000)
        export(store, tmp_path)
        note(restored, 2, at=1_764_000_600_000)
        newest = checkpoints.read().newest
        assert newest is not None
        place = restored.heads()
        accepted = replace(newest, seq=place.seq, head=place.hash, at=newest.at + 1, rollback=True)
        copies = Copies(tmp_path / "audit")
        copies.close()
        checkpoints.add(checkpoints.sign(accepted))
        going = Exporter(restored, copies, checkpoints, looking(restored, checkpoints), "test", FOR_EVER)
        going.begin()
        going.step()
        pairs = in_lines(tmp_path)
        assert pairs == in_database(tmp_path)
        assert len(pairs) == 17
        assert verify_chain(pairs).how == "doubled"  # type: ignore[union-attr]
        restored.commit(Commit("told", (), (Entry("store:rollback", 1_764_000_700_000, "operator:root"),)))
        going.step()
        assert verify_chain(in_lines(tmp_path)) == Chain(1, 13, restored.heads().hash, 1)


def test_copies_of_another_store_are_not_mixed(store: RedisStore, valkey: Server, tmp_path: Path) -> None:
    note(store, 3)
    export(store, tmp_path)
    with closing(new_store(valkey, Clock())) as other:
        note(other, 5, at=1)
        file_in(tmp_path).path.unlink()
        with pytest.raises(ArchiveError, match="another store"):
            export(other, tmp_path)
