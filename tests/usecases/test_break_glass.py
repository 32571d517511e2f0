"""Break-glass: a rule, not a bypass. Named people, their codes, a reason, and a third person who looks at it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import NOW, ROSTER, facts, person, policy, rule
from desk_world import World
from fakes import FakeSource, code_of, request_text
from jenkins_mfa.core.calendars import Calendar, Freeze
from jenkins_mfa.core.model import Factor, Gate, ReviewsRecord, Starter, State, Trigger
from jenkins_mfa.core.policy import Demand, Policy, Roster
from jenkins_mfa.core.policy.predicates import Window
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import break_glass
from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.break_glass import REMIND, BreakGlass
from jenkins_mfa.usecases.claim import take
from jenkins_mfa.usecases.rules import InForce

WHY = "the database is down"
FREEZE = rule("freeze", quorum=3)
EMERGENCY = rule(
    "emergency",
    require=(Demand(Factor.TOTP, 2, ("alice", "bob")),),
    break_glass=True,
    review_by=("group:security", "alice"),
)
GLASS = policy(FREEZE, EMERGENCY)
NEWCOMERS = Roster({**ROSTER.people, "fay": person("fay", "security"), "gus": person("gus", "release")})


def waiting(rules: Policy = GLASS, **values: object) -> World:
    world = World(rules=rules, **values)  # type: ignore[arg-type]
    world.enrol("alice", "bob", "carol")
    world.open()
    return world


def smash(world: World, who: str = "alice", reason: str = WHY, cause: str = "smash-1") -> Gate:
    return BreakGlass(world.desk).open(world.gate.jti, world.who(who), reason, cause)


def review(world: World, who: str, note: str = "right so") -> Gate:
    return BreakGlass(world.desk).review(world.gate.jti, world.who(who), note, f"review-{who}")


def resumed(rules: Policy = GLASS) -> World:
    """A gate that two people let go on under break-glass."""
    world = waiting(rules)
    smash(world)
    world.code("alice")
    world.code("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED
    return world


def refused(code: str, act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def trail(world: World) -> list[str]:
    return [entry.event for entry in world.store.entries(world.gate.jti)]


def test_the_deadline_stays_and_the_gate_says_so() -> None:
    """The rule's own time to live counts for nothing: the gate waits as long as it was opened for."""
    world = waiting(policy(replace(FREEZE, ttl=600), replace(EMERGENCY, ttl=7200)))
    before = world.gate.deadline
    broken = smash(world)
    assert broken.deadline == before
    assert broken.requirement is not None
    assert broken.requirement.ttl == 600


def test_two_named_people_pass_a_freeze_and_the_receipt_says_how() -> None:
    """The rule replaces the normal ones; what it asks for is asked as always, and stands in the signed receipt."""
    world = resumed()
    read = world.verified(world.source.receipts[0])
    assert read.break_glass
    assert [one.id for one in read.approvers] == ["alice", "bob"]
    assert read.rules == ("emergency",)
    assert trail(world).count("gate:broke_glass") == 1


def test_without_it_the_receipt_says_nothing_of_the_kind() -> None:
    """The claim marks what was broken, and nothing else."""
    world = waiting(policy(rule("production", factor=Factor.PUSH), EMERGENCY))
    world.tap("alice")
    world.deliver()
    assert not world.verified(world.source.receipts[0]).break_glass


def test_it_confirms_nothing_and_earlier_confirmations_do_not_count_for_it() -> None:
    """Two people who confirmed under the normal rules cannot be made the two of break-glass by a third command."""
    world = waiting()
    world.code("alice")
    world.code("bob")
    broken = smash(world, "bob")
    assert (broken.state, broken.confirmations) == (State.PENDING, ())
    assert broken.deadline == broken.first_deadline
    world.clock.move(seconds=30)
    world.code("alice")
    assert world.gate.state is State.PENDING
    world.code("bob")
    assert world.gate.state is State.APPROVED


