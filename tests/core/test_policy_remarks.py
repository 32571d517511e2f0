"""Each remark word by word: its kind, its subject, and the values that a sentence is made of."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import NOW, ROSTER, environment, person, policy, rule
from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Demand, Exemption, Globs, Policy, Predicate, Roster
from jenkins_mfa.core.policy.analysis import Remark, remarks
from jenkins_mfa.core.policy.contradictions import overlap
from jenkins_mfa.core.policy.predicates import All, Flag, Not, Pair, People, Rate, Texts, Window

OFFICE = Calendar("office", ZoneInfo("UTC"))
NIGHT = Calendar("night", ZoneInfo("UTC"))
RELEASE = ("group:release",)


def told(rules: Policy, roster: Roster = ROSTER) -> list[Remark]:
    return remarks(rules, roster, "chat:T1", NOW)


def finding(code: str, subject: str = "asks", *people: str, **values: str) -> Remark:
    return Remark("finding", code, subject, values, people)


def loosens(code: str, subject: str = "asks", **values: str) -> Remark:
    return Remark("loosens", code, subject, values)


def asks(*demands: Demand, **values: object) -> Policy:
    return policy(replace(rule("asks"), require=demands, **values))


def when(*parts: Predicate, **values: object) -> Policy:
    return policy(replace(rule("asks"), when=All(parts), **values))


def texts(key: str, *globs: str) -> Texts:
    return Texts(key, Globs(globs))


CLAIM = texts("claims.action", "deploy")


@pytest.mark.parametrize(
    ("rules", "remark"),
    [
        (asks(Demand(Factor.WEBAUTHN, 1, RELEASE)), finding("no_factor", factor="webauthn")),
        (asks(Demand(Factor.TOTP, 3, RELEASE), Demand(Factor.PUSH, 2, RELEASE)), finding("too_few", needed="5")),
        (asks(Demand(Factor.TOTP, 1, ("bob",))), finding("no_other", "asks", "bob")),
        (asks(Demand(Factor.TOTP, 2, ("bob", "alice"))), finding("no_other", "asks", "alice", "bob")),
        (when(CLAIM), finding("claims_only")),
        (asks(Demand(Factor.TOTP, 1, RELEASE), requesters_may_approve=True), loosens("requesters")),
        (policy(rule("asks", passes=True)), loosens("passes")),
        (policy(strangers="same"), loosens("strangers", "unknown_requesters")),
        (policy(default=rule("default", passes=True)), loosens("default_passes", "default")),
        (policy(rule("asks", job="a"), default=rule("default", quorum=2)), loosens("weaker")),
        (policy(outside={"release": "on call"}), loosens("outside", "release", other="on call")),
        (policy(default=rule("default", approvers=("bob",))), finding("no_other", "default", "bob")),
    ],
    ids=lambda value: value.code if isinstance(value, Remark) else "",
)
def test_the_only_remark(rules: Policy, remark: Remark) -> None:
    """One thing is to be told, and it is told whole."""
    assert told(rules) == [remark]


ROBOT = Not(texts("branch", "main"))


@pytest.mark.parametrize(
    ("one", "other", "texts_of_both"),
    [
        (texts("branch", "a", "b*"), texts("branch", "c"), ("branch = a, b*", "branch = c")),
        (Window(OFFICE, inside=True), Window(OFFICE, inside=False), ("inside = office", "outside = office")),
        (Flag("replayed", wanted=True), Flag("replayed", wanted=False), ("replayed = true", "replayed = false")),
        (Rate(3, 60), Not(Rate(3, 60)), ("rate", "not")),
        (ROBOT, texts("branch", "main"), ("not", "branch = main")),
    ],
)
def test_contradictions_are_told_by_their_questions(one: Predicate, other: Predicate, texts_of_both: tuple) -> None:
    """As the file asks them, in its order."""
    assert told(when(one, other))[0] == finding("contradiction", one=texts_of_both[0], other=texts_of_both[1])


@pytest.mark.parametrize(
    "key", ["source", "pipeline", "branch", "claims.environment", "claims.action", "claims.subject"]
)
def test_of_what_there_is_only_one_text_two_patterns_exclude_each_other(key: str) -> None:
    """A gate has one pipeline, but may change many paths."""
    assert told(when(texts("source", "*"), texts(key, "a*"), texts(key, "b")))[0].code == "contradiction"


@pytest.mark.parametrize(
    "parts",
    [
        (Flag("replayed", wanted=True), Flag("first_run", wanted=False)),
        (Flag("replayed", wanted=True), Window(OFFICE, inside=True)),
        (Not(texts("branch", "main")), texts("branch", "x")),
        (texts("branch", "x"), Not(texts("branch", "main"))),
        (texts("pipeline", "web/*"), texts("pipeline", "web/shop")),
        (texts("pipeline", "a*"), texts("branch", "b*")),
        (Not(texts("pipeline", "a")), Rate(1, 60)),
    ],
)
def test_what_can_hold_together_is_not_remarked(parts: tuple[Predicate, ...]) -> None:
    """Nor is it taken for something that only a claim makes match."""
    assert told(when(*parts)) == []


def test_a_pattern_without_signs_is_held_against_the_other() -> None:
    """On either side; and what stands behind the last sign counts, not what stands behind the first."""
    for one, other in (("web/*", "team/x"), ("team/x", "web/*"), ("*-test*-prod", "*-test")):
        assert [one.code for one in told(when(texts("pipeline", one), texts("pipeline", other)))] == ["contradiction"]


def test_patterns_that_share_no_text_share_an_empty_one() -> None:
    """A pattern with brackets is no text that somebody would know again."""
    assert overlap(Globs(("a*",)), Globs(("b*",))) == ""
    assert overlap(Globs(("[[]*",)), Globs(("*",))) == ""
    assert overlap(Globs(("a*", "b?")), Globs(("b*",))) == "b?"


def test_what_stands_beside_a_remark_that_says_it_all() -> None:
    """Neither the lack of people nor of others is told of a rule whose factor nobody has."""
    lacks = asks(Demand(Factor.WEBAUTHN, 9, RELEASE), Demand(Factor.PUSH, 1, RELEASE))
    assert told(lacks) == [finding("no_factor", factor="webauthn")]
    lone = asks(Demand(Factor.PUSH_NUMBER, 1, ("bob",)))
    assert told(lone) == [finding("no_other", "asks", "bob")]


def test_of_a_group_that_is_kept_outside_nothing_is_certain() -> None:
    """Who is in it is known only while the agent runs: neither too few, nor nobody, nor without an account."""
    mute = replace(person("zoe", "release"), identities={})
    roster = Roster({**ROSTER.people, "zoe": mute}, frozenset({"release", "dba"}))
    rules = replace(asks(Demand(Factor.TOTP, 9, RELEASE)), outside={"release": "on call"})
    assert told(rules, roster) == [finding("empty_group", "dba"), loosens("outside", "release", other="on call")]
    (found, *_) = told(replace(rules, rules=(rule("asks", approvers=("zoe", "alice")),)), roster)
    assert found == finding("no_account", "chat:T1", "zoe")


def test_whoever_is_called_in_needs_an_account_as_well() -> None:
    """And nobody is named twice."""
    people = {name: replace(one, identities={}) for name, one in ROSTER.people.items() if name in {"alice", "dan"}}
    rules = policy(rule("asks", escalate_after=60, escalate_to=("dan",)), rule("too"))
    assert told(rules, Roster(ROSTER.people | people)) == [finding("no_account", "chat:T1", "alice", "dan")]


def test_second_admin_takes_two_administrators() -> None:
    """Of a group that is kept outside nothing is certain."""
    rules = replace(policy(rule()), second_admin=True, administrators=("carol", "group:security"))
    assert told(rules) == [finding("no_second", "second_admin")]
    assert told(replace(rules, second_admin=False)) == []
    assert told(replace(rules, administrators=("carol", "alice"))) == []
    assert finding("no_second", "second_admin") in told(replace(rules, administrators=()))
    assert finding("no_second", "second_admin") not in told(replace(rules, outside={"security": "on call"}))


def test_what_nobody_uses() -> None:
    """In order; a calendar that only an exemption asks about, or quiet hours, is used."""
    roster = replace(ROSTER, groups=frozenset({"ops", "dba"}))
    rules = policy(calendars=("night", "office"))
    assert told(rules, roster) == [
        finding("empty_group", "dba"),
        finding("empty_group", "ops"),
        finding("unused_calendar", "night"),
        finding("unused_calendar", "office"),
    ]
    exempt = Exemption("move", Globs(("*",)), Not(Window(OFFICE, inside=True)), NOW + 1, "we move")
    assert told(replace(rules, exemptions=(exempt,), quiet=NIGHT)) == [
        loosens("exempts", "move", rules="*", reason="we move", until=str(NOW + 1))
    ]


def test_environments_that_overlap() -> None:
    """By the first pattern that both take in."""
    found = told(policy(environments=(environment("live", "a/*"), environment("web", "b", "a/x", "a/y"))))
    assert found == [finding("two_environments", "live", other="web", pattern="a/x")]


@pytest.mark.parametrize(
    ("values", "remark"),
    [
        ({"until": NOW}, finding("ended", "move")),
        ({"when": All((texts("branch", "a"), texts("branch", "b")))}, finding("exemption_contradiction", "move")),
        ({"rules": Globs(("always", "free", "trial"))}, finding("exemption_idle", "move")),
        ({"rules": Globs(("none",))}, None),
        ({"rules": Globs(("always", "asks"))}, None),
    ],
)
def test_exemptions_that_do_nothing(values: dict[str, object], remark: Remark | None) -> None:
    """Ended, never holding, or of rules that need none; a name that no rule has is the parser's to refuse."""
    exempt = replace(Exemption("move", Globs(("*",)), texts("pipeline", "team*"), NOW + 1, "we move"), **values)
    rules = (rule("asks"), rule("always", always=True), rule("free", passes=True), rule("trial", observe=True))
    found = [one for one in told(policy(*rules, exemptions=(exempt,))) if one.subject == "move"]
    assert [one for one in found if one.kind == "finding"] == ([remark] if remark else [])
    assert ("exempts" in {one.code for one in found}) is (exempt.until > NOW)


