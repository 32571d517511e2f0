"""A store that is older than its checkpoints: nothing proceeds on it until an operator takes it up (S21)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from crashing import Fuse, Fused, Killed

from builders import policy, rule
from checkpoint_kit import file_in, follow, looking
from desk_world import TAP, World
from fakes import code_of
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import Refusal, RolledBackError, SourceUnavailableError
from jenkins_mfa.usecases import loss, rollback, tickets
from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.checkpoints import Checkpointer
from jenkins_mfa.usecases.ports import Abort, Proceed
from jenkins_mfa.usecases.tickets import For

CODES = policy(rule())


class Backed(World):
    """A world with checkpoints outside, whose agent may start anew on a store that was put back."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, rules: Policy = TAP) -> Backed:
        made = cls(rules=rules, checkpoints=file_in(folder))
        made.folder = folder
        made.source.known = replace(made.source.known, run=replace(made.source.known.run, started=made.clock.now()))
        return made

    @classmethod
    def behind(cls, folder: Path) -> Backed:
        """The store was put back from before its gate was opened, which a checkpoint knows."""
        made = cls.at(folder)
        backup = made.store.backup()
        made.open()
        made.sign()
        made.store.restore(backup)
        return made

    def sign(self) -> None:
        """An agent signs where the trail stands."""
        assert follow(self.store, file_in(self.folder)) == ""

    def again(self) -> None:
        """Another process: it knows what is on disk, and nothing else."""
        self.desk = replace(self.desk, continuity=looking(self.store, file_in(self.folder)))
        self.answers = type(self.answers)(self.desk)
        self.watch = type(self.watch)(self.desk, self.source)

    def accept(self) -> rollback.Accepted:
        """What the operator's command does."""
        self.again()
        done = rollback.accept(self.desk, file_in(self.folder), "operator:root")
        self.again()
        return done


def refusal(code: str, act: object) -> None:
    with pytest.raises(Refusal) as caught:
        act()  # type: ignore[operator]
    assert caught.value.code == code


def test_s21_a_store_behind_its_checkpoint_does_not_run(tmp_path: Path) -> None:
    """A new agent does not start; the sentence names the event and the command."""
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.sign()
    looking(world.store, file_in(tmp_path)).require()
    world.store.restore(backup)
    with pytest.raises(RolledBackError, match=r"behind.*event 1.*jenkins-mfa store accept-rollback"):
        looking(world.store, file_in(tmp_path)).require()


def test_s21_a_store_that_went_on_from_a_backup_does_not_run(tmp_path: Path) -> None:
    """Its trail is longer than the checkpoint's by now, and another one."""
    world = Backed.behind(tmp_path)
    world.clock.move(seconds=5)
    world.open()
    world.deny("bob")
    assert world.store.heads().seq > 1
    with pytest.raises(RolledBackError, match="another one"):
        looking(world.store, file_in(tmp_path)).require()


def test_s21_a_running_agent_lets_nothing_proceed_on_a_store_that_fell_back(tmp_path: Path) -> None:
    """Put back under its feet, to a moment after the last checkpoint: approved, but nothing goes out; taps are told."""
    world = Backed.at(tmp_path)
    world.open()
    world.tap("alice")
    backup = world.store.backup()
    world.deny("bob")
    world.store.restore(backup)
    world.deliver()
    assert (world.source.sent, world.gate.state) == ([], State.APPROVED)
    trouble = world.store.trouble(f"answer:{world.gate.run.key}")
    assert trouble is not None
    assert trouble.reason == "rolled_back"
    refusal("rolled_back", lambda: world.tap("carol"))


def test_s21_a_restored_gate_that_was_denied_since_never_resumes(tmp_path: Path) -> None:
    """Approved in the backup, denied in the time that is lost: the build is aborted once the store is taken up."""
    world = Backed.at(tmp_path)
    world.open()
    world.tap("alice")
    backup = world.store.backup()
    world.deny("bob")
    world.sign()
    world.store.restore(backup)
    world.again()
    world.deliver()
    assert world.source.sent == []
    done = world.accept()
    assert [(gate.state, gate.denial.reason if gate.denial else "") for gate in done.gates] == [
        (State.DENIED, "rolled_back")
    ]
    world.clock.move(seconds=60)
    world.deliver()
    assert [type(answer) for _, answer in world.source.sent] == [Abort]
    assert world.gate.state is State.ABORTED


