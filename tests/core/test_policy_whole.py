"""Whole requirements and whole trees of reasons, part by part: what no other test looks at is held here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW, ROSTER, claims, environment, facts, policy, rule
from jenkins_mfa.core.model import (
    Author,
    Clause,
    Escalation,
    Factor,
    History,
    Reason,
    Requirement,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import (
    Absence,
    Demand,
    Exemption,
    Globs,
    Resource,
    Roster,
    Rule,
    break_glass,
    evaluate,
)
from jenkins_mfa.core.policy.predicates import Texts
from jenkins_mfa.core.policy.rules import ALWAYS
from policy_scenes import (
    ACTION,
    ASKED_JOB,
    CODE,
    HISTORY,
    JOB,
    LIVE,
    NOT_JOB,
    OTHER,
    RELEASE,
    SECURITY,
    TAP,
    asked,
    node,
    tree,
)


def test_everything_that_rules_say_stands_in_the_requirement() -> None:
    """Two rules that apply, one on trial, one that does not match; the pipeline asks for more and for less time."""
    first = Rule(
        "first",
        (Demand(TAP, 1, RELEASE), Demand(CODE, 1, SECURITY)),
        JOB,
        ttl=1200,
        channel="C1",
        remind_after=300,
        escalate_after=600,
        escalate_to=("eve", "dan"),
        escalate_channel="C9",
        supersede=True,
    )
    second = rule("second", factor=TAP, ttl=900, remind_after=100)
    trial = rule("trial", factor=CODE, quorum=2, approvers=SECURITY, observe=True, ttl=5, channel="C5", remind_after=1)
    found = policy(
        first,
        second,
        trial,
        rule("away", job="other/*", ttl=1),
        environments=(environment("live", "team*", tags=("pci", "db")), environment("test", "other*", tags=("x",))),
        resources=(Resource(Globs(("terraform/*",)), ("infra",)), Resource(Globs(("docs/*",)), ("paper",))),
    )
    paths = facts(paths=("terraform/a.tf", "src/a.py"))
    got = asked(found, claims(environment="live", factor=CODE, quorum=5, ttl=700), paths)
    release, everyone = ("alice", "bob", "carol"), ("alice", "bob", "carol")
    assert got == Requirement(
        clauses=(
            Clause("first", CODE, 1, release, RELEASE),
            Clause("first", CODE, 1, ("carol",), SECURITY),
            Clause("second", CODE, 1, release, RELEASE),
            Clause("asked by the pipeline", CODE, 2, everyone, ("group:release", "group:security")),
        ),
        ttl=700,
        channels=("", "C1"),
        rules=("first", "second"),
        policy_sha256="0" * 64,
        environments=("live",),
        tags=("db", "infra", "pci"),
        refusal=Reason("too_few_people", {"needed": "5"}, False),
        reasons=Reason(
            "requirement",
            holds=True,
            children=(
                node("first", "applies", ASKED_JOB),
                node("second", "applies"),
                node("trial", "observes"),
            ),
        ),
        observed=(Clause("trial", CODE, 2, ("carol",), SECURITY),),
        remind_after=100,
        escalations=(Escalation("first", 600, ("eve",), ("eve", "dan"), "C9"),),
        supersede=True,
    )


def test_a_plain_requirement_has_none_of_the_rest() -> None:
    """No reminder, no escalation, nothing on trial, nothing that lets pass; half an hour at most, as the rule says."""
    assert asked(policy(rule("plain", job="team one/*"))) == Requirement(
        clauses=(Clause("plain", CODE, 1, ("alice", "bob", "carol"), RELEASE),),
        ttl=1800,
        channels=("",),
        rules=("plain",),
        policy_sha256="0" * 64,
        reasons=Reason("requirement", children=(node("plain", "applies", Reason("all", children=(ASKED_JOB,))),)),
    )


@pytest.mark.parametrize("ttl", [60, 1800, 86_400])
def test_no_gate_waits_longer_than_the_limit_a_rule_or_the_pipeline_says(ttl: int) -> None:
    """The shortest of the three."""
    assert asked(policy(rule(ttl=ttl), max_ttl=3600), claims(ttl=1000)).ttl == min(ttl, 1000)
    assert asked(policy(rule(ttl=ttl), max_ttl=3600)).ttl == min(ttl, 3600)


def test_what_lets_pass_is_told_with_its_rules_channels_and_time() -> None:
    """A rule and an exemption, each by its own name; nobody is asked and nobody is reminded."""
    lets = Rule("lets", (), JOB, passes=True, channel="C2", ttl=50)
    exempt = Exemption("moving", Globs(("strict",)), JOB, NOW + 1, "we move")
    strict = rule("strict", channel="C3", ttl=40)
    got = asked(policy(lets, strict, rule("late", channel="C4"), exemptions=(exempt,)))
    assert (got.clauses, got.passes_by, got.refusal, got.rules) == ((), ("lets", "moving"), None, ("lets", "strict"))
    assert (got.channels, got.ttl, got.remind_after) == (("C2", "C3"), 40, 0)
    assert got.reasons.children == (
        node("lets", "passes", ASKED_JOB),
        node("strict", "exempted", exemption="moving"),
        node("late", "overruled"),
    )


def test_a_rule_that_is_always_asked_leaves_nothing_passed() -> None:
    """What lets pass is not named where somebody is asked after all."""
    got = asked(policy(Rule("lets", (), JOB, passes=True), rule("must", always=True)))
    assert (got.rules, got.passes_by) == (("must",), ())
    assert [clause.rule for clause in got.clauses] == ["must"]


@pytest.mark.parametrize("said", [claims(factor=TAP), claims(quorum=1), claims(factor=TAP, quorum=1)])
def test_a_pipeline_that_asks_is_not_let_pass(said) -> None:  # type: ignore[no-untyped-def]
    """By factor, by number, or both: the rule that would let it pass gives way, and the other one asks."""
    found = policy(Rule("lets", (), JOB, passes=True), rule("strict"))
    got = asked(found, said)
    assert (got.passes_by, got.rules) == ((), ("strict",))
    assert got.reasons.children == (node("lets", "declined", ASKED_JOB), node("strict", "applies"))


def test_the_default_stands_in_only_where_no_rule_is_certain() -> None:
    """With a certain rule it is silent; beside a claimed one it asks; what lets pass is certain, too."""
    default = rule("default", factor=TAP)
    assert asked(policy(rule("known", job="team one/*"), default=default)).rules == ("known",)
    claimed = Rule("said", (Demand(CODE, 1, RELEASE),), ACTION)
    assert asked(policy(claimed, default=default)).rules == ("said", "default")
    assert asked(policy(Rule("lets", (), JOB, passes=True), default=default)).passes_by == ("lets",)
    unknown = Rule("paths", (Demand(CODE, 1, RELEASE),), Texts("changed_paths", Globs(("docs/*",))))
    assert asked(policy(unknown, default=default)).rules == ("paths", "default")
    nothing = asked(policy(claimed, rule("away", job="other/*")))
    assert (nothing.rules, nothing.refusal) == ((), Reason("no_rule", holds=False))
    assert nothing.reasons == Reason("requirement", holds=False)


def test_a_default_that_lets_pass_does_so_only_where_nothing_asks() -> None:
    """Neither a claimed rule nor the pipeline's own asking may be let pass by it."""
    default = Rule("default", passes=True)
    assert asked(policy(rule("away", job="other/*"), default=default)).passes_by == ("default",)
    claimed = Rule("said", (Demand(CODE, 1, RELEASE),), ACTION)
    assert asked(policy(claimed, default=default)).rules == ("said",)
    alone = asked(policy(rule("away", job="other/*"), default=default), claims(quorum=1))
    assert alone.refusal == Reason("nobody_named", holds=False)


