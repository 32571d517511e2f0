"""What the trail says of the rules of a gate, in one text."""

from __future__ import annotations

from dataclasses import replace

from builders import ROSTER, claims, environment, facts, policy, rule
from jenkins_mfa.core import audit
from jenkins_mfa.core.model import Factor, History
from jenkins_mfa.core.policy import Exemption, Globs, Policy, evaluate
from jenkins_mfa.core.policy.brief import effects, listed
from jenkins_mfa.core.policy.predicates import Texts


def told(rules: Policy, **said: object) -> str:
    """The text for a deployment to production, as the pipeline claims."""
    return effects(evaluate(rules, ROSTER, facts(), claims(**said), History(1)).reasons)


def test_each_rule_that_matched_with_what_became_of_it() -> None:
    """Applied, applied by a claim only, on trial, exempted; those that do not match are left out."""
    rules = policy(
        rule("job", job="team*"),
        rule("claimed", environment="production"),
        rule("trial", job="team*", observe=True),
        rule("nights", job="team*"),
        rule("other", job="web*"),
        exemptions=(Exemption("move", Globs(("nights",)), Texts("pipeline", Globs(("team*",))), 2, "because"),),
    )
    assert told(rules) == "job applies, claimed applies by claim, trial observes, nights exempted by move"


def test_what_lets_pass_is_named_with_what_gave_way() -> None:
    """An auditor sees both."""
    rules = policy(rule("job", job="team*"), rule("free", job="team*", passes=True))
    assert told(replace(rules, environments=(environment("production", "*"),))) == "job overruled, free passes"


def test_what_would_let_pass_is_named_where_the_pipeline_itself_asks() -> None:
    """It matches, and that it has no effect is the pipeline's own doing."""
    rules = policy(rule("free", job="team*", passes=True), default=rule("default"))
    assert told(rules, factor=Factor.TOTP) == "free declined, default applies"


def test_the_trail_takes_it_however_many_rules_there_are() -> None:
    """Whole names, the rest is counted: a longer text would keep the gate from being opened."""
    text = told(policy(*(rule(f"{n:03}-{'x' * 60}", job="team*") for n in range(300))))
    assert len(text) <= audit.MAX_VALUE
    assert text.endswith("applies and 248 more")
    assert listed([]) == ""


def test_only_rules_are_told() -> None:
    """That the pipeline claims another environment stands elsewhere."""
    rules = policy(rule("job", job="team*"), environments=(environment("live", "*"),))
    assert told(rules, environment="dev") == "job applies"


def test_there_is_room_for_3900_characters() -> None:
    """Commas counted; the first that does not fit ends it."""
    assert listed(["x" * 3_898]) == "x" * 3_898
    assert listed(["x" * 3_899]) == " and 1 more"
    two = ["x" * 1_948, "y" * 1_948]
    assert listed(two) == ", ".join(two)
    assert listed([*two, "z"]) == f"{', '.join(two)} and 1 more"
    assert listed(["x" * 1_949, "y" * 1_948, "z"]) == f"{'x' * 1_949} and 2 more"
