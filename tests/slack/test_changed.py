"""How a gate tells what has changed: old and new values in the box, the rest with the state, the same everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import CLAIMS, FACTS, ROSTER, gate

from jenkins_mfa.core.model import Change, Claims, Gate, History, Parameter
from jenkins_mfa.simulators.slack_text import plain_blocks
from jenkins_mfa.slack import blocks, views
from jenkins_mfa.words import compared, facts, page, render

SENT = (("DB_HOST", "db-2.internal"), ("REPLICAS", "6"))
MOVED = (
    Change("DB_HOST", "variable", True, "db-1.internal", "db-2.internal"),
    Change("REPLICAS", "variable", False, "6", "6"),
)


def moved(*found: Change, claims: Claims = CLAIMS, known: bool = True) -> Gate:
    """A gate whose values were compared, or could not be."""
    return gate(claims=replace(claims, variables=SENT), history=History(1, compared=known, changes=found))


def test_old_and_new_value_of_a_changed_variable_stand_in_every_view() -> None:
    """Message, its text, the form for the code: all show "was" and "now"; what did not change has one line."""
    shown = moved(*MOVED)
    about = views.About(shown.jti, "c_1", "C01DEPLOYS")
    form = plain_blocks(views.code(shown, about, shown.deadline)["blocks"])
    for text in (page.text(shown, ROSTER), plain_blocks(blocks.message(shown, ROSTER, {}).blocks), form):
        assert "DB_HOST was: db-1.internal" in text
        assert "DB_HOST now: db-2.internal" in text
        assert "REPLICAS: 6" in text


def test_where_nothing_is_there_to_compare_with_that_is_said() -> None:
    """The first gate shows its values plainly, and says that nobody knows whether they are new."""
    text = page.text(moved(*MOVED, known=False), ROSTER)
    assert "No earlier confirmed build to compare with." in text
    assert "DB_HOST: db-2.internal" in text
    assert " was: " not in text


def test_a_watched_variable_that_was_not_sent_is_named() -> None:
    """One has a sentence of its own; several share one, and are counted where there is no room."""
    one = Change("DB_PORT", "variable", True, "5432", None, sent=False)
    shown = moved(*MOVED, one)
    assert "“DB_PORT” is watched, but was not sent: counts as changed." in page.text(shown, ROSTER)
    assert "DB_PORT was: 5432" in compared.box(shown)
    both = moved(one, replace(one, name="DB_*"))
    assert "Watched, but not sent: “DB_PORT” and “DB_*”. Counts as changed." in page.text(both, ROSTER)
    (line,) = compared.lines(both, 0)
    assert render.terminal(line.shown) == "Watched, but not sent: 2 variables. Counts as changed."


@pytest.mark.parametrize(("changed", "said"), [(True, "changed, value hidden"), (False, "value hidden")])
def test_the_value_of_what_looks_like_a_secret_is_hidden(changed: bool, said: str) -> None:
    """Only that it has changed is told, of a variable and of a parameter."""
    claims = replace(CLAIMS, hidden=("API_TOKEN",))
    shown = moved(Change("API_TOKEN", "variable", changed, hidden=True), claims=claims)
    assert f"API_TOKEN: {said}" in compared.box(shown)
    history = History(1, compared=True, changes=(Change("PIN_KEY", "parameter", changed, hidden=True),))
    rows = facts.rows(replace(FACTS, parameters=(Parameter("PIN_KEY", None),)), ROSTER, history)
    assert f"Parameter “PIN_KEY”: {said}" in [render.terminal(row.shown) for row in rows]


def test_parameters_say_what_they_were_and_the_changed_ones_come_first() -> None:
    """Old value, a long one that was not kept, one that is gone."""
    found = (
        Change("B", "parameter", True, "us-1", "eu-1"),
        Change("C", "parameter", True, None, "x"),
        Change("D", "parameter", True, "old", None, sent=False),
    )
    history = History(1, compared=True, changes=found)
    given = (Parameter("A", "same"), Parameter("B", "eu-1"), Parameter("C", "x"))
    rows = facts.rows(replace(FACTS, parameters=given), ROSTER, history)
    assert [render.terminal(row.shown) for row in rows if "Parameter" in render.terminal(row.label)] == [
        "Parameter “B”: “eu-1”, was “us-1”",
        "Parameter “C”: “x”, changed",
        "Parameter “D”: not given any more, was “old”",
        "Parameter “A”: “same”",
    ]


def test_text_has_the_old_values_all_or_none() -> None:
    """Where `text` has no room for them it says where they are; the blocks have them whole all the same."""
    names = [f"V{n:02}" for n in range(10)]
    said = replace(CLAIMS, details=(), variables=tuple((name, "&" * 33) for name in names), message="m")
    found = tuple(Change(name, "variable", True, "<" * 40, "&" * 33) for name in names)
    shown = gate(claims=said, history=History(1, compared=True, changes=found))
    text = page.text(shown, ROSTER)
    assert "Old values: /mfa show 8f2c." in text
    assert " was: " not in text
    assert "V00 now: " in text
    assert all(f"{name} was: {'<' * 40}" in plain_blocks(blocks.message(shown, ROSTER, {}).blocks) for name in names)
