"""Ways to make a policy ask for less than its author meant, each tried once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW, ROSTER, RUN, claims, environment, facts, needs, policy, rule
from jenkins_mfa.core.model import Factor, History, Parameter, Starter, Trigger
from jenkins_mfa.core.policy import Absence, Exemption, Globs, Resource, Roster, break_glass, evaluate
from jenkins_mfa.core.policy.predicates import All, Flag, Not, Pair, People, Predicate, Texts

DEFAULT = rule("default", quorum=2)
PROD = Globs(("prod",))


def paths(*globs: str) -> Texts:
    return Texts("changed_paths", Globs(globs))


def named(*rules_and_claims: object) -> list[str]:
    """The names of the clauses' rules."""
    rules, found, said = rules_and_claims
    return [c.rule for c in needs(rules, found, said).clauses]  # type: ignore[arg-type]


def test_unknown_paths_do_not_replace_the_default_by_a_weaker_rule() -> None:
    """Whoever hides the paths (a first build, a forced push) gets the weaker rule and the default."""
    rules = policy(replace(rule("docs", factor=Factor.PUSH), when=paths("docs/*")), default=DEFAULT)
    assert named(rules, facts(paths=("docs/a",)), claims()) == ["docs"]
    assert named(rules, facts(paths=("src/a",)), claims()) == ["default"]
    assert named(rules, facts(paths=None), claims()) == ["docs", "default"]


def test_a_default_that_lets_pass_does_not_take_what_a_claim_adds() -> None:
    """ "Production needs a code, the rest passes": a job that claims production is asked."""
    rules = policy(rule(environment="production"), default=rule("default", passes=True))
    assert named(rules, facts(), claims(environment="production")) == ["production"]
    assert needs(rules, facts(), claims(environment="dev")).passes_by == ("default",)


def test_a_default_that_lets_pass_does_not_take_what_unknown_facts_add() -> None:
    """The branch is not known yet: the rule for main applies."""
    rules = policy(rule("main", branch="main"), default=rule("default", passes=True))
    assert named(rules, facts(branch=""), claims()) == ["main"]
    assert needs(rules, facts(branch="dev"), claims()).passes_by == ("default",)


def test_a_rule_lets_pass_only_if_the_claims_do_not_say_otherwise() -> None:
    """What is not sensitive passes; resources that the pipeline names make it sensitive."""
    rules = policy(
        rule("calm", passes=True, when=Not(Texts("tags", Globs(("sensitive",))))),
        resources=(Resource(Globs(("prod/*",)), ("sensitive",)),),
        default=DEFAULT,
    )
    assert needs(rules, facts(paths=("a",)), claims()).passes_by == ("calm",)
    touched = claims(details=(("resources", "prod/db"),))
    assert named(rules, facts(paths=("a",)), touched) == ["default"]


def test_a_claim_of_another_environment_brings_its_clauses_to_a_passing_gate() -> None:
    """Declared staging, claimed production: the clauses of both, though staging passes by itself."""
    rules = policy(
        rule("staging", environment="staging", passes=True),
        rule("prod", environment="production"),
        environments=(environment("staging", "team*"), environment("production", "x")),
        default=DEFAULT,
    )
    assert needs(rules, facts(), claims(environment="staging")).passes_by == ("staging",)
    assert named(rules, facts(), claims(environment="production")) == ["prod"]


def test_an_unknown_cause_is_no_way_around_a_question_about_causes() -> None:
    """Behind it could be a replay, a person, the upstream job that the rule is for."""
    unknown = facts(starters=(Starter(Trigger.UNKNOWN),))
    for asked in (
        Flag("replayed", True),
        Texts("trigger", Globs(("person",))),
        Texts("upstream", Globs(("evil",))),
    ):
        assert "r" in named(policy(rule("r", when=asked), default=DEFAULT), unknown, claims())
        lets = policy(rule("lets", passes=True, when=Not(asked)), default=DEFAULT)
        assert needs(lets, unknown, claims()).passes_by == ()
    scheduled = facts(starters=(Starter(Trigger.SCHEDULE),))
    assert needs(lets, scheduled, claims()).passes_by == ("lets",)


