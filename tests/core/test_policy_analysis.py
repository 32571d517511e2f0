"""Remarks about policies that can be used: likely mistakes, and what loosens. Silence where nothing is certain."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ROSTER, environment, facts, person, policy, rule
from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Factor, History
from jenkins_mfa.core.policy import Demand, Exemption, Globs, Policy, Roster, Rule
from jenkins_mfa.core.policy.analysis import Remark, remarks
from jenkins_mfa.core.policy.contradictions import contradiction, disjoint, overlap
from jenkins_mfa.core.policy.looks import by_facts
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Predicate, Texts, Window

OFFICE = Calendar("office", ZoneInfo("UTC"))


def texts(key: str, *patterns: str) -> Texts:
    return Texts(key, Globs(patterns))


def told(rules: Policy, roster: Roster = ROSTER, now: int = 0) -> list[tuple[str, str]]:
    """Code and subject of each remark."""
    return [(one.code, one.subject) for one in remarks(rules, roster, "chat:T1", now)]


def when(predicate: Predicate, **values: object) -> Policy:
    return policy(replace(rule("asks"), when=predicate, **values))


def test_a_sound_policy_has_no_remarks() -> None:
    """No false alarm: an environment, a rule for it, a default that asks the same."""
    rules = policy(
        rule("production", job="team/*"),
        default=rule("default"),
        environments=(environment("production", "team/*"), environment("staging", "web/*")),
    )
    assert told(rules) == []


@pytest.mark.parametrize(
    "predicate",
    [
        All((texts("pipeline", "web/*"), texts("pipeline", "team/*", "db/*"))),
        All((texts("branch", "main"), All((texts("source", "ci"), texts("branch", "release"))))),
        All((texts("pipeline", "*-prod"), texts("pipeline", "*-test"))),
        All((texts("environment", "a"), Not(texts("environment", "a")))),
        All((Window(OFFICE, inside=True), Window(OFFICE, inside=False))),
        All((Flag("replayed", wanted=True), Flag("replayed", wanted=False))),
        Any((All((texts("branch", "a"), texts("branch", "b"))), All((texts("branch", "c"), texts("branch", "d"))))),
        All((texts("source", "x"), Any((All((texts("branch", "a"), texts("branch", "b"))),)))),
    ],
)
def test_questions_that_exclude_one_another(predicate: Predicate) -> None:
    """A rule that can never match protects nothing."""
    assert ("contradiction", "asks") in told(when(predicate))


@pytest.mark.parametrize(
    "predicate",
    [
        All((texts("pipeline", "web/*"), texts("pipeline", "*/deploy"))),
        All((texts("environment", "a"), texts("environment", "b"))),
        All((texts("changed_paths", "a/*"), texts("changed_paths", "b/*"))),
        Any((All((texts("branch", "a"), texts("branch", "b"))), texts("branch", "c"))),
        Not(All((texts("branch", "a"), texts("branch", "b")))),
        All((texts("pipeline", "[ab]x"), texts("pipeline", "a*"))),
        All((Window(OFFICE, inside=True), Window(replace(OFFICE, name="night"), inside=False))),
    ],
)
def test_what_may_hold_is_no_contradiction(predicate: Predicate) -> None:
    """Several environments and paths there can be; what is not certain is not told."""
    assert "contradiction" not in dict(told(when(predicate)))


signs = st.text("ab/*?[!]", max_size=5).filter(lambda text: text.count("[") == text.count("]") == 0 or "[a]" in text)
letters = st.text("ab/", max_size=5)


@given(st.lists(signs, min_size=1, max_size=2), st.lists(signs, min_size=1, max_size=2), letters)
def test_patterns_that_are_called_disjoint_share_no_text(one: list[str], other: list[str], text: str) -> None:
    """Whatever is said to be disjoint is; whatever is said to overlap does."""
    a, b = Globs(tuple(one)), Globs(tuple(other))
    if disjoint(a, b):
        assert not (a.match(text) and b.match(text))
    shared = overlap(a, b)
    if shared:
        assert a.match(shared)
        assert b.match(shared)
        assert not disjoint(a, b)


leaf = st.builds(texts, st.sampled_from(["pipeline", "branch", "source"]), st.sampled_from(["main", "m*", "*n", "x"]))
predicates = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Any(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)


@given(predicates, st.sampled_from(["main", "m", "x"]), st.sampled_from(["main", "", "x"]))
def test_a_contradiction_is_never_answered_yes(predicate: Predicate, pipeline: str, branch: str) -> None:
    """The remark is certain, or it is not made."""
    run = replace(facts().run, pipeline=pipeline)
    scene = by_facts(policy(), ROSTER, facts(run=run, branch=branch), History(0))
    if contradiction(predicate) is not None:
        assert predicate.look(scene) is not True


def test_what_lets_pass_is_held_against_its_environments_pipelines() -> None:
    """Only facts count there, so another pipeline than the environment's can never match."""
    free = All((texts("environment", "production"), texts("pipeline", "web/*")))
    declared = (environment("production", "team/*"),)
    rules = replace(when(free, passes=True, require=()), environments=declared)
    assert ("contradiction", "asks") in told(rules)
    assert "contradiction" not in dict(told(replace(when(free), environments=declared)))


