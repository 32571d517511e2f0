"""Opening a gate: what is asked, and what is denied before anybody is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from builders import NONCE, RUN, facts, nonce, policy, rule
from desk_world import World
from fakes import FakeMessenger, FakeSource, as_json, request_text
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Factor, Gate, Library, Run, Starter, State
from jenkins_mfa.core.policy import Globs, Policy
from jenkins_mfa.core.policy.predicates import All, Texts
from jenkins_mfa.core.policy.scene import Scene
from jenkins_mfa.errors import SourceGoneError, SourceUnavailableError, StoreUnavailableError, UntrustedInputError
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.ports import Opened, Paused
from jenkins_mfa.usecases.watch import Watch


def opened(**values: object) -> World:
    world = World(**values)  # type: ignore[arg-type]
    world.watch.poll()
    return world


def test_a_pause_opens_a_pending_gate_that_is_told_once() -> None:
    """The straight line's first half: seen, stored, told; a second poll opens nothing."""
    world = opened()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.PENDING
    assert [gate.jti for gate in world.messenger.told] == [world.gate.jti]
    assert [entry.event for entry in world.store.entries(world.gate.jti)] == ["gate:opened"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"not json", "bad_request"),
        (b"\xff\xfe" + request_text(), "bad_request"),
        (request_text().replace(b"Deploy 1.4", b"Deploy \xe9"), "bad_request"),
        (request_text(v=2), "wrong_version"),
        (request_text(run={"pipeline": "other", "id": "17"}), "other_run"),
        (request_text(run={"pipeline": RUN.pipeline, "id": "18"}), "other_run"),
        (request_text(kids=["k9"]), "unknown_key"),
        (request_text(message="a\u202eb"), "bad_request"),
        (request_text(ask={"factor": "webauthn"}), "factor_unavailable"),
        (request_text(ask={"quorum": 10}), "too_few_people"),
    ],
)
def test_a_request_that_cannot_be_used_is_denied_with_its_reason(text: bytes, code: str) -> None:
    """Malformed input is denied, stored, told, and aborts its run; nobody is asked."""
    world = opened(source=FakeSource(text=text))
    assert world.gate.state is State.DENIED
    assert world.gate.denial is not None
    assert (world.gate.denial.person, world.gate.denial.reason) == (None, code)
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.source.receipts == []


def test_facts_that_cannot_be_read_whole_deny_the_gate() -> None:
    """A 50 MB request ends as a denial, not as a stuck build."""
    world = World()

    def refuse(paused: Paused) -> object:
        raise UntrustedInputError("the request is too large")

    world.source.facts = refuse  # type: ignore[assignment,method-assign]
    world.watch.poll()
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "bad_request"


def test_s20_what_cannot_be_shown_whole_is_denied() -> None:
    """S20: what is shown is what is signed, whole or refused."""
    world = opened(messenger=FakeMessenger(unshowable="the build's name is 900 characters"))
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "cannot_show"


@pytest.mark.parametrize(
    "libraries",
    [(), (Library("mfa", "1.0.0", trusted=False),), (Library("other", "1", trusted=True),)],
)
def test_a_library_that_is_not_trusted_is_denied_with_an_alert(libraries: tuple[Library, ...]) -> None:
    """T7: a folder's library of the same name is untrusted, and it is seen."""
    world = opened(source=FakeSource(known=facts(libraries=libraries)), library="mfa")
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert [alert.code for alert in world.messenger.alerts] == ["foreign_library"]


def test_another_library_that_brings_our_step_is_denied() -> None:
    """An untrusted library may not bring a variable named like ours, although the trusted one wins today."""
    ours = Library("mfa", "1.0.0", trusted=True, variables=("mfaGate",))
    evil = Library("evil", "1", trusted=False, variables=("mfaGate", "input"))
    world = opened(source=FakeSource(known=facts(libraries=(ours, evil))), library="mfa")
    assert world.gate.denial is not None
    assert (world.gate.denial.reason, world.gate.denial.values) == ("shadowed", {"library": "evil"})


def test_the_trusted_library_is_let_in() -> None:
    """The other side of the rule."""
    known = facts(libraries=(Library("mfa", "1.0.0", trusted=True),))
    assert opened(source=FakeSource(known=known), library="mfa").gate.state is State.PENDING


def test_twin_pauses_are_not_asked() -> None:
    """Two open inputs with one id: a proceed takes the oldest, so neither can be answered safely."""
    world = opened(source=FakeSource(problems={"ref-1": "twin"}))
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "twin"