def test_a_form_that_was_opened_before_does_not_count_for_it() -> None:
    """Who typed a code for the normal rules is not made one of the two of break-glass while the form stands open."""
    world = waiting()
    form = world.tap("bob")
    assert isinstance(form, NeedsCode)
    smash(world, "alice")
    refused("challenge_over", lambda: world.type("bob", form.challenge_id, code_of("bob", world.clock)))
    assert world.gate.confirmations == ()
    world.code("bob")
    assert [one.person for one in world.gate.confirmations] == ["bob"]


def test_ops_and_the_trail_hear_of_it_at_once() -> None:
    """It shouts: an alert, and an event with who, why and by which rule."""
    world = waiting()
    smash(world)
    world.deliver()
    assert "broke_glass" in [alert.code for alert in world.messenger.alerts]
    (entry,) = [one for one in world.store.entries(world.gate.jti) if one.event == "gate:broke_glass"]
    assert (entry.actor, entry.details["reason"], entry.details["rules"]) == ("alice", WHY, "emergency")


def test_the_same_command_delivered_twice_counts_once() -> None:
    """A cause finds itself; another command is told that it was done."""
    world = waiting()
    assert smash(world) == smash(world)
    assert len(world.store.reviews().open) == 1
    refused("broken_before", lambda: smash(world, "bob", cause="smash-2"))


@pytest.mark.parametrize(("who", "code"), [("carol", "not_glass"), ("dan", "requester"), ("nobody", "not_in_roster")])
def test_only_those_whom_the_rule_names_begin_it(who: str, code: str) -> None:
    """Carol may confirm under the normal rule, which gives her no say here; dan started the build."""
    world = waiting()
    refused(code, lambda: smash(world, who))
    assert world.gate.broken is None
    assert trail(world)[-1] == "answer:refused"


def test_a_requester_whom_the_rule_names_does_not_begin_it() -> None:
    """S9 holds under break-glass; what is left of the two is too few."""
    known = facts(starters=(Starter(Trigger.PERSON, "alice", "alice"),))
    world = waiting(source=FakeSource(known=known), rules=policy(rule("freeze", quorum=2), EMERGENCY))
    refused("requester", lambda: smash(world))
    refused("glass_refused", lambda: smash(world, "bob"))


def test_a_policy_without_such_a_rule_forbids_it() -> None:
    """So does one whose rule is for other builds."""
    refused("no_glass", lambda: smash(waiting(policy(FREEZE))))
    elsewhere = replace(rule("emergency", job="other/*"), require=EMERGENCY.require, break_glass=True)
    refused("no_glass", lambda: smash(waiting(policy(FREEZE, elsewhere))))


def test_a_rule_that_asks_about_claims_never_applies() -> None:
    """What the pipeline says cannot open the way round the rules."""
    asks = replace(rule("emergency", environment="production"), require=EMERGENCY.require, break_glass=True)
    refused("no_glass", lambda: smash(waiting(policy(FREEZE, asks))))


def test_rules_marked_always_hold_on() -> None:
    """Break-glass beats the freeze, not what must always be."""
    world = waiting(policy(rule("freeze"), EMERGENCY, rule("security", approvers=("group:security",), always=True)))
    refused("not_glass", lambda: smash(world, "carol", cause="smash-0"))
    smash(world)
    world.code("alice")
    world.code("bob")
    assert world.gate.state is State.PENDING
    world.code("carol")
    assert world.gate.state is State.APPROVED