@pytest.mark.parametrize(
    ("predicate", "only"),
    [
        (texts("claims.action", "deploy"), True),
        (Not(texts("claims.action", "deploy")), True),
        (Any((texts("claims.action", "a"), Pair("claims.details", "n", Globs(("x",))))), True),
        (All((texts("pipeline", "a"), texts("claims.action", "a"))), True),
        (Any((texts("claims.action", "a"), texts("pipeline", "a"))), False),
        (texts("changed_variables", "DB_*"), False),
        (texts("environment", "production"), False),
    ],
)
def test_rules_that_only_a_claim_can_make_match(predicate: Predicate, only: bool) -> None:
    """Whoever writes the Jenkinsfile leaves such a rule out by saying nothing."""
    assert ("claims_only" in dict(told(when(predicate)))) is only


@pytest.mark.parametrize(
    ("demands", "code"),
    [
        ((Demand(Factor.WEBAUTHN, 1, ("group:release",)),), "no_factor"),
        ((Demand(Factor.TOTP, 2, ("alice", "bob")), Demand(Factor.PUSH, 1, ("bob",))), "too_few"),
        ((Demand(Factor.TOTP, 3, ("group:release",)),), "no_other"),
        ((Demand(Factor.TOTP, 1, ("alice",)),), "no_other"),
    ],
)
def test_rules_that_nobody_can_meet(demands: tuple[Demand, ...], code: str) -> None:
    """Found before a gate at night finds it."""
    assert told(policy(replace(rule("asks"), require=demands))) == [(code, "asks")]


def test_whoever_may_confirm_their_own_build_needs_no_other() -> None:
    """Then it loosens instead."""
    assert told(policy(rule("asks", approvers=("alice",), requesters_may_approve=True))) == [("requesters", "asks")]


def test_people_who_cannot_be_asked_are_named() -> None:
    """Without an account at the messenger they see no message."""
    mute = replace(person("zoe", "release"), identities={"ci:main": "zoe"})
    roster = Roster({**ROSTER.people, "zoe": mute})
    (found,) = remarks(policy(), roster, "chat:T1", 0)
    assert (found.code, found.people) == ("no_account", ("zoe",))


def test_what_nobody_uses_is_named() -> None:
    """Groups without people, calendars without a question."""
    roster = replace(ROSTER, groups=frozenset({"release", "dba"}))
    rules = replace(when(Window(OFFICE, inside=True)), calendars=("office", "night"))
    assert told(rules, roster) == [("empty_group", "dba"), ("unused_calendar", "night")]
    assert told(replace(rules, quiet=replace(OFFICE, name="night"))) == []


def test_environments_that_share_pipelines() -> None:
    """The rules of both apply to them."""
    declared = (environment("production", "team/*"), environment("staging", "*/deploy", "x"), environment("dev", "y"))
    (found,) = remarks(policy(environments=(*declared, environment("all", "team/web"))), ROSTER, "chat:T1", 0)
    assert (found.code, found.subject, found.values) == (
        "two_environments",
        "production",
        {"other": "all", "pattern": "team/web"},
    )


def exemption(rules: str = "production", **values: object) -> Exemption:
    return replace(Exemption("move", Globs((rules,)), texts("pipeline", "team/*"), 100, "because"), **values)


@pytest.mark.parametrize(
    ("one", "always", "now", "code"),
    [
        (exemption(), False, 0, "exempts"),
        (exemption(), False, 100, "ended"),
        (exemption(), True, 0, "exemption_idle"),
        (exemption(when=All((texts("branch", "a"), texts("branch", "b")))), False, 0, "exemption_contradiction"),
    ],
)
def test_exemptions(one: Exemption, always: bool, now: int, code: str) -> None:
    """Each is listed as long as it lasts; one that does nothing is a finding."""
    assert (code, "move") in told(policy(rule("production", always=always), exemptions=(one,)), now=now)


OUTER = rule("default", quorum=2)
FREE = rule("default", passes=True)


