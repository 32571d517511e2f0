"""The trail is sent elsewhere out of a real store: at least once, in order, each destination by itself."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from test_export import Keep, export, note, whole

from checkpoint_kit import file_in, looking
from clock import Clock
from fakes import desk
from jenkins_mfa import trail_keeper
from jenkins_mfa.archive import database, lines
from jenkins_mfa.archive.forms import forms
from jenkins_mfa.archive.syslog import Syslog
from jenkins_mfa.archive.webhook import Webhook
from jenkins_mfa.cli.check_trail import _destinations
from jenkins_mfa.cli.trails import copies
from jenkins_mfa.core.chain import Chain, Linked, verify_chain
from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.destination_config import DestinationConfig
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.outbound import Tls
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.trail_keeper import Keeper
from jenkins_mfa.usecases import forward
from jenkins_mfa.usecases.forward import Forwarder
from jenkins_mfa.usecases.ports import Destination, Store
from memory_store import MemoryStore
from receivers import SECRET, Files, Hook, SyslogServer, slow_road, webhook
from waiting import until

AUDIT = Path(__file__).parents[2] / "docs" / "audit.md"
FORMS = forms("1.2.3")


class Kept:
    """A destination that keeps what it gets, and refuses when it is told to."""

    def __init__(self) -> None:
        self.events: list[Linked] = []
        self.problem = ""

    def send(self, events: Sequence[Linked]) -> None:
        if self.problem:
            raise ArchiveError(self.problem)
        self.events += events


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def hook(files: Files) -> Iterator[Hook]:
    with webhook(files) as made:
        yield made


def forwarder(
    store: Store, folder: Path, destination: Destination, *, name: str = "siem", holder: str = "a"
) -> Forwarder:
    """Another agent's, which has just started."""
    older = partial(database.after, folder / "audit" / database.NAME)
    return Forwarder(store, name, destination, looking(store, file_in(folder)), older, holder)


def sender(hook: Hook, files: Files, form: str = "trail") -> Webhook:
    return Webhook(hook.url, files.secret, files.tls, FORMS[form])


def seqs(events: Sequence[Linked]) -> list[int]:
    return [linked.seq for linked in events]


def test_a_webhook_gets_lines_that_verify_as_a_copy(
    store: RedisStore, tmp_path: Path, hook: Hook, files: Files
) -> None:
    """Over several steps and agents, no event twice while nothing fails; the bodies, joined, are a copy."""
    for count in (1, 230, 0, 3):
        note(store, count)
        forwarder(store, tmp_path, sender(hook, files)).step()
    received = tmp_path / "received.jsonl"
    received.write_bytes(b"".join(hook.lines))
    assert list(lines.read(received)) == whole(store)
    assert verify_chain(copies(received).pairs()) == Chain(1, 234, store.heads().hash)
    assert [len(body.splitlines()) for _, body in hook.calls] == [1, 100, 100, 30, 3]
    assert {sent["content-type"] for sent, _ in hook.calls} == {"application/x-ndjson"}


