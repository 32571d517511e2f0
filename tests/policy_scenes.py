"""A pipeline, its questions and their explanations, for tests that look at whole requirements."""

from __future__ import annotations

from builders import NOW, ROSTER, claims, facts
from jenkins_mfa.core.model import (
    Factor,
    History,
    Reason,
    Requirement,
)
from jenkins_mfa.core.policy import (
    Globs,
    Policy,
    Roster,
    evaluate,
    reasons,
)
from jenkins_mfa.core.policy.predicates import Texts

TAP, CODE = Factor.PUSH, Factor.TOTP
RELEASE, SECURITY = ("group:release",), ("group:security",)
JOB = Texts("pipeline", Globs(("team one/*",)))
OTHER = Texts("pipeline", Globs(("other/*",)))
ACTION = Texts("claims.action", Globs(("deploy",)))
LIVE = Texts("environment", Globs(("live",)))
HISTORY = History(NOW)
ASKED_JOB = Reason("pipeline", {"wanted": "team one/*", "seen": "team one/deploy"}, True)
NOT_JOB = Reason("pipeline", {"wanted": "other/*", "seen": "team one/deploy"}, False)


def asked(found: Policy, said=claims(), known=facts(), roster: Roster = ROSTER) -> Requirement:  # type: ignore[no-untyped-def]  # noqa: B008
    return evaluate(found, roster, known, said, HISTORY)


def tree(found: Policy, said=claims(), known=facts()) -> Reason:  # type: ignore[no-untyped-def]  # noqa: B008
    return reasons(found, ROSTER, known, said, HISTORY)


def node(name: str, effect: str, *why: Reason, on: str = "fact", **more: str) -> Reason:
    return Reason("rule", {"rule": name, "on": on, "effect": effect, **more}, effect != "no", why)
