"""What an explanation shows of each question: what was wanted, what was seen, and what it keeps to itself."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from builders import NOW, ROSTER, claims, facts, policy
from jenkins_mfa.core.calendars import Calendar, Freeze, Look, Opening, look
from jenkins_mfa.core.model import Author, Claims, Facts, History, Parameter, Reason, Starter, Trigger
from jenkins_mfa.core.policy import Globs, Predicate
from jenkins_mfa.core.policy.explanation import explain
from jenkins_mfa.core.policy.looks import by_facts, with_claims
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Rate, Texts, Window

SEVEN = tuple(f"path{n}" for n in range(7))
UNREAD = "not all commits are known"
RULES = policy()
MAIN, ELSEWHERE, ACTION = (
    Texts(key, Globs((glob,))) for key, glob in (("branch", "main"), ("branch", "x"), ("claims.action", "deploy"))
)


def explained(asked: Predicate, seen: Facts | Claims | History) -> Reason:
    """With claims if those are given, by facts alone otherwise."""
    known = seen if isinstance(seen, Facts) else facts(paths=())
    history = seen if isinstance(seen, History) else History(NOW)
    scene = by_facts(RULES, ROSTER, known, history)
    return explain(asked, with_claims(RULES, scene, seen) if isinstance(seen, Claims) else scene)


def texts(key: str, *globs: str, every: bool = False) -> Texts:
    return Texts(key, Globs(globs), every)


def pair(key: str, name: str = "A") -> Pair:
    return Pair(key, name, Globs(("1", "2")))


def given(value: str | None) -> Facts:
    return facts(parameters=(Parameter("A", value), Parameter("B", "other")))


def wrote(*authors: Author) -> Facts:
    return facts(authors=authors, paths=())


ALICE, BOB = Author("alice", "", "alice"), Author("bob", "", "bob")
TABLE: list[tuple[Predicate, Facts | Claims | History, bool | None, dict[str, str]]] = [
    (texts("branch", "main", "x*"), facts(), True, {"wanted": "main, x*", "seen": "main"}),
    (texts("branch", "main"), facts(branch=""), None, {"wanted": "main", "seen": ""}),
    (texts("changed_paths", "docs/*"), facts(paths=("a", "b")), False, {"wanted": "docs/*", "seen": "a, b"}),
    (texts("changed_paths", "x"), facts(paths=SEVEN[:5]), False, {"wanted": "x", "seen": ", ".join(SEVEN[:5])}),
    (
        texts("changed_paths", "x"),
        facts(paths=SEVEN[:6]),
        False,
        {"wanted": "x", "seen": ", ".join(SEVEN[:5]), "more": "1"},
    ),
    (
        texts("changed_paths", "path*", every=True),
        facts(paths=SEVEN),
        True,
        {"wanted": "path*", "seen": ", ".join(SEVEN[:5]), "more": "2", "every": "yes"},
    ),
    (ACTION, facts(), None, {"wanted": "deploy"}),
    (ACTION, claims(), True, {"wanted": "deploy", "seen": "deploy"}),
    (ACTION, claims(action="drop"), False, {"wanted": "deploy", "seen": "drop"}),
    (People("commit_author", ("bob", "carol")), wrote(BOB), True, {"wanted": "bob, carol", "seen": "bob"}),
    (
        People("commit_author", ("carol",), every=True),
        wrote(Author("x"), BOB, ALICE),
        False,
        {"wanted": "carol", "seen": "alice, bob, x", "every": "yes"},
    ),
    (People("commit_author", ("bob",)), facts(paths=None), None, {"wanted": "bob", "seen": UNREAD}),
    (People("requester", ("bob",)), facts(starters=()), None, {"wanted": "bob", "seen": "unknown"}),
    (
        People("requester", ("bob",)),
        facts(starters=(Starter(Trigger.API), Starter(Trigger.PERSON, "x"))),
        None,
        {"wanted": "bob", "seen": "unknown, x"},
    ),
    (pair("parameters"), given("1"), True, {"wanted": "A = 1, 2", "seen": "A = 1"}),
    (pair("parameters"), given("3"), False, {"wanted": "A = 1, 2", "seen": "A = 3"}),
    (pair("parameters"), given(None), None, {"wanted": "A = 1, 2", "seen": ""}),
    (pair("parameters"), facts(), False, {"wanted": "A = 1, 2", "seen": ""}),
    (pair("parameters"), given("x" * 200), False, {"wanted": "A = 1, 2", "seen": "A = " + "x" * 200}),
    (pair("parameters"), given("x" * 201), False, {"wanted": "A = 1, 2", "seen": "A = 201 characters"}),
    (pair("claims.details"), facts(), None, {"wanted": "A = 1, 2"}),
    (pair("claims.details"), claims(details=(("A", "1"),)), True, {"wanted": "A = 1, 2", "seen": "A = 1"}),
    (Flag("first_run", True), History(NOW), True, {"wanted": "yes", "seen": "yes"}),
    (Flag("first_run", False), History(NOW, pipeline_known=True), True, {"wanted": "no", "seen": "no"}),
    (Flag("replayed", True), facts(starters=()), None, {"wanted": "yes", "seen": ""}),
    (Rate(1, 3700), History(NOW, (NOW,)), True, {"wanted": "more than 1 within 61 min", "seen": "2"}),
]


@pytest.mark.parametrize(
    ("asked", "seen", "holds", "values"), TABLE, ids=[f"{n}-{row[0].key}" for n, row in enumerate(TABLE)]
)
def test_a_question_shows_what_it_wanted_and_saw(
    asked: Predicate, seen: Facts | Claims | History, holds: bool | None, values: dict[str, str]
) -> None:
    """At most five of a list and 200 characters of a value; nothing of a claim while only facts may speak."""
    assert explained(asked, seen) == Reason(asked.key, values, holds)


def test_groups_of_questions_show_all_their_parts() -> None:
    """With the answer of the whole, though one part would settle it."""
    yes, no, open_ = (explained(part, facts()) for part in (MAIN, ELSEWHERE, ACTION))
    rows: list[tuple[Predicate, str, bool | None, tuple[Reason, ...]]] = [
        (All((MAIN, MAIN)), "all", True, (yes, yes)),
        (All((ACTION, ELSEWHERE)), "all", False, (open_, no)),
        (All((MAIN, ACTION)), "all", None, (yes, open_)),
        (Any((ELSEWHERE, MAIN)), "any", True, (no, yes)),
        (Any((ELSEWHERE, ACTION)), "any", None, (no, open_)),
        (Any((ELSEWHERE, ELSEWHERE)), "any", False, (no, no)),
        (Not(MAIN), "not", False, (yes,)),
        (Not(ACTION), "not", None, (open_,)),
    ]
    for asked, code, holds, parts in rows:
        assert explained(asked, facts()) == Reason(code, holds=holds, children=parts)


HOUR = 3_600_000
DAY = Calendar(
    "day",
    ZoneInfo("UTC"),
    openings=(Opening(NOW, NOW + HOUR),),
    freezes=(Freeze("year end", NOW + HOUR, NOW + 2 * HOUR, "audit"),),
    hours=(),
)


def said(found: Look) -> str:
    return f"{found.code} (" + ", ".join(f"{name} {value}" for name, value in sorted(found.values.items())) + ")"


@pytest.mark.parametrize(("after", "named"), [(0, set()), (HOUR, {"freeze", "reason", "until"}), (2 * HOUR, set())])
def test_a_calendar_shows_what_it_says_of_the_moment(after: int, named: set[str]) -> None:
    """A freeze by its name, reason and end as well, which messages tell by themselves."""
    found = look(DAY, NOW + after)
    shown = {"wanted": "day", "seen": said(found)} | {name: found.values[name] for name in named}
    assert explained(Window(DAY, inside=True), History(NOW + after)) == Reason("inside", shown, found.inside)
    assert explained(Window(DAY, inside=False), History(NOW + after)).code == "outside"


def test_a_holiday_shows_its_name_if_it_has_one() -> None:
    """The day stands in what was seen, either way."""
    today = look(DAY, NOW).values["local"][:10]
    day = date.fromisoformat(today)
    for holidays, named in (({day: "Founding"}, {"holiday": "Founding"}), (frozenset({day}), {})):
        found = explained(Window(Calendar("days", ZoneInfo("UTC"), holidays=holidays), inside=False), History(NOW))
        assert {key: value for key, value in found.values.items() if key not in {"wanted", "seen"}} == named
        assert today in found.values["seen"]
