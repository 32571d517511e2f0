"""What may let a gate pass: nothing that a pipeline's author, a committer or whoever starts runs can bring about."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.policy import Globs, Predicate, loosening
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Rate, Texts, Window

ONE = Globs(("x",))
OFFICE = Calendar("office", ZoneInfo("UTC"))

#: question → whether it may let pass as it stands, and inside `not`.
ALLOWED: list[tuple[Predicate, bool, bool]] = [
    (Texts("source", ONE), True, True),
    (Texts("pipeline", ONE), True, True),
    (Texts("environment", ONE), True, True),
    (Texts("branch", ONE), False, False),
    (Texts("tags", ONE), False, True),
    (Texts("trigger", ONE), False, True),
    (Texts("trigger", ONE, every=True), True, False),
    (Texts("upstream", ONE), False, True),
    (Texts("library", ONE), False, True),
    (Texts("plain_input", ONE), False, True),
    (Texts("changed_paths", ONE), False, True),
    (Texts("changed_paths", ONE, every=True), True, False),
    (Texts("changed_parameters", ONE), False, True),
    (Texts("changed_variables", ONE), False, False),
    (Texts("claims.environment", ONE), False, False),
    (Texts("claims.action", ONE), False, False),
    (Texts("claims.subject", ONE), False, False),
    (Pair("claims.details", "a", ONE), False, False),
    (Pair("claims.variables", "a", ONE), False, False),
    (Pair("parameters", "a", ONE), True, False),
    (People("requester", ("alice",)), False, True),
    (People("requester", ("alice",), every=True), True, False),
    (People("commit_author", ("alice",)), False, False),
    (People("commit_author", ("alice",), every=True), False, False),
    (Flag("replayed", True), False, True),
    (Flag("replayed", False), True, False),
    (Flag("unknown_requester", True), False, True),
    (Flag("unknown_requester", False), True, False),
    (Flag("first_run", True), False, True),
    (Flag("first_run_of_branch", True), False, True),
    (Rate(3, 3600), False, True),
    (Window(OFFICE, True), True, True),
    (Window(OFFICE, False), True, True),
]


@pytest.mark.parametrize(("asked", "plain", "negated"), ALLOWED, ids=[repr(one[0])[:60] for one in ALLOWED])
def test_what_an_attacker_can_bring_about_lets_nothing_pass(asked: Predicate, plain: bool, negated: bool) -> None:
    """Each question, alone and inside not, and as one part among others, however deep."""
    sure = Texts("pipeline", ONE)
    assert (not list(loosening.faults(asked))) is plain
    assert (not list(loosening.faults(Not(asked)))) is negated
    assert (not list(loosening.faults(Not(Not(asked))))) is plain
    assert (not list(loosening.faults(All((sure, Any((sure, asked))))))) is plain
    assert (not list(loosening.faults(Any((sure, Not(All((sure, asked)))))))) is negated