def test_s21_a_gate_of_the_lost_time_is_not_asked_anew(tmp_path: Path) -> None:
    """The store does not know the gate, and whether it was denied: its build, which still waits, is denied. One that
    starts afterwards is asked about.
    """
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.deny("bob")
    world.sign()
    world.store.restore(backup)
    world.clock.move(seconds=1)
    world.accept()
    gate = world.open()
    assert (gate.state, gate.denial.reason if gate.denial else "") == (State.DENIED, "rolled_back")
    world.clock.move(seconds=1)
    run = replace(world.source.known.run, id="18", started=world.clock.now())
    world.source.known = replace(world.source.known, run=run)
    world.source.text = world.source.text.replace(b'"17"', b'"18"')
    world.source.pauses = {"ref-2": "Mfa-" + "1" * 32}
    world.watch.poll()
    found = world.store.gate_of("main", "ref-2")
    assert found is not None
    assert found.state is State.PENDING


def test_s21_a_used_code_does_not_come_back(tmp_path: Path) -> None:
    """Used after the backup, in its own step or in the next one: refused for two steps; the one after counts."""
    world = Backed.at(tmp_path, CODES)
    world.enrol("alice")
    world.clock.move(seconds=30)
    backup = world.store.backup()
    world.open()
    used = code_of("alice", world.clock)
    world.code("alice", used)
    world.sign()
    world.store.restore(backup)
    world.accept()
    run = replace(world.source.known.run, id="18", started=world.clock.now() + 1)
    world.source.known = replace(world.source.known, run=run)
    world.source.text = world.source.text.replace(b'"17"', b'"18"')
    world.open()
    for typed in (used, code_of("alice", world.clock, 1)):
        refusal("code_used", lambda typed=typed: world.code("alice", typed))
    world.clock.move(seconds=60)
    assert world.code("alice").gate.state is State.APPROVED


def test_s21_a_revoked_authenticator_does_not_come_back(tmp_path: Path) -> None:
    """Revoked, lost or enrolled since the backup: all are named, and those that the store has are suspended."""
    world = Backed.at(tmp_path, CODES)
    world.enrol("alice", "bob")
    backup = world.store.backup()
    alice, bob = (world.store.person(name).authenticators[0].id for name in ("alice", "bob"))
    loss.revoke(world.desk, "alice", alice, "operator:root")
    loss.lose(world.desk, "bob", "bob")
    world.enrol("carol")
    carol = world.store.person("carol").authenticators[0].id
    world.sign()
    world.store.restore(backup)
    assert world.store.person("alice").usable(Factor.TOTP) is not None
    done = world.accept()
    assert {(change.person, change.authenticator) for change in done.changes} == {
        ("alice", alice),
        ("bob", bob),
        ("carol", carol),
    }
    assert set(done.suspended) == {alice, bob}
    assert [world.store.person(name).usable(Factor.TOTP) for name in ("alice", "bob", "carol")] == [None] * 3
    events = [linked.entry for linked in world.store.trail]
    reasons = [e.details["reason"] for e in events if e.event == Name.AUTHENTICATOR_SUSPENDED]
    assert reasons == ["rolled_back", "rolled_back"]


def test_s21_a_revocation_that_no_checkpoint_saw_yet_is_signed_at_once(tmp_path: Path) -> None:
    """It does not wait for the minute: the look after it signs it."""
    world = Backed.at(tmp_path, CODES)
    world.enrol("alice")
    world.sign()
    before = len(list(file_in(tmp_path).lines()))
    follower = file_in(tmp_path)
    checkpointer = Checkpointer(world.store, follower, looking(world.store, follower), "test")
    checkpointer.step()
    assert len(list(file_in(tmp_path).lines())) == before
    loss.lose(world.desk, "alice", "alice")
    checkpointer.step()
    assert len(list(file_in(tmp_path).lines())) == before + 1
    assert file_in(tmp_path).read().changes[-1].event == "authenticator:suspended"


