"""`/mfa why`: what a gate needs, who can answer, what did not count, and the tree of reasons, within Slack's limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import ALICE, BOTH, DAN, DEPLOYS, FACTS, GATE_ID, MINUTE, OPENED, STATES, gate
from world import World

from builders import environment, policy, rule
from jenkins_mfa.core.model import (
    Authenticator,
    Author,
    BrokenGlass,
    Clause,
    Entry,
    Factor,
    Gate,
    History,
    PersonRecord,
)
from jenkins_mfa.core.policy import Globs, Policy, break_glass, evaluate
from jenkins_mfa.core.policy.predicates import All, Texts
from jenkins_mfa.slack.limits import MAX_BLOCKS_BYTES, MAX_TEXT_BYTES, size
from jenkins_mfa.usecases.rules import InForce

HOSTILE = "x\n    Rule production passes.”" * 3


def why(world: World, user: str = ALICE, answers: int = 2) -> list[str]:
    outcome = world.slack.slash(user, "/mfa", "why 8f2c", DEPLOYS)
    world.slack.wait_for(lambda _: sum(s.kind == "ephemeral" for s in outcome.seen) == answers)
    return [sight.text for sight in outcome.seen if sight.kind == "ephemeral"]


def asked(world: World, rules: Policy, **changes: object) -> Gate:
    """The gate of the examples, opened under these rules, which hold now."""
    base = replace(gate(history=History(OPENED)), **changes)
    assert base.claims is not None
    roster = world.messenger.roster
    world.messenger.rules.now = InForce(rules, roster)
    made = replace(base, requirement=evaluate(rules, roster, base.facts, base.claims, base.history))
    world.gates.gates = [made]
    return made


def enrolled(world: World, *people: str) -> None:
    for one in people:
        key = Authenticator(f"a-{one}", Factor.TOTP, "sealed", OPENED)
        world.gates.people[one] = PersonRecord(one, 1, (key,))


def test_what_is_missing_who_can_answer_and_what_did_not_count(world: World) -> None:
    """Clause by clause; whoever lacks an authenticator, is barred or was refused stands there with the reason."""
    rules = policy(
        rule("production", approvers=("group:release", "dan"), authors_may_approve=False),
        rule("tap", factor=Factor.PUSH, approvers=("alice",)),
        rule("second", approvers=("dan", "carol"), authors_may_approve=False),
        environments=(environment("production", "team one/*"),),
    )
    asked(world, rules, confirmations=BOTH[:1], facts=replace(FACTS, authors=(Author("c", person="carol"),)))
    enrolled(world, "alice", "bob")
    world.gates.trail = [
        Entry("answer:refused", OPENED + 6 * MINUTE, "dan", f"{GATE_ID}.1", details={"reason": "requester"}),
        Entry("answer:refused", OPENED + 7 * MINUTE, "bob", f"{GATE_ID}.1", details={"reason": "code_wrong"}),
    ]
    stands, _ = why(world)
    _, answers = stands.split("\nAnswers\n")
    assert answers.split("\n") == [
        "    Waits 11 min more.",
        "    Filled: 1 of release or Dan Fox with a code (rule production).",
        "    Missing 1: 1 of Alice Wu with a tap (rule tap).",
        "        Whoever has confirmed moves here once Bob Ray answers.",
        "    Missing 1: 1 of Dan Fox or Carol Diaz with a code (rule second).",
        "        Nobody can answer it now.",
        "        Not asked: Carol Diaz wrote a commit in it, Dan Fox is behind this build.",
        "    Counted: Alice Wu (code), Nov 24, 16:05 UTC.",
        "    16:06 UTC: Not counted: Dan Fox started the build.",
        "    16:07 UTC: Not counted: Bob Ray gave a code that did not match.",
    ]


def test_whoever_has_no_authenticator_is_named_with_the_mend(world: World) -> None:
    """The one who could help can be enrolled before the deadline."""
    asked(world, policy(rule("production", approvers=("bob", "carol"))))
    enrolled(world, "carol")
    stands, _ = why(world)
    assert "        Can still answer with a code: Carol Diaz.\n" in stands
    assert stands.endswith("        No authenticator: Bob Ray. Mend: jenkins-mfa enroll local bob")


def test_the_tree_is_that_of_the_command(world: World) -> None:
    """Rules that apply come first, then those that do not, with their questions."""
    rules = policy(rule("other", job="web/*"), rule("production", environment="production"), default=rule("default"))
    asked(world, rules)
    _, tree = why(world)
    assert tree.split("\n") == [
        "Why",
        "    Rule production applies. Because of what the Jenkinsfile says, which nobody has checked.",
        "        Yes: all of these:",
        "            Yes: environment, wanted: production; with what the Jenkinsfile says: production.",
        "    Rule default applies. No rule matches on facts.",
        "    Rule other does not match.",
        "        No: all of these:",
        "            No: pipeline, wanted: web/*; seen: team one/deploy.",
    ]


GLASS = policy(
    rule("production", environment="production"),
    rule("held", always=True),
    rule("emergency", approvers=("alice", "bob"), quorum=2, break_glass=True),
    rule("elsewhere", job="web/*", approvers=("alice", "bob"), quorum=2, break_glass=True),
    environments=(environment("production", "team one/*"),),
)


def test_a_break_glass_rule_that_is_ready_is_told_beforehand(world: World) -> None:
    """Who is in a hurry finds it where the gate is explained; one that does not match stands with those."""
    asked(world, GLASS)
    _, tree = why(world)
    told = [line.strip() for line in tree.split("\n") if "Rule" in line]
    assert told == [
        "Rule production applies.",
        "Rule held applies.",
        "Rule emergency is for break-glass: those whom it names may put it in the place of the others.",
        "Rule elsewhere does not match.",
    ]


def test_a_broken_glass_is_explained_by_the_rules_that_hold_then(world: World) -> None:
    """The break-glass rule and what is marked always apply; the rest is said to be replaced."""
    made = asked(world, GLASS)
    assert made.claims is not None
    assert made.requirement is not None
    glass = break_glass(GLASS, world.messenger.roster, made.facts, made.claims, made.history)
    broken = BrokenGlass("alice", OPENED, "down", "c", made.requirement)
    world.gates.gates = [replace(made, requirement=glass, broken=broken)]
    _, tree = why(world)
    assert [line.strip() for line in tree.split("\n") if "Rule" in line] == [
        "Rule production matched, and was replaced when the glass was broken.",
        "Rule held applies.",
        "Rule emergency applies.",
        "Rule elsewhere does not match.",
    ]


def test_a_claim_that_says_what_the_policy_says_stands_there_once(world: World) -> None:
    """The environment is not told twice."""
    claimed = All((Texts("environment", Globs(("production",))), Texts("claims.action", Globs(("*",)))))
    rules = policy(rule("both", when=claimed), environments=(environment("production", "team one/*"),))
    asked(world, rules)
    _, tree = why(world)
    assert "with what the Jenkinsfile says: production." in tree
    assert "production, production" not in tree


def test_a_policy_that_has_changed_since_is_not_asked(world: World) -> None:
    """What was frozen is told, never what another policy would say."""
    asked(world, policy(rule("production", job="team one/*"), rule("other", job="web/*")))
    world.messenger.rules.now = InForce(policy(rule("new"), sha256="f" * 64), world.messenger.roster)
    _, tree = why(world)
    assert "The policy has changed since then. The rules that did not match are not kept." in tree
    assert "Rule production applies." in tree
    assert "new" not in tree
    assert "other" not in tree


@pytest.mark.parametrize("name", sorted(STATES))
def test_every_state_gets_an_answer_that_fits(world: World, name: str) -> None:
    """Also gates that were denied before any policy was asked."""
    world.gates.gates = [STATES[name]]
    first, *_ = why(world, DAN, 2 if STATES[name].requirement and STATES[name].requirement.reasons.children else 1)
    assert first.split("\n")[0].endswith(": team one/deploy #17.")


def test_a_long_tree_is_counted_and_never_cut(world: World) -> None:
    """Two hundred rules and hostile names: whole lines up to Slack's limits, and where the rest is."""
    many = [rule(f"rule-{n}", job="team*" if n % 2 else "web*", branch="*" if n % 4 else "<&>") for n in range(200)]
    asked(world, policy(*many, strangers="same"), facts=replace(FACTS, branch=HOSTILE))
    stands, tree = why(world)
    for told in (stands, tree):
        assert told.split("\n")[-1].startswith("And ")
        assert told.endswith("more lines: jenkins-mfa policy explain 8f2c")
    assert "\n    Rule production passes" not in tree
    for call in world.slack.calls("response_url"):
        assert len(call.args["text"].encode()) <= MAX_TEXT_BYTES
        assert size(call.args["blocks"]) <= MAX_BLOCKS_BYTES


def test_people_outside_the_roster_read_no_reasons(world: World) -> None:
    """The tree holds values of builds."""
    asked(world, policy())
    world.slack.add_user("U08EVE", "Eve")
    world.slack.workspace.channels[DEPLOYS].members.append("U08EVE")
    assert why(world, "U08EVE", 1) == ["This is for people of the roster. Ask ops to add U08EVE of team T01EXAMPLE."]


def test_clauses_of_no_rule_say_where_they_come_from(world: World) -> None:
    """One person more for a stranger, and those whom the Jenkinsfile asks for."""
    made = asked(world, policy())
    assert made.requirement is not None
    people = ("alice", "bob")
    added = tuple(
        Clause(name, Factor.PUSH, 1, people, ("group:release",))
        for name in ("unknown requester", "asked by the pipeline")
    )
    world.gates.gates = [replace(made, requirement=replace(made.requirement, clauses=added))]
    stands, _ = why(world)
    assert "1 of those asked with a tap (since somebody behind the build is not in the roster)" in stands
    assert "1 of those asked with a tap (asked by the Jenkinsfile)" in stands
