"""Each question on its own: a gate for which it is answered yes, one for no, and one that leaves it open."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import NOW, ROSTER, RUN, claims, environment, facts, policy
from jenkins_mfa.core.calendars import Calendar, Opening
from jenkins_mfa.core.model import Author, Change, Claims, Facts, History, Library, Parameter, Starter, Trigger
from jenkins_mfa.core.policy import Globs, Predicate, Resource
from jenkins_mfa.core.policy.looks import by_facts, with_claims
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Rate, Texts, Window
from jenkins_mfa.core.policy.scene import Scene

DECLARED = policy(
    environments=(environment("production", "team one/*", tags=("pci",)), environment("dev", "dev/*")),
    resources=(Resource(Globs(("terraform/*",)), ("infra",)),),
)
OPEN = Calendar("open", ZoneInfo("UTC"), hours=(), openings=(Opening(NOW, NOW + 1),))
MINUTE = 60_000


def texts(key: str, *globs: str) -> Texts:
    return Texts(key, Globs(globs))


def every(key: str, *globs: str) -> Texts:
    return Texts(key, Globs(globs), every=True)


def started(*how: tuple[Trigger, str | None]) -> Facts:
    """A build with these causes, each with the person behind it."""
    return facts(starters=tuple(Starter(trigger, person or None, person) for trigger, person in how))


def wrote(*people: str | None, paths: tuple[str, ...] | None = ()) -> Facts:
    return facts(authors=tuple(Author(person or "ghost", "", person) for person in people), paths=paths)


def scene(seen: Facts | Claims | History) -> Scene:
    """A look by facts; with claims if those are given."""
    if isinstance(seen, Claims):
        return with_claims(DECLARED, by_facts(DECLARED, ROSTER, facts(), History(NOW)), seen)
    if isinstance(seen, History):
        return by_facts(DECLARED, ROSTER, facts(), seen)
    return by_facts(DECLARED, ROSTER, seen, History(NOW))


def job(name: str) -> Facts:
    return facts(run=replace(RUN, pipeline=name))


PERSON, SCHEDULE, SCM, UNKNOWN = Trigger.PERSON, Trigger.SCHEDULE, Trigger.SCM, Trigger.UNKNOWN
CHANGED = tuple(Change(name, "parameter", changed) for name, changed in (("A", True), ("B", False), ("C", None)))

TABLE: list[tuple[Predicate, bool | None, Facts | Claims | History]] = [
    (texts("source", "ma*"), True, facts()),
    (texts("source", "MAIN"), False, facts()),
    (texts("pipeline", "team */deploy"), True, facts()),
    (texts("pipeline", "deploy"), False, facts()),
    (texts("branch", "main"), True, facts()),
    (texts("branch", "dev"), False, facts()),
    (texts("branch", "main"), None, facts(branch="")),
    (texts("environment", "prod*"), True, facts()),
    (texts("environment", "prod*"), False, job("dev/x")),
    (texts("environment", "claimed"), False, facts()),
    (texts("environment", "claimed"), True, claims(environment="claimed")),
    (texts("tags", "pci"), True, facts(paths=())),
    (texts("tags", "pci"), False, replace(job("dev/x"), paths=None)),
    (texts("tags", "infra"), True, facts(paths=("terraform/a",))),
    (texts("tags", "infra"), False, facts(paths=("src/a",))),
    (texts("tags", "infra"), None, facts(paths=None)),
    (texts("tags", "infra"), True, claims(details=(("resources", "x, terraform/b"),))),
    (texts("tags", "infra"), True, claims(details=(("resources", "infra"),))),
    (texts("tags", "made-up"), False, claims(details=(("resources", "made-up"),))),
    (texts("trigger", "person"), True, started((SCHEDULE, None), (PERSON, "dan"))),
    (texts("trigger", "person"), False, started((SCHEDULE, None))),
    (texts("trigger", "person"), None, started((UNKNOWN, None))),
    (texts("trigger", "person"), None, facts(starters=())),
    (every("trigger", "schedule", "scm"), True, started((SCHEDULE, None), (SCM, None))),
    (every("trigger", "schedule"), False, started((SCHEDULE, None), (PERSON, "dan"))),
    (every("trigger", "schedule"), None, started((SCHEDULE, None), (UNKNOWN, None))),
    (every("trigger", "unknown"), None, started((UNKNOWN, None))),
    (every("trigger", "schedule"), None, facts(starters=())),
    (texts("upstream", "a/*"), True, facts(upstream=("a/b",))),
    (texts("upstream", "a/*"), False, facts()),
    (texts("upstream", "a/*"), None, started((UNKNOWN, None))),
    (texts("library", "lib@1.*"), True, facts(libraries=(Library("lib", "1.2", True),))),
    (texts("library", "lib@1.*"), False, facts(libraries=(Library("lib", "2.0", True),))),
    (texts("plain_input", "Go*"), True, facts(plain="Go on")),
    (texts("plain_input", "*"), False, facts()),
    (texts("changed_paths", "docs/*"), True, facts(paths=("src/a", "docs/b/c"))),
    (texts("changed_paths", "docs/*"), False, facts(paths=("src/a",))),
    (texts("changed_paths", "docs/*"), None, facts(paths=None)),
    (every("changed_paths", "docs/*"), True, facts(paths=("docs/a",))),
    (every("changed_paths", "docs/*"), False, facts(paths=("docs/a", "src/b"))),
    (every("changed_paths", "docs/*"), False, facts(paths=())),
    (every("changed_paths", "docs/*"), None, facts(paths=None)),
    (texts("changed_parameters", "A"), True, History(NOW, changes=CHANGED)),
    (texts("changed_parameters", "B"), False, History(NOW, changes=CHANGED)),
    (texts("changed_parameters", "C"), None, History(NOW, changes=CHANGED)),
    (texts("changed_variables", "A"), None, History(NOW, changes=(Change("A", "variable", True),))),
    (texts("changed_variables", "A"), False, claims()),
    (texts("claims.environment", "prod*"), None, facts()),
    (texts("claims.environment", "prod*"), True, claims()),
    (texts("claims.environment", "dev"), False, claims()),
    (texts("claims.action", "deploy"), None, facts()),
    (texts("claims.action", "deploy"), True, claims()),
    (texts("claims.action", "destroy"), False, claims()),
    (texts("claims.subject", "app"), None, facts()),
    (texts("claims.subject", "app"), True, claims(subject_name="app")),
    (texts("claims.subject", "app"), False, claims()),
    (People("requester", ("group:developers",)), True, started((PERSON, "alice"), (PERSON, "dan"))),
    (People("requester", ("group:developers",)), False, started((PERSON, "alice"))),
    (People("requester", ("group:developers",)), None, started((PERSON, "alice"), (PERSON, None))),
    (People("requester", ("group:developers",)), False, started((SCHEDULE, None))),
    (People("requester", ("alice",)), None, facts(starters=())),
    (People("requester", ("dan", "eve"), every=True), True, started((PERSON, "dan"), (PERSON, "eve"))),
    (People("requester", ("dan",), every=True), False, started((PERSON, "dan"), (PERSON, "eve"))),
    (People("requester", ("dan",), every=True), False, started((PERSON, None), (PERSON, "eve"))),
    (People("requester", ("dan",), every=True), None, started((PERSON, "dan"), (Trigger.API, None))),
    (People("requester", ("dan",), every=True), None, started((SCHEDULE, None))),
    (People("commit_author", ("dan",)), True, wrote("alice", "dan")),
    (People("commit_author", ("dan",)), False, wrote("alice")),
    (People("commit_author", ("dan",)), None, wrote(None)),
    (People("commit_author", ("dan",)), None, wrote("alice", paths=None)),
    (People("commit_author", ("dan",), every=True), True, wrote("dan")),
    (People("commit_author", ("dan",), every=True), False, wrote("dan", "alice", paths=None)),
    (People("commit_author", ("dan",), every=True), None, wrote("dan", paths=None)),
    (Pair("parameters", "ENV", Globs(("prod",))), True, facts(parameters=(Parameter("ENV", "prod"),))),
    (Pair("parameters", "ENV", Globs(("prod",))), False, facts(parameters=(Parameter("ENV", "dev"),))),
    (Pair("parameters", "ENV", Globs(("prod",))), False, facts(parameters=(Parameter("env", "prod"),))),
    (Pair("parameters", "ENV", Globs(("prod",))), None, facts(parameters=(Parameter("ENV", None),))),
    (Pair("claims.details", "A", Globs(("1",))), None, facts()),
    (Pair("claims.details", "A", Globs(("1",))), True, claims(details=(("A", "1"),))),
    (Pair("claims.details", "A", Globs(("1",))), False, claims(details=(("A", "2"),))),
    (Pair("claims.variables", "A", Globs(("1",))), None, facts()),
    (Pair("claims.variables", "A", Globs(("1",))), True, claims(variables=(("A", "1"),))),
    (Pair("claims.variables", "A", Globs(("1",))), False, claims()),
    (Pair("claims.variables", "A", Globs(("1",))), None, claims(hidden=("A",))),
    (Flag("replayed", True), True, started((Trigger.REPLAY, "dan"))),
    (Flag("replayed", True), True, started((UNKNOWN, None), (Trigger.RESTART, "dan"))),
    (Flag("replayed", True), False, started((PERSON, "dan"))),
    (Flag("replayed", True), None, started((UNKNOWN, None))),
    (Flag("replayed", False), True, started((PERSON, "dan"))),
    (Flag("replayed", False), None, facts(starters=())),
    (Flag("unknown_requester", True), True, started((PERSON, None))),
    (Flag("unknown_requester", True), True, facts(starters=())),
    (Flag("unknown_requester", True), False, started((SCHEDULE, None), (PERSON, "dan"))),
    (Flag("unknown_requester", False), True, started((SCHEDULE, None))),
    (Flag("unknown_requester", True), True, facts(starters=(Starter(SCHEDULE, "x"),))),
    (Flag("first_run", True), True, History(NOW)),
    (Flag("first_run", True), False, History(NOW, pipeline_known=True)),
    (Flag("first_run_of_branch", True), True, History(NOW, pipeline_known=True)),
    (Flag("first_run_of_branch", True), False, History(NOW, branch_known=True)),
    (Rate(2, 60), True, History(NOW, (NOW, NOW - MINUTE + 1))),
    (Rate(2, 60), False, History(NOW, (NOW, NOW - MINUTE))),
    (Rate(2, 60), False, History(NOW, (NOW, NOW + 1))),
    (Rate(1, 60), False, History(NOW)),
    (Window(OPEN, True), True, History(NOW)),
    (Window(OPEN, True), False, History(NOW + 1)),
    (Window(OPEN, False), False, History(NOW)),
    (Window(OPEN, False), True, History(NOW + 1)),
]


@pytest.mark.parametrize(
    ("asked", "answer", "seen"), TABLE, ids=[f"{n}-{getattr(row[0], 'key', '')}" for n, row in enumerate(TABLE)]
)
def test_a_question_is_answered(asked: Predicate, answer: bool | None, seen: Facts | Claims | History) -> None:
    """Yes, no, or not known, as docs/policy.md says; inside not, the opposite."""
    assert asked.look(scene(seen)) is answer
    assert Not(asked).look(scene(seen)) is (None if answer is None else not answer)


YES, NO, HIDDEN = texts("source", "main"), texts("source", "x"), texts("claims.action", "x")


@pytest.mark.parametrize(
    ("parts", "every_one", "one"),
    [
        ((YES, YES), True, True),
        ((YES, NO), False, True),
        ((NO, NO), False, False),
        ((YES, HIDDEN), None, True),
        ((HIDDEN, YES), None, True),
        ((NO, HIDDEN), False, None),
        ((HIDDEN, NO), False, None),
        ((HIDDEN, HIDDEN), None, None),
    ],
)
def test_all_and_any_know_three_answers(parts: tuple[Predicate, ...], every_one: bool | None, one: bool | None) -> None:
    """Kleene's tables: one no settles all, one yes settles any, whatever is not known beside it."""
    assert All(parts).look(scene(facts())) is every_one
    assert Any(parts).look(scene(facts())) is one