def test_what_another_environment_adds_by_claim_is_not_let_pass() -> None:
    """The job is known to be in `test`; it says `live`, and the rule of `live` stays."""
    found = policy(
        Rule("lets", (), JOB, passes=True),
        Rule("live", (Demand(CODE, 1, RELEASE),), LIVE),
        environments=(environment("test", "team*"), environment("live", "never/*")),
    )
    got = asked(found, claims(environment="live"))
    assert got.rules == ("live",)
    differs = Reason("environment_differs", {"claimed": "live", "declared": "test"})
    seen = Reason("environment", {"wanted": "live", "seen": "test, live"}, True)
    assert got.reasons.children == (
        node("lets", "passes", ASKED_JOB),
        node("live", "applies", seen, on="claim"),
        differs,
    )
    assert asked(found, claims(environment="test")).passes_by == ("lets",)
    assert asked(found, claims(environment="")).passes_by == ("lets",)


def test_the_whole_tree_has_every_rule_and_each_question() -> None:
    """Also those that do not match, by facts or by what is claimed, and the default where it asks."""
    found = policy(
        Rule("away", (Demand(CODE, 1, RELEASE),), OTHER),
        Rule("said", (Demand(CODE, 1, RELEASE),), Texts("claims.action", Globs(("destroy",)))),
        Rule("free", (), OTHER, passes=True),
        default=rule("default"),
    )
    action = Reason("claims.action", {"wanted": "destroy", "seen": "deploy"}, False)
    assert tree(found) == Reason(
        "requirement",
        holds=True,
        children=(
            node("away", "no", NOT_JOB),
            node("said", "no", action, on="claim"),
            node("free", "no", NOT_JOB),
            node("default", "applies"),
        ),
    )