def test_a_rule_marked_always_that_begins_to_match_later_comes_on_top() -> None:
    """A freeze that nobody may break into begins after the glass was broken: at the quorum, and at the claim."""
    begins = Freeze("audit", NOW + 60_000, NOW + 7_200_000, "year's end")
    calendar = Calendar("year", ZoneInfo("UTC"), freezes=(begins,))
    held = rule("audit", when=Window(calendar, inside=False), approvers=("group:security",), always=True)
    soft = rule("soft", when=Window(calendar, inside=False), quorum=3)
    for early in (True, False):
        world = waiting(policy(FREEZE, EMERGENCY, held, soft))
        smash(world)
        world.clock.move(ms=60_000 * early)
        world.code("alice")
        world.code("bob")
        if not early:
            assert world.gate.state is State.APPROVED
            world.clock.move(ms=60_000)
            world.deliver()
        assert world.gate.state is State.PENDING
        assert world.gate.requirement is not None
        assert [t.rules for t in world.gate.requirement.tightened] == [("audit",)]
        world.code("carol")
        world.deliver()
        assert world.gate.state is State.RESUMED


def test_a_policy_that_gets_a_rule_marked_always_asks_it_under_broken_glass() -> None:
    """Also where somebody unknown is behind the run and the pipeline asks for people: those places stay as they are."""
    world = waiting(
        source=FakeSource(
            known=facts(starters=(Starter(Trigger.PERSON, "x", None),)), text=request_text(ask={"quorum": 4})
        ),
        rules=policy(
            rule("freeze", approvers=("group:release", "eve")),
            replace(EMERGENCY, require=(Demand(Factor.TOTP, 2, ("alice", "bob", "carol", "eve")),)),
        ),
    )
    world.enrol("eve", "dan")
    smash(world)
    held = rule("held", approvers=("dan",), always=True)
    world.desk.rules.now = InForce(replace(world.desk.policy, rules=(*world.desk.policy.rules, held)), ROSTER)
    for one in ("alice", "bob", "carol", "eve"):
        world.code(one)
    assert world.gate.state is State.PENDING
    world.code("dan")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_what_cannot_be_shown_whole_is_not_begun() -> None:
    """What is shown is what is signed: the reason is part of it."""
    world = waiting()
    world.messenger.unshowable = "too long"
    refused("glass_unshown", lambda: smash(world))
    assert world.store.reviews() == ReviewsRecord(0, ())


def test_whoever_was_asked_before_can_still_deny() -> None:
    """Carol is no approver any more, and may stop it."""
    world = waiting()
    smash(world)
    refused("not_eligible", lambda: world.tap("carol"))
    assert world.deny("carol").state is State.DENIED


@pytest.mark.parametrize(
    "later",
    [
        policy(FREEZE),
        policy(FREEZE, replace(EMERGENCY, require=(Demand(Factor.TOTP, 3, ("alice", "bob", "carol")),))),
    ],
    ids=["gone", "stricter"],
)
def test_the_policy_is_asked_again_at_the_claim(later: Policy) -> None:
    """A rule that security has taken out or tightened meanwhile gives no receipt any more."""
    world = waiting()
    smash(world)
    world.code("alice")
    world.code("bob")
    world.desk.rules.now = InForce(later, ROSTER)
    world.deliver()
    assert world.source.receipts == []
    assert world.gate.denial is not None
    assert world.gate.denial.reason == "glass_gone"


def test_whoever_writes_the_store_cannot_break_the_glass() -> None:
    """T8: a gate that was put under another requirement there has lost its seal, and gets no receipt."""
    world = waiting()
    gate = world.gate
    glass = break_glass.required(world.desk, gate, gate.opened_at)
    world.store._records[f"gate:{gate.id}"] = replace(gate, requirement=glass)
    with pytest.raises(DamagedError):
        world.store.gate(gate.id)
    refused("seal_broken", lambda: world.answers.tap(gate.jti, world.who("alice"), "tap"))


def test_an_older_copy_with_its_seal_does_not_take_break_glass_back() -> None:
    """T8: the trail's last word names the version with the glass broken; the claim takes no older one."""
    world = waiting(policy(rule("production", quorum=1), EMERGENCY))
    world.code("carol")
    approved = world.gate
    assert approved.state is State.APPROVED
    other = waiting()
    before = other.gate
    smash(other)
    other.store.put(before)
    with pytest.raises(Exception, match="not the newest"):
        take(other.desk, other.gate)