@pytest.mark.parametrize("failure", [SourceUnavailableError("503"), UntrustedInputError("no build")])
def test_a_twin_is_denied_also_where_its_build_cannot_be_read(failure: Exception) -> None:
    """Who started it is worth a line, and nothing waits for that line."""

    class Silent(FakeSource):
        def starters(self, run: Run) -> tuple[Starter, ...]:
            raise failure

    world = opened(source=Silent(problems={"ref-1": "twin"}))
    assert world.gate.denial is not None
    assert (world.gate.denial.reason, world.gate.facts.starters) == ("twin", ())


@pytest.mark.parametrize("problem", ["twin", "bad request"])
def test_a_pause_that_is_denied_unread_tells_who_started_its_build(problem: str) -> None:
    """Two inputs of one build share an id, or the request cannot be read: the first question is who did that."""

    class Unreadable(FakeSource):
        def facts(self, paused: Paused) -> Opened:
            raise UntrustedInputError("two inputs of the build share one id")

    problems = {"ref-1": "twin"} if problem == "twin" else {}
    world = opened(source=Unreadable(problems=problems))
    assert world.gate.state is State.DENIED
    assert [starter.person for starter in world.gate.facts.starters] == ["dan"]


def test_a_twin_that_comes_later_denies_the_gate_that_waits() -> None:
    """A second input takes the id of a pending one: a proceed would go to both, so the gate is denied."""
    world = opened()
    world.source.problems = {"ref-1": "twin"}
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.denial is not None
    assert (world.gate.denial.person, world.gate.denial.reason) == (None, "twin")
    assert [alert.code for alert in world.messenger.alerts] == ["twin"]
    assert world.source.receipts == []


def test_two_replicas_open_one_gate() -> None:
    """The reference decides: whoever comes second finds the gate of the first."""
    world = opened()
    other = open_gate(world.desk, world.source, Paused("ref-1", NONCE, RUN))
    assert other.id == world.gate.id
    assert len(world.store.open_gates()) == 1


def test_a_source_that_is_away_changes_nothing() -> None:
    """A poll that fails changes no gate."""
    world = World()
    world.source.error = SourceUnavailableError("503")
    with pytest.raises(SourceUnavailableError):
        world.watch.poll()
    assert world.store.open_gates() == []
    assert world.store.trail == []


def test_one_pause_that_cannot_be_read_does_not_stop_the_others() -> None:
    """Hostile or broken builds do not hold back other people's."""
    world = World(source=FakeSource(pauses={"ref-0": nonce("ref-0"), "ref-1": NONCE}))
    real = world.source.facts

    def some(paused: Paused) -> object:
        if paused.ref == "ref-0":
            raise SourceUnavailableError("500")
        return real(paused)

    world.source.facts = some  # type: ignore[assignment,method-assign]
    world.watch.poll()
    assert [gate.external_ref for gate in world.store.open_gates()] == ["ref-1"]


def test_a_pause_that_nobody_thought_of_does_not_end_the_watcher() -> None:
    """An error of ours, met in one pause, is logged; the other pauses are opened."""
    world = World(source=FakeSource(pauses={"ref-0": nonce("ref-0"), "ref-1": NONCE}))
    real = world.source.facts

    def broken(paused: Paused) -> Opened:
        if paused.ref == "ref-0":
            raise ValueError
        return real(paused)

    world.source.facts = broken  # type: ignore[assignment,method-assign]
    assert world.watch.poll() == 2
    assert world.gate.state is State.PENDING
    assert world.store.gate_of("main", "ref-0") is None


def test_a_request_with_hundreds_of_problems_is_told_in_few_words() -> None:
    """S15: the denial must fit into a message, or nobody hears of it."""
    members = as_json(request_text()) | {f"k{n}": 1 for n in range(300)}
    world = opened(source=FakeSource(text=json.dumps(members).encode()))
    assert world.gate.denial is not None
    problem = world.gate.denial.values["problem"]
    assert problem.endswith("; and 295 more")
    assert len(problem) < 2000


def test_a_gate_opened_while_its_run_was_read_is_not_taken_for_gone() -> None:
    """Parallel branches: the reading that followed one answer is older than the other branch's pause."""
    world = opened()
    world.tap("alice")
    real = world.source.outcome

    def slow(run: Run) -> Outcome:
        found = real(run)
        world.source.outcome = real  # type: ignore[method-assign]
        world.source.pauses["ref-2"] = nonce("ref-2")
        world.watch.poll()
        return found

    world.source.outcome = slow  # type: ignore[assignment,method-assign]
    world.deliver()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    assert (world.gate.state, second.state) == (State.RESUMED, State.PENDING)


def test_missing_once_is_not_gone() -> None:
    """After a restart the listing is incomplete for seconds: missing is not settled."""
    world = opened()
    pauses, world.source.pauses = world.source.pauses, {}
    world.watch.poll()
    assert world.gate.state is State.PENDING
    world.source.pauses = pauses
    world.watch.poll()
    world.watch.poll()
    assert world.gate.state is State.PENDING


