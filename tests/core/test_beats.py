"""Which agents run, as they say themselves."""

from __future__ import annotations

import pytest

from jenkins_mfa.core.beats import FRESH, age, fresh, good

NOW = 1_000_000


@pytest.mark.parametrize(("at", "runs"), [(NOW, True), (NOW - FRESH + 1, True), (NOW - FRESH, False), (None, False)])
def test_who_told_nothing_for_a_minute_runs_no_more(at: int | None, runs: bool) -> None:
    """Nor whoever does not say when it was."""
    assert bool(fresh({"agent:a": {"at": at}}, "agent", NOW)) is runs


def test_kinds_are_told_apart() -> None:
    """By what stands before the colon, whole; an agent of before there were several has no colon."""
    told = {name: {"at": NOW, "is": name} for name in ("agent:b", "agents:c", "agent:a", "trail:a", "agent")}
    assert [one["is"] for one in fresh(told, "agent", NOW)] == ["agent", "agent:a", "agent:b"]
    assert [one["is"] for one in fresh(told, "trail", NOW)] == ["trail:a"]


def test_how_long_ago_it_was() -> None:
    """In ms; as long as makes it old where it does not say."""
    assert (age({"at": NOW - 7}, NOW), age({}, NOW), age({"at": "soon"}, NOW)) == (7, FRESH, FRESH)


def test_when_all_was_well_last() -> None:
    """Its own time where it says so, else what it has from one before it; text is no time."""
    assert [good({"ok": True, "at": 5, "good": 1}), good({"ok": False, "at": 5, "good": 1})] == [5, 1]
    assert [good({"ok": False, "at": 5}), good({}), good({"ok": True, "at": "now"})] == [None, None, None]
