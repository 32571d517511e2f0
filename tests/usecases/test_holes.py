"""Bypasses and holes: each is noticed within two polls, told to ops and to approvers, in the trail and in the report.

The table of docs/testing.md names these tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NONCE, RUN, facts
from desk_world import World
from fakes import US, FakeSource, request_text
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.model import Library, Starter, State, Trigger
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.receipt import RefusedReceipt
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.core.redemption import Presented
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import Refusal
from jenkins_mfa.reporting import text
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.tally import Tally
from jenkins_mfa.usecases.redeem import redeem
from jenkins_mfa.usecases.watched import WatchedJobs
from jenkins_mfa.words import alerts, render

PROD = Consumer("prod", digest("p" * 32), ("main",), Globs(("*",)), ("production",))
OURS = Library("mfa", "1.0.0", trusted=True, variables=("mfaGate",))


class Watched(World):
    """A world that looks at its watched jobs at each poll, as a minute of the agent does."""

    def two_polls(self) -> None:
        jobs = WatchedJobs(self.desk, self.source, {RUN.pipeline: frozenset()})
        for _ in range(2):
            self.watch.poll()
            jobs.look()
            self.deliver(100)

    def report(self) -> str:
        """What `report` prints."""
        tally = Tally(Scope(0, self.clock.now() + 1))
        for gate in self.store.all_gates():
            tally.add(gate)
        for linked in self.store.audit_events():
            tally.note(linked.entry)
        return text.text(tally.report({}), self.desk.roster)


def waiting(**values: object) -> Watched:
    """A gate that waits, and that people know of."""
    world = Watched(**values)  # type: ignore[arg-type]
    world.open()
    world.deliver()
    return world


def resumed() -> Watched:
    """A gate that was approved and let on."""
    world = waiting()
    world.tap("alice")
    world.deliver()
    assert world.gate.state is State.RESUMED
    return world


def shows(world: Watched, code: str, event: str, reported: str) -> None:
    """It is noticed, once by each: ops, approvers (a copy of the alert, or a new message), the trail, the report."""
    asked = {gate.id for gate in world.messenger.told}
    before = len(world.store.trail)
    world.two_polls()
    assert [alert.code for alert in world.messenger.alerts] == [code]
    copied = [alert.code for alert in world.messenger.copies]
    news = {gate.id for gate in world.messenger.told} - asked
    assert copied == [code] or (copied == [] and len(news) == 1), "approvers are not told"
    assert [one.entry.event for one in world.store.trail[before:]].count(event) == 1
    assert reported in world.report()


@pytest.fixture(params=["pending", "approved"])
def world(request: pytest.FixtureRequest) -> Watched:
    """A gate that has not been let on: what people have said so far makes no difference."""
    made = waiting()
    if request.param == "approved":
        made.tap("alice")
    return made


def test_hole_settled_by_somebody_else(world: Watched) -> None:
    """An administrator pressed Proceed."""
    world.source.settlers.append("eve")
    world.source.pauses = {}
    shows(world, "bypassed", "gate:bypassed", "“eve” pressed Proceed")


def test_hole_proceeded_under_our_account_without_a_claim(world: Watched) -> None:
    """The agent's API token was stolen."""
    world.source.settlers.append(US)
    world.source.pauses = {}
    shows(world, "token_stolen", "gate:bypassed", "Proceed was pressed with the agent's own account")


def test_hole_aborted_by_others(world: Watched) -> None:
    """Somebody who had not started the build."""
    world.source.pauses, world.source.finished = {}, True
    world.source.ended, world.source.by = "aborted", "eve"
    shows(world, "aborted_by_other", "gate:withdrawn", "aborted there by “eve”")


def test_hole_brought_back_after_a_restore() -> None:
    """Approvers read of it as it is asked anew."""
    world = resumed()
    world.source.pauses, world.source.settlers = {"ref-1": NONCE}, []
    shows(world, "brought_back", "gate:reopened", "The input came back after its gate")


def present(world: World, token: str, run: str = RUN.id) -> None:
    given = Presented(world.source.receipts[-1], token * 22, Expected(run_id=run))
    redeem(world.desk, PROD, given, "web/10.0.0.9")


def test_hole_a_receipt_presented_twice() -> None:
    """By whoever got hold of it."""
    world = resumed()
    present(world, "a")
    with pytest.raises(Refusal):
        present(world, "b")
    assert world.store.trail[-1].entry.event == "receipt:refused"
    told(world, "receipt_twice", "it was redeemed before")