def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id(
    store: RedisStore, tmp_path: Path, hook: Hook, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent is killed between the two: at least once, and the receiver can tell."""
    note(store, 5)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RedisStore, "note_forwarded", killed)
        with pytest.raises(KeyboardInterrupt):
            forwarder(store, tmp_path, sender(hook, files)).step()
    forwarder(store, tmp_path, sender(hook, files)).step()
    (first, body), (second, again) = hook.calls
    assert body == again
    assert first["webhook-id"] == second["webhook-id"]
    note(store, 2)
    forwarder(store, tmp_path, sender(hook, files)).step()
    (command,) = re.findall(r"`(awk .*?) received\.jsonl", AUDIT.read_text())
    once = subprocess.run(shlex.split(command), input=b"".join(hook.lines), capture_output=True, check=True).stdout
    assert [lines.parse(line) for line in once.splitlines()] == whole(store)


def test_a_dead_destination_holds_nothing_up_and_is_told_after_a_minute(
    store: RedisStore, tmp_path: Path, clock: Clock
) -> None:
    """It is tried with growing pauses, once they are over; then all that it has missed comes, in order."""
    note(store, 250)
    dead, well = Kept(), Kept()
    dead.problem = "it answered 500"
    failing = forwarder(store, tmp_path, dead, name="dead")
    assert failing.step() == ""
    forwarder(store, tmp_path, well, name="well").step()
    assert seqs(well.events) == list(range(1, 251))
    assert failing.step() == ""
    clock.move(seconds=45)
    assert failing.step() == ""
    clock.move(seconds=15)
    with pytest.raises(ArchiveError, match=r"^dead: it answered 500$"):
        failing.step()
    dead.problem = ""
    with pytest.raises(ArchiveError):
        failing.step()  # the pause is not over
    clock.move(seconds=4)
    assert failing.step() == ""
    assert seqs(dead.events) == list(range(1, 251))


def test_ops_are_told_once_and_check_finds_it(store: RedisStore, tmp_path: Path, clock: Clock) -> None:
    """As of a full disk under the copies; when it is over, the finding is gone."""
    note(store, 1)
    dead = Kept()
    dead.problem = "the host refused the connection"
    failing = forwarder(store, tmp_path, dead)
    keeper = Keeper("forward:siem", desk(store), lambda _: failing.step())
    for seconds in (0, 30, 31, 5):
        clock.move(seconds=seconds)
        keeper.look()
    told = [store.alert(name) for name in iter(lambda: alert_of(store), "")]
    assert [(one.code, one.values["problem"]) for one in told if one] == [
        ("trail_unkept", "siem: the host refused the connection")
    ]
    siem = DestinationConfig("siem", "https://siem.example.com/in", "trail", Tls())
    (found,) = _destinations([siem], store)
    assert (found.ok, found.says) == (False, "1 event not sent to siem: the host refused the connection")
    assert found.mend.startswith("look at https://siem.example.com/in")
    dead.problem = ""
    clock.move(seconds=64)
    keeper.look()
    later = DestinationConfig("siem-2", "https://siem.example.com/in", "trail", Tls())
    assert [(part.ok, part.says) for part in _destinations([siem, later], store)] == [
        (True, "0 events not sent to siem yet"),
        (True, "1 event not sent to siem-2 yet"),
    ]


def alert_of(store: RedisStore) -> str:
    """The next alert that is to be told; empty where there is none."""
    due = store.claim_lane(60_000)
    return due.lane.removeprefix("alert:") if due else ""


def test_a_destination_that_never_answers_does_not_keep_an_agent_from_its_end(
    store: RedisStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the step that is under way nor in the last one; other keepers' last steps come after it."""
    monkeypatch.setattr(trail_keeper, "LAST_SECONDS", 0.2)
    note(store, 1)
    held, begun = threading.Event(), threading.Event()

    class Hanging(Kept):
        def send(self, events: Sequence[Linked]) -> None:
            begun.set()
            held.wait(20)

    hanging = forwarder(store, tmp_path, Hanging())
    keeper = Keeper("forward:siem", desk(store), lambda _: hanging.step())
    under_way = threading.Thread(target=keeper.look, daemon=True)
    under_way.start()
    assert begun.wait(5)
    began = time.monotonic()
    keeper.last()
    assert time.monotonic() - began < 5
    held.set()
    under_way.join(5)


def test_pauses_grow_and_have_an_end(tmp_path: Path, clock: Clock) -> None:
    """From a second to five minutes."""
    memory = MemoryStore(clock)
    memory.commit(Commit("one", (), (Entry("agent:started", 1, "agent"),)))
    tries = []

    class Dead:
        def send(self, _: Sequence[Linked]) -> None:
            tries.append(memory.now())
            raise ArchiveError("no answer in time")

    failing = forwarder(memory, tmp_path, Dead())
    for _ in range(1200):
        clock.move(seconds=1)
        try:
            failing.step()
        except ArchiveError:
            continue
    assert [(b - a) // 1000 for a, b in pairwise(tries)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_two_agents_take_turns(store: RedisStore, tmp_path: Path, clock: Clock) -> None:
    """One sends; the other goes on when it has not asked for half a minute, from where it ended."""
    one, two = Kept(), Kept()
    note(store, 3)
    forwarder(store, tmp_path, one, holder="a").step()
    later = forwarder(store, tmp_path, two, holder="b")
    note(store, 2)
    later.step()
    assert (seqs(one.events), two.events) == ([1, 2, 3], [])
    clock.move(ms=forward.TURN + 1)
    later.step()
    assert seqs(two.events) == [4, 5]


def test_what_was_trimmed_comes_from_the_copies(store: RedisStore, tmp_path: Path) -> None:
    """A destination that was away for long, and one that is new, get all of it."""
    note(store, 20)
    late, new = Kept(), Kept()
    forwarder(store, tmp_path, late, name="late").step()
    note(store, 2480)
    export(store, tmp_path, Keep(3650, 1000))
    for name, destination in (("late", late), ("new", new)):
        going = forwarder(store, tmp_path, destination, name=name)
        going.step()
        going.step()
        assert [(x.raw, x.hash) for x in destination.events] == list(database.read(tmp_path / "audit" / database.NAME))


def test_without_copies_what_was_trimmed_is_passed_over(store: RedisStore, tmp_path: Path) -> None:
    """It is in no place that this agent reads; the numbers tell the receiver."""
    note(store, 1500)
    export(store, tmp_path, Keep(3650, 1000))
    (tmp_path / "audit").rename(tmp_path / "elsewhere")
    kept = Kept()
    forwarder(store, tmp_path, kept).step()
    assert seqs(kept.events) == list(range(501, 1501))


def test_s13_a_trail_that_does_not_hold_is_not_sent(store: RedisStore, tmp_path: Path, clock: Clock) -> None:
    """What was changed in the store does not become the truth elsewhere; it is told, as it is of the copies."""
    note(store, 3)
    kept = Kept()
    going = forwarder(store, tmp_path, kept)
    going.step()
    note(store, 2)
    fifth = next(iter(store.audit_events(5, 1)))
    store._wire.client.xdel(store._wire.key("audit"), "5-0")
    forged = fifth.raw.replace(b"agent", b"admin", 1)
    store._wire.client.xadd(store._wire.key("audit"), {"event": forged, "hash": fifth.hash}, id="5-1")
    going.step()
    clock.move(seconds=61)
    with pytest.raises(ArchiveError, match="the trail does not hold behind event 3"):
        going.step()
    assert seqs(kept.events) == [1, 2, 3]


@pytest.mark.parametrize("cursor", ["9 " + "0" * 64, "3 " + "0" * 64, "99999999999999999999 a", "-1 a", "x"])
def test_a_cursor_that_somebody_has_moved_is_told(store: RedisStore, tmp_path: Path, clock: Clock, cursor: str) -> None:
    """Whoever can write the store could leave events out with it."""
    note(store, 3)
    kept = Kept()
    store._wire.client.hset(store._wire.key("audit:forwarded"), "siem", cursor)
    going = forwarder(store, tmp_path, kept)
    assert going.step() == ""
    clock.move(seconds=61)
    with pytest.raises(ArchiveError, match=r"cursor|holds what no agent has written"):
        going.step()
    assert kept.events == []


def test_s21_nothing_is_sent_of_a_store_that_is_another_one(store: RedisStore, tmp_path: Path) -> None:
    """It waits until an operator has taken it up."""
    note(store, 3)
    checkpoints, kept = file_in(tmp_path), Kept()
    continuity = looking(store, checkpoints)
    continuity.distrust()
    Forwarder(store, "siem", kept, continuity, lambda _place, _count: [], "a").step()
    assert kept.events == []


def test_one_sending_is_no_larger_than_a_quarter_of_a_megabyte(store: RedisStore, tmp_path: Path) -> None:
    kept: list[int] = []

    class Sizes:
        def send(self, events: Sequence[Linked]) -> None:
            kept.append(sum(len(linked.raw) for linked in events))

    details = dict.fromkeys(("reason", "changes", "effects", "problem"), "x" * 4000)
    for number in range(20):
        store.commit(Commit(f"large:{number}", (), (Entry("agent:started", 1, "agent", details=dict(details)),)))
    forwarder(store, tmp_path, Sizes()).step()
    assert len(kept) == 2
    assert max(kept) <= forward.BYTES


@pytest.mark.parametrize(("answers", "says"), [(500, "it answered 500"), (302, "it answered 302"), (410, "410")])
def test_only_a_2xx_is_taken_for_taken(hook: Hook, files: Files, store: RedisStore, answers: int, says: str) -> None:
    """A redirect is followed nowhere: nobody else gets the events."""
    note(store, 1)
    hook.answers = answers
    with pytest.raises(ArchiveError, match=says):
        sender(hook, files).send(list(store.audit_events()))
    assert len(hook.calls) == 1


def test_a_webhook_is_only_spoken_to_where_its_certificate_is_trusted(files: Files, store: RedisStore) -> None:
    """With ours where it asks for one; the system's authorities do not count beside ca_file."""
    note(store, 1)
    events = list(store.audit_events())
    with webhook(files, asks=True) as hook:
        with pytest.raises(ArchiveError):
            sender(hook, files).send(events)
        Webhook(hook.url, files.secret, files.shown, FORMS["trail"]).send(events)
        untrusting = Webhook(hook.url, files.secret, type(files.tls)(), FORMS["trail"])
        with pytest.raises(ArchiveError, match="its certificate is not trusted"):
            untrusting.send(events)
        assert len(hook.calls) == 1


def test_a_new_secret_is_taken_over_and_none_is_told(hook: Hook, files: Files, store: RedisStore) -> None:
    """Without a restart; a file that holds none is named, and what stands in it is not."""
    note(store, 1)
    events = list(store.audit_events())
    destination = sender(hook, files)
    destination.send(events)
    files.secret.write_text("whsec_" + "B" * 43 + "=")
    destination.send(events)
    one, two = (sent["webhook-signature"] for sent, _ in hook.calls)
    assert one != two
    files.secret.write_text(SECRET.removeprefix("whsec_"))
    with pytest.raises(ArchiveError, match=r"siem.secret: it must be whsec_") as caught:
        destination.send(events)
    assert SECRET[6:] not in str(caught.value)


def test_ocsf_goes_out_a_line_each(hook: Hook, files: Files, store: RedisStore, tmp_path: Path) -> None:
    note(store, 2)
    forwarder(store, tmp_path, sender(hook, files, "ocsf")).step()
    told = [json.loads(line) for line in hook.lines]
    assert [(one["class_uid"], one["metadata"]["sequence"]) for one in told] == [(6002, 1), (6002, 2)]
    assert told[0]["metadata"]["product"]["version"] == "1.2.3"


@pytest.fixture
def server(files: Files) -> Iterator[SyslogServer]:
    made = SyslogServer(files)
    yield made
    made.close()


def syslog(server: SyslogServer, files: Files) -> Syslog:
    return Syslog("localhost", server.port, files.tls, FORMS["trail"])


RFC5424 = re.compile(rb"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) - (.*)", re.DOTALL)


def test_syslog_frames_and_messages_are_those_of_the_rfcs(
    server: SyslogServer, files: Files, store: RedisStore, tmp_path: Path
) -> None:
    """RFC 5425 octet counting; RFC 5424 header, facility "log audit", severity by event; the line is the trail's."""
    note(store, 2)
    store.commit(Commit("gone past", (), (Entry("gate:bypassed", 1_764_000_000_007, "agent", "g_01.1"),)))
    with closing(syslog(server, files)) as destination:
        forwarder(store, tmp_path, destination).step()
    until(lambda: len(server.messages) == 3)
    found = [RFC5424.fullmatch(message) for message in server.messages]
    assert all(found)
    told = [one.groups() for one in found if one]
    assert [priority for priority, *_ in told] == [b"110", b"110", b"106"]
    assert {app for _, _, _, app, *_ in told} == {b"jenkins-mfa"}
    assert [name for *_, name, _ in told] == [b"agent:started", b"agent:started", b"gate:bypassed"]
    assert datetime.fromisoformat(told[2][1].decode()) == datetime.fromtimestamp(1_764_000_000.007, UTC)
    assert [lines.parse(text) for *_, text in told] == whole(store)


def test_a_syslog_server_that_hangs_up_loses_nothing(server: SyslogServer, files: Files, store: RedisStore) -> None:
    """Between two sendings it is seen before anything is sent, and the connection is opened anew."""
    with closing(syslog(server, files)) as destination:
        for count in (2, 4):
            note(store, 2)
            destination.send(list(store.audit_events(count - 1)))
            until(lambda count=count: len(server.messages) == count)
            server.hang_up()
    assert [lines.parse(RFC5424.fullmatch(m)[7]) for m in server.messages] == whole(store)  # type: ignore[index]


def test_a_syslog_server_gets_nothing_unless_both_trust_each_other(files: Files, store: RedisStore) -> None:
    """Its certificate is checked, name and all; one that asks for ours does not take an event without it."""
    note(store, 1)
    events = list(store.audit_events())
    server = SyslogServer(files, asks=True)
    with pytest.raises(ArchiveError):
        Syslog("localhost", server.port, files.tls, FORMS["trail"]).send(events)
    for host, tls in (("localhost", type(files.tls)()), ("127.0.0.1", files.shown)):
        with pytest.raises(ArchiveError, match="not trusted"):
            Syslog(host, server.port, tls, FORMS["trail"]).send(events)
    assert server.received == b""
    with closing(Syslog("localhost", server.port, files.shown, FORMS["trail"])) as shown:
        shown.send(events)
    until(lambda: server.messages)
    server.close()
    with pytest.raises(ArchiveError, match="refused"):
        Syslog("localhost", server.port, files.shown, FORMS["trail"]).send(events)


def test_what_a_server_has_that_then_hangs_up_was_not_sent(
    server: SyslogServer, files: Files, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its system has acknowledged all, and its program has ended: nobody knows what it has read."""
    note(store, 1)

    def hung_up(_: object) -> int:
        until(lambda: server.messages)
        server.hang_up()
        return 0

    monkeypatch.setattr("jenkins_mfa.archive.syslog._unacknowledged", hung_up)
    with closing(syslog(server, files)) as destination, pytest.raises(ArchiveError, match="the connection was cut"):
        destination.send(list(store.audit_events()))


def test_a_refusal_that_comes_late_is_waited_for(files: Files, store: RedisStore) -> None:
    """TLS 1.3: who does not take our certificate says so after the handshake, when we could send already."""
    note(store, 1)
    server = SyslogServer(files, asks=True)
    road = slow_road(server.port, 0.2)
    with pytest.raises(ArchiveError, match="the connection was cut"):
        Syslog("localhost", road, files.tls, FORMS["trail"]).send(list(store.audit_events()))
    server.close()


def test_a_syslog_server_that_does_not_take_what_is_sent_is_not_believed(
    files: Files, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its system has not acknowledged was not sent."""
    note(store, 1)
    monkeypatch.setattr("jenkins_mfa.archive.syslog._unacknowledged", lambda _: 7)
    monkeypatch.setattr("jenkins_mfa.archive.syslog.SECONDS", 0.2)
    server = SyslogServer(files)
    with (
        closing(Syslog("localhost", server.port, files.tls, FORMS["trail"])) as destination,
        pytest.raises(ArchiveError, match="no answer in time"),
    ):
        destination.send(list(store.audit_events()))
    server.close()