@pytest.mark.parametrize(
    ("values", "weaker"),
    [
        ({}, True),
        ({"observe": True}, False),
        ({"break_glass": True}, False),
        ({"when": All(())}, False),
        ({"when": All((texts("pipeline", "a"), CLAIM))}, False),
        ({"require": (Demand(Factor.TOTP, 2, RELEASE),)}, False),
        ({"require": (Demand(Factor.PUSH, 2, RELEASE),)}, True),
        ({"require": (Demand(Factor.PUSH, 3, RELEASE), Demand(Factor.TOTP, 1, RELEASE))}, True),
        ({"require": (Demand(Factor.TOTP, 1, RELEASE), Demand(Factor.TOTP, 1, RELEASE))}, False),
    ],
)
def test_rules_that_ask_less_than_the_default(values: dict[str, object], weaker: bool) -> None:
    """Fewer people or a weaker factor, from a rule that by itself stands in the default's place."""
    rules = policy(replace(rule("asks", job="a"), **values), default=rule("default", quorum=2))
    assert ("weaker" in {one.code for one in told(rules)}) is weaker
    assert "weaker" not in {one.code for one in told(replace(rules, default=rule("default", passes=True)))}


def test_a_rule_on_trial_lets_nothing_pass() -> None:
    """So it loosens nothing."""
    assert told(policy(rule("asks", passes=True, observe=True))) == []


def test_only_what_lets_pass_is_held_against_pipelines_of_environments() -> None:
    """Of those it must be in; one of several within `any`, or a pattern of another environment, says nothing."""
    declared = (environment("live", "team/*", "ops/*"), environment("test", "web/*"))
    live, web = texts("environment", "live"), texts("pipeline", "web/*")
    free = replace(rule("asks", passes=True), when=All((live, web)))
    told_of = finding("contradiction", one="pipeline = web/*", other="pipeline = team/*, ops/*")
    assert told_of in told(policy(free, environments=declared))
    assert told_of not in told(policy(replace(free, passes=False, require=rule().require), environments=declared))
    for harmless in (
        All((texts("environment", "test"), web)),
        All((Not(live), web)),
        live,
        All((People("requester", ("alice",), every=True), Pair("parameters", "A", Globs(("1",))), web)),
    ):
        found = told(policy(replace(free, when=harmless), environments=declared))
        assert "contradiction" not in {one.code for one in found}