def test_a_run_that_ended_withdraws_its_gate() -> None:
    """Two polls miss it, and the run's own record says that it was stopped."""
    world = opened()
    world.source.pauses, world.source.finished, world.source.ended, world.source.by = {}, True, "aborted", "dfox"
    world.watch.poll()
    world.watch.poll()
    assert world.gate.state is State.WITHDRAWN
    assert world.gate.ending is not None
    assert (world.gate.ending.code, world.gate.ending.by) == ("aborted", "dfox")
    world.deliver()
    assert world.source.notes[-1].startswith("in place of a line that waits: ")


def test_a_gate_that_is_withdrawn_leaves_the_line_to_one_that_waits_still() -> None:
    """A run has one line for all its gates."""
    world = opened()
    world.source.pauses["ref-2"] = "Mfa-" + "2" * 32
    world.watch.poll()
    world.deliver()
    said = list(world.source.notes)
    del world.source.pauses["ref-1"]
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert (world.gate.state, world.source.notes) == (State.WITHDRAWN, said)


def test_a_plain_pause_that_says_more_than_is_shown_is_denied_and_its_text_kept_nowhere() -> None:
    """No message would take it, so that ops would read of a message that was not sent beside each such denial."""
    source = FakeSource(text=b"y" * 20_480, known=facts(plain="Release"), pauses={"ref-1": "Release"})
    listed = source.pending
    source.pending = lambda: [replace(one, plain=True) for one in listed()]  # type: ignore[method-assign]
    world = opened(source=source, rules=policy(rule(when=Texts("plain_input", Globs(("Release",))))))
    assert world.gate.denial is not None
    assert "20480 characters long" in str(world.gate.denial.values)
    assert (world.gate.state, "yyy" in str(world.gate)) == (State.DENIED, False)


def test_a_sticky_denial_meets_later_gates_of_the_run() -> None:
    """A person's denial holds for the whole run: the next ask is denied, and says who denied."""
    world = opened()
    world.deny("bob")
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    later = world.store.gate_of("main", "ref-2")
    assert later is not None
    assert later.denial is not None
    assert (later.state, later.denial.reason, later.denial.values["person"]) == (State.DENIED, "sticky", "bob")


def test_a_denial_by_the_system_is_not_sticky() -> None:
    """Only people's denials hold for the run."""
    world = opened(source=FakeSource(text=b"junk"))
    world.source.text = request_text()
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    later = world.store.gate_of("main", "ref-2")
    assert later is not None
    assert later.state is State.PENDING


def test_claims_of_the_pipeline_are_frozen_in_the_gate() -> None:
    """The request is immutable: its digest is in the gate, over exactly the bytes that came."""
    world = opened(source=FakeSource(text=request_text(details={"version": "1.4"})))
    assert world.gate.claims is not None
    assert world.gate.claims.details == (("version", "1.4"),)
    assert len(world.gate.request_sha256) == 64
    assert "493817" not in repr(world.gate.claims)


def test_s17_no_rule_means_denied() -> None:
    """S17: a missing policy never lets a build go on."""
    rules: Policy = policy(rule(job="other", factor=Factor.PUSH))
    world = opened(rules=replace(rules, default=None))
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "no_rule"


def test_an_error_in_the_policy_denies_and_alerts() -> None:
    """There should be none; if there is, nobody is asked, nothing passes, ops hear where, and no value is told."""

    class Broken(All):
        def look(self, scene: Scene) -> bool:
            raise ValueError(f"hunter2 {scene}")

    world = opened(rules=policy(replace(rule(), when=Broken(()))))
    assert world.gate.denial is not None
    assert (world.gate.denial.person, world.gate.denial.reason) == (None, "policy_error")
    world.deliver()
    assert world.gate.state is State.ABORTED
    assert world.source.receipts == []
    assert [alert.code for alert in world.messenger.alerts] == ["policy_error"]
    assert "ValueError in look" in world.messenger.alerts[0].values["problem"]
    assert "hunter2" not in repr((world.gate, world.messenger.alerts))


def test_a_run_that_cannot_be_read_is_logged_when_that_begins_and_when_it_ends() -> None:
    """A deleted build is looked at twice a second for a minute; two lines say so, the second with the count."""
    world = opened()
    pauses, world.source.pauses = world.source.pauses, {}

    def gone(run: Run) -> Outcome:
        raise SourceGoneError("the run is not visible")

    read, world.source.outcome = world.source.outcome, gone  # type: ignore[method-assign]
    with capture_logs() as logged:
        for _ in range(4):
            world.watch.poll()
        world.source.outcome = read  # type: ignore[method-assign]
        world.source.pauses = pauses
        world.watch.poll()
        world.watch.poll()
    assert [line["event"] for line in logged] == ["run not read", "run settled or read again"]
    assert logged[1]["not_read"] == 3