def test_a_parameter_given_twice_is_not_known() -> None:
    """The run may read the other value."""
    twice = facts(parameters=(Parameter("ENV", "prod"), Parameter("ENV", "dev")))
    for value in ("prod", "dev"):
        asked = Pair("parameters", "ENV", Globs((value,)))
        assert named(policy(rule("r", when=asked), default=DEFAULT), twice, claims())[0] == "r"
        assert needs(policy(rule("r", passes=True, when=asked), default=DEFAULT), twice, claims()).passes_by == ()
    same = facts(parameters=(Parameter("ENV", "prod"), Parameter("ENV", "prod")))
    assert named(policy(rule("r", when=Pair("parameters", "ENV", PROD)), default=DEFAULT), same, claims()) == ["r"]


def test_a_substitute_starts_runs_as_themselves() -> None:
    """eve stands in for alice: what alice starts passes, what eve starts does not."""
    away = replace(ROSTER.people["alice"], absence=Absence(0, NOW * 2, "eve"))
    roster = Roster({**ROSTER.people, "alice": away})
    rules = policy(rule("hers", passes=True, when=People("requester", ("alice",), every=True)), default=DEFAULT)
    for who, passing in (("alice", True), ("eve", False)):
        started = facts(starters=(Starter(Trigger.PERSON, who, who),))
        found = evaluate(rules, roster, started, claims(), History(NOW))
        assert bool(found.passes_by) is passing


def test_a_rule_on_trial_breaks_no_glass() -> None:
    """It only watches."""
    trial = rule("emergency", break_glass=True, observe=True)
    assert break_glass(policy(rule(), trial), ROSTER, facts(), claims(), History(NOW)) is None


def test_broken_glass_keeps_rules_marked_always_even_on_a_claim() -> None:
    """The rule for production holds on, whatever else is replaced."""
    kept = rule("kept", always=True, environment="production")
    rules = policy(rule(), kept, rule("emergency", break_glass=True, approvers=("bob",)))
    found = break_glass(rules, ROSTER, facts(), claims(), History(NOW))
    assert found is not None
    assert ([c.rule for c in found.clauses], found.break_glass) == (["emergency", "kept"], "emergency")


def test_an_exemption_needs_a_yes_and_spares_what_is_always() -> None:
    """Unknown paths are no yes; the rule marked always stays."""
    exempt = Exemption("move", Globs(("*",)), Texts("changed_paths", Globs(("docs/*",)), every=True), NOW + 1, "why")
    rules = policy(rule("a"), rule("b", always=True), exemptions=(exempt,))
    assert named(rules, facts(paths=("docs/a",)), claims()) == ["b"]
    for other in (None, (), ("docs/a", "src/b")):
        assert named(rules, facts(paths=other), claims()) == ["a", "b"]
    ended = replace(rules, exemptions=(replace(exempt, until=NOW),))
    assert named(ended, facts(paths=("docs/a",)), claims()) == ["a", "b"]


def test_all_of_nothing_is_no_pass() -> None:
    """A run without a single changed path, and one that nobody started, do not pass as "only harmless"."""
    for asked in (Texts("changed_paths", Globs(("*",)), every=True), People("requester", ("dan",), every=True)):
        lets = policy(rule("lets", passes=True, when=All((asked,))), default=DEFAULT)
        nothing = facts(paths=(), starters=(Starter(Trigger.SCM),))
        assert needs(lets, nothing, claims()).passes_by == ()


@pytest.mark.parametrize(
    "free",
    [Texts("pipeline", Globs(("*/nightly",))), Not(Texts("pipeline", Globs(("prod/*",))))],
    ids=["a name that lets pass", "a name that asks for nobody"],
)
def test_a_job_named_to_pass_takes_no_receipt_for_an_environment_that_is_not_its_own(free: Predicate) -> None:
    """Whoever may create jobs names one so that it passes, and claims production: that asks production's people."""
    rules = policy(
        rule("prod", environment="production", quorum=2),
        replace(rule("free", passes=True), when=free),
        environments=(environment("production", "prod/*"),),
        default=DEFAULT,
    )
    made = facts(run=replace(RUN, pipeline="scratch/nightly"))
    assert named(rules, made, claims(environment="production")) == ["prod"]
    assert needs(rules, made, claims(environment="scratch")).passes_by == ("free",)
