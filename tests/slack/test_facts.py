"""How what changed is told: counted, never cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import FACTS, ROSTER

from jenkins_mfa.core.model import Author, Facts
from jenkins_mfa.words import facts, render


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (None, "Since build 16: 4 commits by “ana”, “dan”"),
        (("a",), "Since build 16: 4 commits by “ana”, “dan”; 1 file changed"),
        (("a", "b"), "Since build 16: 4 commits by “ana”, “dan”; 2 files changed"),
    ],
)
def test_changed_files_are_counted_where_they_are_known(paths: tuple[str, ...] | None, said: str) -> None:
    """Unknown is not nothing: then no number stands there."""
    assert render.terminal(facts.rows(replace(FACTS, paths=paths), ROSTER)[-1].shown) == said


def test_an_author_of_two_addresses_is_named_once_and_an_unnamed_one_is_told() -> None:
    """Names are shown, and each commit has somebody behind it."""
    authors = (Author("", "x@example.com"), Author("ana", "a@example.com"), Author("ana", "b@example.com"))
    row = facts.rows(replace(FACTS, commits=1, authors=authors), ROSTER)[-1]
    assert render.terminal(row.shown) == "Since build 16: 1 commit by somebody unnamed, “ana”"


def test_what_was_not_read_is_not_told_as_nobody() -> None:
    """A pause that is denied unread has none of its build's records: Jenkins was not even asked who started it."""
    shown = [render.terminal(row.shown) for row in facts.rows(Facts(FACTS.run), ROSTER)]
    assert "Started by: not read, since nobody is asked" in shown