def test_it_leaves_a_review_until_a_third_person_has_signed_it_off() -> None:
    """Written in the commit that broke the glass, and gone in the one that puts the reviewer into the trail."""
    world = resumed()
    assert [one.gate for one in world.store.reviews().open] == [world.gate.id]
    before = world.gate
    review(world, "carol")
    assert world.store.reviews().open == ()
    assert world.gate == before
    last = world.store.entries(world.gate.jti)[-1]
    assert (last.event, last.actor, last.details["reason"]) == ("gate:reviewed", "carol", "right so")
    refused("no_review", lambda: review(world, "carol", "again"))


@pytest.mark.parametrize("who", ["alice", "bob", "dan"])
def test_who_had_a_part_in_it_does_not_review(who: str) -> None:
    """Opener, confirmer and requester; alice is even named by review_by."""
    world = resumed()
    refused("took_part", lambda: review(world, who))
    assert len(world.store.reviews().open) == 1


def test_the_opener_who_confirmed_nothing_does_not_review_either() -> None:
    """Otherwise one person begins it and signs it off."""
    rules = policy(FREEZE, replace(EMERGENCY, require=(Demand(Factor.TOTP, 2, ("alice", "bob", "carol")),)))
    world = waiting(rules)
    smash(world, "carol")
    world.code("alice")
    world.code("bob")
    world.deliver()
    refused("took_part", lambda: review(world, "carol"))


def test_a_reviewer_is_named_by_the_rule_or_was_asked_before() -> None:
    """Eve is neither; fay is of security; gus is of release, whom the freeze asked."""
    world = resumed()
    refused("not_reviewer", lambda: review(world, "eve"))
    world.desk.rules.now = InForce(GLASS, NEWCOMERS)
    refused("not_reviewer", lambda: review(world, "gus"))  # joined after the gate had opened
    review(world, "fay")


def test_nothing_is_reviewed_before_it_is_over() -> None:
    """Who confirms is not known yet."""
    world = waiting()
    smash(world)
    refused("not_over", lambda: review(world, "carol"))


def test_a_gate_that_nobody_confirmed_is_reviewed_too() -> None:
    """Breaking the glass is what is looked at, whatever became of it."""
    world = waiting()
    smash(world)
    world.deny("carol")
    world.deliver()
    assert world.gate.state is State.ABORTED
    review(world, "carol", "")
    assert world.store.reviews().open == ()


def test_ops_are_reminded_once_a_day() -> None:
    """Not before a day is over, then once until the next is."""
    world = resumed()
    assert break_glass.remind(world.desk) == 0
    world.clock.move(ms=REMIND)
    assert break_glass.remind(world.desk) == 1
    assert break_glass.remind(world.desk) == 0
    world.clock.move(ms=REMIND)
    assert break_glass.remind(world.desk) == 1
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts].count("unreviewed") == 2
    review(world, "carol")
    world.clock.move(ms=REMIND)
    assert break_glass.remind(world.desk) == 0


def test_a_damaged_list_of_reviews_stops_break_glass_and_is_told() -> None:
    """Fail closed: without a list there would be no review."""
    world = resumed()
    world.store._records["reviews"] = ReviewsRecord(1, ())
    refused("reviews_damaged", lambda: review(world, "carol"))
    assert break_glass.remind(world.desk) == 0
    world.deliver()
    assert "record_damaged" in [alert.code for alert in world.messenger.alerts]


def test_a_stronger_factor_asked_by_the_pipeline_holds_under_break_glass() -> None:
    """What the Jenkinsfile asks for on top is asked for here, too."""
    text = request_text(ask={"quorum": 3})
    world = waiting(source=FakeSource(text=text))
    refused("glass_refused", lambda: smash(world))
