"""The checker of a soak sees what should not have happened: a good history passes, and each doctored one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from history import History, Ran, wrongs
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.model import Entry
from jenkins_mfa.store.trail import link

PASSED = ("gate:opened", "gate:confirmed", "gate:approved", "gate:claimed", "gate:resumed")
DENIED = ("gate:opened", "gate:denied", "gate:aborted")


def history(passed: tuple[str, ...] = PASSED, denied: tuple[str, ...] = DENIED) -> History:
    """Build 1 went on, build 2 was denied."""
    told = [(name, "1") for name in passed] + [(name, "2") for name in denied]
    entries = [Entry(name, 1, "agent", f"g_{n}.1", "main", f"main:deploy:{n}:1", {}) for name, n in told]
    builds = {"1": Ran("SUCCESS", 1, 1), "2": Ran("ABORTED", 0, 0)}
    messages = {"1": ["Approved, resumed: “deploy” #1"], "2": ["Denied by Bob Ray: “deploy” #2"]}
    return History(builds, messages, link(Head(0, ""), entries))


def lost_event(given: History) -> None:
    del given.trail[2]


def reordered(given: History) -> None:
    given.trail[1], given.trail[2] = given.trail[2], given.trail[1]


def changed(given: History) -> None:
    given.trail[0] = replace(given.trail[0], raw=given.trail[0].raw.replace(b"agent", b"alice"))


def body_twice(given: History) -> None:
    given.builds["1"] = Ran("SUCCESS", 1, 2)


def proceeded_twice(given: History) -> None:
    given.builds["1"] = Ran("SUCCESS", 2, 1)


def denied_ran(given: History) -> None:
    given.builds["2"] = Ran("SUCCESS", 1, 1)


def never_arrived(given: History) -> None:
    given.builds["1"] = Ran(None, 0, 0)


def buttons_live_on(given: History) -> None:
    given.messages["1"].append("Needs confirmation: “deploy” #1")


def never_told(given: History) -> None:
    del given.messages["2"]


@pytest.mark.parametrize(
    "doctor",
    [
        lost_event, reordered, changed, body_twice, proceeded_twice, denied_ran, never_arrived, buttons_live_on,
        never_told,
    ],
)  # fmt: skip
def test_a_doctored_history_is_seen(doctor: Callable[[History], None]) -> None:
    """The good one passes; with one thing changed it does not."""
    given = history()
    assert wrongs(given) == []
    doctor(given)
    assert wrongs(given)


@pytest.mark.parametrize(
    ("passed", "denied", "says"),
    [
        (("gate:opened", "gate:approved", "gate:claimed", "gate:resumed"), DENIED, "without a stored decision"),
        (("gate:opened", "gate:claimed", "gate:confirmed", "gate:approved", "gate:resumed"), DENIED, "without"),
        (("gate:opened", "gate:confirmed", "gate:denied", *PASSED[2:]), DENIED, "without"),
        ((*PASSED, "gate:resumed"), DENIED, "gate:resumed 2 times"),
        (PASSED[:-1], DENIED, "no decision reached Jenkins"),
        (PASSED, DENIED[:-1], "no decision reached Jenkins"),
    ],
)
def test_a_trail_that_does_not_bear_it_is_seen(passed: tuple[str, ...], denied: tuple[str, ...], says: str) -> None:
    """Although its chain is whole."""
    assert any(says in wrong for wrong in wrongs(history(passed, denied)))