def test_one_runs_pauses_are_opened_in_their_order_and_once_however_slowly_it_is_read() -> None:
    """What is under way is not begun again by the next poll, nor is another pause of that run taken before."""
    world = World()
    waiting: list[Callable[[], None]] = []
    world.watch = Watch(world.desk, world.source, waiting.append)
    world.source.pauses = {"ref-1": NONCE, "ref-2": "Mfa-" + "1" * 32}
    world.watch.poll()
    world.source.pauses["ref-3"] = "Mfa-" + "2" * 32
    world.watch.poll()
    assert len(waiting) == 1
    opening = world.source.facts

    def slow(paused: Paused) -> Opened:
        world.source.pauses["ref-4"] = "Mfa-" + "3" * 32
        world.watch.poll()
        return opening(paused)

    world.source.facts = slow  # type: ignore[method-assign]
    waiting.pop()()
    assert waiting == []
    world.watch.poll()
    waiting.pop()()
    assert [gate.external_ref for gate in world.store.open_gates()] == [
        "ref-1",
        "ref-2",
        "ref-3",
        "ref-4",
    ]
    world.watch.poll()
    assert waiting == []


def test_a_store_that_is_away_while_a_pause_is_opened_lets_the_next_poll_open_it() -> None:
    """Nothing is remembered of an opening that failed."""
    world = World()
    real, world.store.commit = world.store.commit, _away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        world.watch.poll()
    world.store.commit = real  # type: ignore[method-assign]
    assert world.open().state is State.PENDING


def made_anew(world: World, second: str) -> Gate:
    """The pipeline is deleted and made anew: a run of the same name and number, with a pause of its own."""
    world.source.known = replace(world.source.known, run=replace(RUN, started=2_000))
    world.source.pauses, world.source.settlers, world.source.finished = {"ref-2": second}, [], False
    world.watch.poll()
    found = world.store.gate_of("main", "ref-2")
    assert found is not None
    return found


def test_a_run_made_anew_under_the_same_name_inherits_no_denial() -> None:
    """What was denied was another run; its own denial holds for it, and for that one no more."""
    world = World(source=FakeSource(known=facts(run=replace(RUN, started=1_000))))
    world.open()
    world.deny("bob")
    world.deliver()
    fresh = made_anew(world, "Mfa-" + "1" * 32)
    assert fresh.state is State.PENDING
    world.answers.deny(fresh.jti, world.who("bob"), "no", False, "again")
    world.source.pauses["ref-3"] = "Mfa-" + "3" * 32
    world.watch.poll()
    later = world.store.gate_of("main", "ref-3")
    assert later is not None
    assert (later.state, later.denial and later.denial.reason) == (State.DENIED, "sticky")


def test_an_open_gate_of_the_run_before_ends_by_itself_and_judges_nothing_of_the_new_one() -> None:
    """Each is judged by its own run: the old one is not there any more, the new one's settlers are its own."""
    world = World(source=FakeSource(known=facts(run=replace(RUN, started=1_000)), settlers=["dev", "dev"]))
    old = world.open()
    real = world.source.outcome

    def outcome(run: Run) -> Outcome:
        return Outcome(frozenset(), (), "agent", True, "invisible") if run.started == 1_000 else real(run)

    world.source.outcome = outcome  # type: ignore[method-assign]
    fresh = made_anew(world, "Mfa-" + "1" * 32)
    world.watch.poll()
    world.watch.poll()
    ended = world.store.gate(old.id)
    assert ended is not None
    assert ended.state is State.WITHDRAWN
    assert world.store.run(RUN.key).settlers == ()
    world.answers.tap(fresh.jti, world.who("alice"), "tap")
    world.deliver()
    resumed = world.store.gate(fresh.id)
    assert resumed is not None
    assert (resumed.state, world.messenger.alerts) == (State.RESUMED, [])


def _away(_commit: object) -> None:
    raise StoreUnavailableError("away")


def test_the_trail_says_what_became_of_the_rules() -> None:
    """An auditor reads it without the policy of that day; hundreds of rules do not keep a gate from opening."""
    many = (rule(f"{n:03}-{'x' * 60}", approvers=("group:release",)) for n in range(300))
    world = opened(rules=policy(*many))
    (entry, *_) = world.store.entries(world.gate.jti)
    assert str(entry.details["effects"]).startswith(f"000-{'x' * 60} applies, 001-")
    assert entry.details["rules"].endswith(" more")  # type: ignore[union-attr]