def test_who_is_behind_the_run_and_who_wrote_it_is_left_out_where_the_rule_says_so() -> None:
    """Requesters always but for one key; authors only with the other; both together."""
    known = facts(
        starters=(Starter(Trigger.PERSON, "alice", "alice"),), authors=(Author("b", person="bob"), Author("ghost"))
    )
    people = {
        (requesters, authors): asked(
            policy(rule(requesters_may_approve=requesters, authors_may_approve=authors)), known=known
        ).people
        for requesters in (True, False)
        for authors in (True, False)
    }
    assert people == {
        (True, True): ("alice", "bob", "carol"),
        (True, False): ("alice", "carol"),
        (False, True): ("bob", "carol"),
        (False, False): ("carol",),
    }


def test_who_stands_in_may_answer_at_the_moment_that_is_looked_at() -> None:
    """Not before the absence, and not for groups."""
    away = replace(ROSTER.people["alice"], absence=Absence(NOW - 1, NOW + 1, "eve"))
    roster = Roster({**ROSTER.people, "alice": away})
    named = policy(rule(approvers=("alice", "group:release")))
    assert asked(named, roster=roster).people == ("alice", "bob", "carol", "eve")
    assert evaluate(named, roster, facts(), claims(), History(NOW + 1)).people == ("alice", "bob", "carol")


def test_a_stranger_costs_one_of_those_whom_facts_ask_with_the_strongest_factor() -> None:
    """Not of those whom a claim brings in."""
    ghost = facts(starters=(Starter(Trigger.PERSON, "ghost"),))
    found = policy(rule("known", factor=TAP), Rule("said", (Demand(CODE, 1, ("eve",)),), ACTION))
    extra = asked(found, known=ghost).clauses[-1]
    assert extra == Clause("unknown requester", CODE, 1, ("alice", "bob", "carol"), RELEASE)
    assert len(asked(replace(found, strangers="same"), known=ghost).clauses) == 2
    denied = asked(replace(found, strangers="deny"), known=ghost).refusal
    assert denied == Reason("stranger", {"who": "ghost"}, False)


def test_the_pipeline_asks_for_the_weakest_factor_unless_it_names_one() -> None:
    """Of whoever is asked, as many as are missing."""
    found = policy(rule("a", factor=CODE), rule("b", factor=TAP, approvers=SECURITY))
    extra = asked(found, claims(quorum=3)).clauses[-1]
    assert (extra.factor, extra.count, extra.approvers) == (TAP, 1, ("group:release", "group:security"))
    assert len(asked(found, claims(quorum=2)).clauses) == 2


def test_break_glass_takes_the_place_of_the_rest_and_keeps_what_is_always_asked() -> None:
    """By name the first of several; its reviewers together, each once; those on trial and elsewhere do nothing."""
    two = (Demand(CODE, 2, ("alice", "bob")),)
    found = policy(
        rule("normal", quorum=3),
        Rule("red", two, JOB, break_glass=True, review_by=("carol", "group:security"), channel="C7"),
        Rule("blue", two, JOB, break_glass=True, review_by=("carol", "eve")),
        Rule("trial", two, JOB, break_glass=True, observe=True, review_by=("dan",)),
        Rule("away", two, OTHER, break_glass=True),
        rule("must", always=True, factor=TAP),
    )
    got = break_glass(found, ROSTER, facts(), claims(), HISTORY)
    assert got is not None
    assert [clause.rule for clause in got.clauses] == ["red", "blue", "must"]
    assert (got.break_glass, got.review_by) == ("blue", ("carol", "group:security", "eve"))
    assert got.channels == ("", "C7")
    assert asked(found).rules == ("normal", "must")
    assert (asked(found).break_glass, asked(found).review_by) == ("", ())
    nowhere = policy(rule("normal"), Rule("away", two, OTHER, break_glass=True))
    assert break_glass(nowhere, ROSTER, facts(), claims(), HISTORY) is None


def test_a_factor_that_is_not_there_is_named() -> None:
    """And that is said before people are counted."""
    assert asked(policy(rule(factor=Factor.WEBAUTHN, quorum=9))).refusal == Reason(
        "factor_unavailable", {"factor": "webauthn"}, False
    )


def test_a_rule_for_every_gate_has_no_question() -> None:
    """Nothing is explained where nothing was asked."""
    assert tree(policy(Rule("all", (Demand(TAP, 1, RELEASE),), ALWAYS))).children == (node("all", "applies"),)