@pytest.mark.parametrize(
    ("predicate", "default", "code", "keys"),
    [
        (texts("changed_paths", "docs/*"), OUTER, "weaker_chosen", "changed_paths"),
        (texts("branch", "docs"), OUTER, "weaker_chosen", "branch"),
        (All((texts("pipeline", "docs"), texts("trigger", "scm"))), OUTER, "weaker_chosen", "trigger"),
        (Flag("replayed", wanted=True), OUTER, "weaker_chosen", "replayed"),
        (All((texts("branch", "x"), texts("trigger", "scm"))), OUTER, "weaker_chosen", "branch, trigger"),
        (Texts("changed_paths", Globs(("docs/*",)), every=True), OUTER, "", ""),
        (texts("pipeline", "docs"), OUTER, "", ""),
        (Flag("replayed", wanted=False), OUTER, "", ""),
        (texts("branch", "main"), FREE, "dodged", "branch"),
        (texts("branch", "main"), rule("default", factor=Factor.PUSH), "dodged", "branch"),
        (texts("branch", "main"), rule("default"), "", ""),
        (Not(Texts("changed_paths", Globs(("docs/*",)), every=True)), FREE, "", ""),
        (Texts("changed_paths", Globs(("prod/*",)), every=True), FREE, "dodged", "only_paths"),
        (Not(texts("changed_paths", "docs/*")), FREE, "dodged", "changed_paths"),
        (
            All((Pair("parameters", "TO", Globs(("p",))), texts("branch", "x"))),
            FREE,
            "dodged",
            "parameters.TO, branch",
        ),
        (People("commit_author", ("bob",), every=True), FREE, "dodged", "only_commit_authors"),
        (Flag("replayed", wanted=False), FREE, "dodged", "replayed"),
        (texts("changed_paths", "prod/*"), FREE, "", ""),
        (texts("claims.environment", "prod"), FREE, "", ""),
        (All((texts("branch", "a"), texts("branch", "b"))), FREE, "", ""),
    ],
)
def test_what_whoever_builds_chooses_is_told(predicate: Predicate, default: Rule, code: str, keys: str) -> None:
    """A weaker rule that one thing more has match; a stricter one that one thing more, or another, has not match."""
    rules = policy(rule("asks", when=predicate), default=default)
    found = [one for one in remarks(rules, ROSTER, "chat:T1", 0) if one.code in {"weaker_chosen", "dodged"}]
    assert found == ([Remark("finding", code, "asks", {"keys": keys})] if code else [])


def test_a_weaker_rule_beside_one_that_matches_with_it_takes_no_place() -> None:
    """It only adds to that one, which stands in the default's place anyway; with other questions it would not."""
    tagged = All((texts("pipeline", "a"), All((texts("tags", "schema"),))))
    for job, found in (("a", []), ("b", [("weaker_chosen", "asks")])):
        beside = policy(rule("asks", when=tagged), rule("base", job=job, quorum=2), default=OUTER)
        assert [one for one in told(beside) if one[0] == "weaker_chosen"] == found
    twins = policy(rule("asks", when=tagged), rule("also", when=tagged), default=OUTER)
    assert [one for one in told(twins) if one[0] == "weaker_chosen"] == [
        ("weaker_chosen", "asks"),
        ("weaker_chosen", "also"),
    ]
    trial = policy(rule("asks", when=tagged), rule("base", job="a", observe=True), default=OUTER)
    assert ("weaker_chosen", "asks") in told(trial)


def test_rules_that_do_not_ask_are_no_way_round() -> None:
    """On trial, for break-glass, letting pass: what they may ask is looked at where it is read."""
    branch = texts("branch", "main")
    for idle in ({"observe": True}, {"break_glass": True}, {"passes": True}):
        found = told(policy(rule("asks", when=branch, **idle), default=FREE))
        assert not {"dodged", "weaker_chosen"} & {code for code, _ in found}


def test_everything_that_loosens_is_listed() -> None:
    """Passing rules, rules weaker than the default, people who confirm themselves, strangers at no cost."""
    rules = policy(
        rule("free", job="a", passes=True),
        rule("weak", job="b", factor=Factor.PUSH),
        rule("fewer", job="c"),
        rule("trial", job="d", factor=Factor.PUSH, observe=True),
        rule("own", job="e", quorum=2, requesters_may_approve=True),
        default=rule("default", quorum=2),
        strangers="same",
    )
    assert told(rules) == [
        ("passes", "free"),
        ("weaker", "weak"),
        ("weaker", "fewer"),
        ("requesters", "own"),
        ("strangers", "unknown_requesters"),
    ]
    open_door = policy(rule("x"), default=rule("default", passes=True))
    assert told(open_door) == [("default_passes", "default")]