def test_s21_an_address_of_before_opens_nothing(tmp_path: Path) -> None:
    """It may have been used in the time that is lost."""
    world = Backed.at(tmp_path)
    token, _ = tickets.make(world.desk, For.ENROL, "alice", "operator:root")
    backup = world.store.backup()
    tickets.turn_in(world.desk, token)
    world.sign()
    world.store.restore(backup)
    world.accept()
    refusal("ticket_over", lambda: tickets.turn_in(world.desk, token))


def test_s21_accepting_is_told_to_the_trail_and_to_ops(tmp_path: Path) -> None:
    """`store:rollback` holds what was lost and the signed word; afterwards all goes on, and stays whole."""
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.sign()
    lost = world.store.heads()
    world.store.restore(backup)
    world.accept()
    entry = world.store.trail[-1].entry
    assert (entry.event, entry.actor, entry.details["seq"], entry.details["head"]) == (
        "store:rollback",
        "operator:root",
        lost.seq,
        lost.hash,
    )
    assert file_in(tmp_path).opened(str(entry.details["checkpoint"])).rollback
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["rollback_accepted"]
    world.sign()
    looking(world.store, file_in(tmp_path)).require()
    refusal("not_rolled_back", world.accept)


def test_s21_the_running_agent_goes_on_once_it_is_accepted(tmp_path: Path) -> None:
    """It reads the file again for as long as something is wrong."""
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.sign()
    running = looking(world.store, file_in(tmp_path))
    assert running.look() == ""
    world.store.restore(backup)
    assert running.look() == "behind"
    world.accept()
    assert running.look() == ""
    assert running.before(world.clock.now())


def test_s21_an_agent_with_a_file_of_its_own_learns_that_it_was_accepted(tmp_path: Path) -> None:
    """On another host: the signed word comes through the store, and only one that is later than all it knows."""
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.sign()
    assert follow(world.store, file_in(tmp_path, "other.jws")) == ""
    world.store.restore(backup)
    elsewhere = looking(world.store, file_in(tmp_path, "other.jws"))
    assert elsewhere.look() == "behind"
    world.accept()
    assert elsewhere.look() == ""
    assert file_in(tmp_path, "other.jws").read().accepted is not None
    token = world.store.beats()["rollback"]
    world.clock.move(seconds=60)
    world.open()
    assert follow(world.store, file_in(tmp_path, "other.jws")) == ""
    world.store.restore(backup)
    world.store.beat("rollback", token)
    assert looking(world.store, file_in(tmp_path, "other.jws")).look() == "behind"


def test_s21_a_word_that_nobody_signed_takes_nothing_up(tmp_path: Path) -> None:
    """Whoever can write the store can write any heartbeat."""
    world = Backed.behind(tmp_path)
    newest = file_in(tmp_path).read().newest
    assert newest is not None
    plain = file_in(tmp_path).sign(replace(newest, at=newest.at + 60_000))
    before = file_in(tmp_path).path.read_bytes()
    for token in ("", "a.b.c", plain, 7):
        world.store.beat("rollback", {"checkpoint": token})
        elsewhere = looking(world.store, file_in(tmp_path))
        assert (elsewhere.look(), elsewhere.look()) == ("behind", "behind")
    assert file_in(tmp_path).path.read_bytes() == before


def test_s21_an_older_word_takes_nothing_up_where_more_is_known(tmp_path: Path) -> None:
    """It was said of another loss, before what this host's file knows: whoever puts a store back can put that back."""
    world = Backed.at(tmp_path)
    backup = world.store.backup()
    world.open()
    world.sign()
    world.store.restore(backup)
    world.accept()
    word = world.store.beats()["rollback"]
    world.clock.move(seconds=60)
    world.open()
    assert follow(world.store, file_in(tmp_path, "later.jws")) == ""
    world.store.restore(backup)
    world.store.beat("rollback", word)
    elsewhere = looking(world.store, file_in(tmp_path, "later.jws"))
    assert (elsewhere.look(), elsewhere.look()) == ("behind", "behind")