def test_hole_a_receipt_presented_for_another_run() -> None:
    """A deployment of build 18 with what was confirmed for build 17."""
    world = resumed()
    with pytest.raises((Refusal, RefusedReceipt)):
        present(world, "a", run="18")
    assert world.store.trail[-1].entry.event == "receipt:refused"
    told(world, "receipt_elsewhere", "The receipt was not taken from prod")


def told(world: Watched, code: str, reported: str) -> None:
    """As `shows`, for what is noticed when it happens."""
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == [code]
    assert [alert.code for alert in world.messenger.copies] == [code]
    assert reported in world.report()


def test_hole_twin_ids(world: Watched) -> None:
    """A second input takes the id of one that waits."""
    world.source.problems = {"ref-1": "twin"}
    shows(world, "twin", "gate:denied", "two inputs of this build have the same id")


def test_hole_an_id_copied_into_a_later_build() -> None:
    """When nothing waits with that id any more: its gate has been let on."""
    world = resumed()
    later = replace(RUN, id="18", started=RUN.started + 1)
    world.source.known = facts(run=later)
    world.source.text = request_text(run={"pipeline": later.pipeline, "id": later.id})
    world.source.pauses, world.source.settlers = {"ref-2": NONCE}, []
    shows(world, "twin", "gate:denied", "or the id belongs to another build")
    assert [ref for ref, _ in world.source.sent] == ["ref-1", "ref-2"]
    assert len(world.source.receipts) == 1
    [alert] = world.messenger.alerts
    first, *_ = alerts.alert(alert, world.store.gate(alert.gate), world.desk.roster)
    assert render.terminal(first).endswith("belongs to another build. Started by Dan, by hand.")


@pytest.mark.parametrize("libraries", [(replace(OURS, trusted=False),), ()], ids=["not trusted", "not there"])
def test_hole_a_foreign_library_or_one_that_is_not_trusted(libraries: tuple[Library, ...]) -> None:
    """A folder's library in the place of ours."""
    world = Watched(source=FakeSource(known=facts(libraries=libraries)), library="mfa")
    shows(world, "foreign_library", "gate:denied", "the library “mfa” is not there, or comes from an untrusted place")


def test_hole_another_library_that_brings_our_step() -> None:
    """Beside ours, which is trusted."""
    evil = Library("evil", "1", trusted=False, variables=("mfaGate",))
    world = Watched(source=FakeSource(known=facts(libraries=(OURS, evil))), library="mfa")
    shows(world, "shadowed", "gate:denied", "the library “evil”, which is not trusted, brings an mfaGate of its own")


def test_hole_a_submitter_that_is_not_exactly_us() -> None:
    """An input in a gate's form that others may settle."""
    world = Watched(source=FakeSource(pauses={}, misdirected={"ref-1": "agent,eve"}))
    shows(world, "gate_missing", "gate:missing", "Submitter: “agent,eve”.")


def test_hole_keys_that_the_library_does_not_know() -> None:
    """A receipt could not be verified in the build."""
    world = Watched(source=FakeSource(text=request_text(kids=["k9"])))
    shows(world, "unknown_key", "gate:denied", "the build can verify none of our keys, only “k9”")


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({}, "It ended well, and no gate of it was let go on."),
        ({"starters": (Starter(Trigger.REPLAY, "eve"),)}, "It was replayed"),
        ({"starters": (Starter(Trigger.RESTART, "eve"),)}, "It was restarted from a stage"),
        ({"libraries": (Library("mfa", "x", False, ("mfaGate",)),)}, "It loaded a library that is not trusted"),
    ],
    ids=["dropped", "replay", "restart", "library"],
)
def test_hole_a_watched_job_without_its_gate(change: dict[str, object], reported: str) -> None:
    """Dropped, replayed, restarted from a stage, or with another library."""
    world = Watched(source=FakeSource(pauses={}), library="mfa")
    one = Ran(replace(RUN, id="1"), 1, True, False)
    world.source.runs = [one]
    world.two_polls()
    well = replace(one, run=replace(RUN, id="2"), number=2, well=not change, **change)  # type: ignore[arg-type]
    world.source.runs = [well, one]
    shows(world, "gate_missing", "gate:missing", reported)