def test_s21_what_was_seen_after_the_last_checkpoint_is_signed_when_the_store_falls_back(tmp_path: Path) -> None:
    """So the operator's command, and an agent that starts anew, know of it, too."""
    world = Backed.at(tmp_path)
    world.open()
    checkpoints = file_in(tmp_path)
    agent = Checkpointer(world.store, checkpoints, world.desk.continuity, "test")
    assert agent.step() == ""
    backup = world.store.backup()
    world.deny("bob")
    world.store.restore(backup)
    assert looking(world.store, file_in(tmp_path)).look() == ""
    assert agent.step() == "behind"
    assert agent.step() == "behind"
    assert looking(world.store, file_in(tmp_path)).look() == "behind"
    world.accept()


def test_s13_a_trail_that_was_linked_anew_stops_everything(tmp_path: Path) -> None:
    """An event after the last checkpoint was changed: its link breaks, and nothing proceeds."""
    world = Backed.at(tmp_path)
    checkpoints = file_in(tmp_path)
    agent = Checkpointer(world.store, checkpoints, world.desk.continuity, "test")
    world.open()
    assert agent.step() == ""
    world.tap("alice")
    at = next(at for at, one in enumerate(world.store.trail) if one.entry.event == Name.GATE_CONFIRMED)
    forged = world.store.trail[at].raw.replace(b"alice", b"carol")
    world.store.trail[at] = replace(world.store.trail[at], raw=forged)
    assert agent.step() == "broken"
    world.deliver()
    assert world.source.sent == []


@pytest.mark.parametrize("writes", range(1, 8))
def test_s21_accepting_may_be_interrupted_anywhere(tmp_path: Path, writes: int) -> None:
    """Killed after any write: nothing has proceeded, and the command, run again, ends as if nothing had happened."""
    world = Backed.at(tmp_path, CODES)
    world.enrol("alice", "bob")
    world.open()
    backup = world.store.backup()
    loss.revoke(world.desk, "alice", world.store.person("alice").authenticators[0].id, "operator:root")
    world.sign()
    world.store.restore(backup)
    world.again()
    whole = world.desk
    world.desk = replace(whole, store=Fused(whole.store, Fuse(writes)))  # type: ignore[arg-type]
    with suppress(Killed):
        rollback.accept(world.desk, file_in(tmp_path), "operator:root")
    world.desk = whole
    if looking(world.store, file_in(tmp_path)).look():
        world.accept()
    world.again()
    assert world.desk.continuity.look() == ""
    assert world.gate.state is State.DENIED
    assert world.store.person("alice").usable(Factor.TOTP) is None
    refusal("denied", lambda: world.tap("bob"))


def test_s21_without_an_answer_nothing_is_signed_for_a_store_that_is_whole(tmp_path: Path) -> None:
    """There is nothing to accept: the command changes nothing."""
    world = Backed.at(tmp_path)
    world.open()
    world.sign()
    before = world.store.heads()
    refusal("not_rolled_back", world.accept)
    assert (world.store.heads(), world.gate.state) == (before, State.PENDING)


def test_s21_a_claim_that_was_being_sent_lapses(tmp_path: Path) -> None:
    """Nobody knows whether it was: the receipt is not sent again."""
    world = Backed.at(tmp_path)
    world.open()
    world.tap("alice")
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver(1)
    while world.gate.state is not State.SENDING:
        world.deliver(1)
    backup = world.store.backup()
    world.clock.move(seconds=1)
    loss.lose(world.desk, "eve", "eve")
    world.sign()
    world.store.restore(backup)
    world.source.answer_error = None
    world.accept()
    assert world.gate.state is State.EXPIRED
    world.clock.move(seconds=60)
    world.deliver()
    assert not any(isinstance(answer, Proceed) for _, answer in world.source.sent)


def test_s21_a_form_that_was_open_takes_no_code(tmp_path: Path) -> None:
    """What was asked before the store was taken up has ended."""
    world = Backed.at(tmp_path, CODES)
    world.enrol("alice")
    world.open()
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    backup = world.store.backup()
    loss.lose(world.desk, "eve", "eve")
    world.sign()
    world.store.restore(backup)
    world.accept()
    assert world.store.person("alice").challenges == ()
