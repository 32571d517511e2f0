"""A library that lags behind the agent's keys: the build's log and ops are told in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_world import World
from fakes import KEYS, FakeSource, request_text
from jenkins_mfa.core.keys import SigningKey
from jenkins_mfa.core.model import State

DAY = 86400
SIGNING = KEYS.signing[0]


def world(*kids: str, keys: tuple[SigningKey, ...]) -> World:
    """A gate whose run knows these kids; the agent has these keys."""
    made = World(source=FakeSource(text=request_text(kids=list(kids))))
    made.desk.keys.signing = keys
    made.open()
    return made


def key(kid: str, days: float, **changes: object) -> SigningKey:
    """One that ends so many days from the clock's start."""
    return replace(SIGNING, kid=kid, not_after=World().clock.now() // 1000 + round(days * DAY), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kids", "told"), [(("k1",), "k2"), (("k1", "k2"), ""), (("k2", "k1"), "")])
def test_a_receipt_says_that_its_run_does_not_know_the_newest_key(kids: tuple[str, ...], told: str) -> None:
    """Also while that one waits to sign: it is to be published before."""
    later = key("k2", 300, signs_from=4_000_000_000)
    at = world(*kids, keys=(later, key("k1", 100)))
    at.tap("alice")
    at.deliver()
    (token,) = at.source.receipts
    assert at.verified(token).newest_kid == told


def test_a_newer_key_between_two_tries_changes_no_claimed_receipt() -> None:
    """What it says of the newest key is frozen with the claim: every retry sends the same."""
    at = world("k1", keys=(key("k1", 100),))
    at.tap("alice")
    sent, answer = [], at.source.answer

    def lost(ref: str, given: object) -> None:
        sent.append(given.receipt)  # type: ignore[attr-defined]
        at.source.answer = answer  # type: ignore[method-assign]
        raise ConnectionError("lost")

    at.source.answer = lost  # type: ignore[method-assign,assignment]
    at.deliver()
    assert at.gate.state is State.SENDING
    at.desk.keys.signing = (key("k2", 300), key("k1", 100))
    at.clock.move(seconds=120)
    at.deliver()
    assert (at.gate.state, at.source.receipts) == (State.RESUMED, sent)


@pytest.mark.parametrize(("days", "told"), [(29.5, 1), (30.5, 0)])
def test_ops_are_told_before_the_last_key_that_a_library_knows_ends(days: float, told: int) -> None:
    """The agent's newer key is of no use to it."""
    at = world("k1", "k0", keys=(key("k2", 300), key("k1", days), key("k0", 3)))
    at.deliver()
    found = [alert for alert in at.messenger.alerts if alert.code == "trust_ends"]
    assert len(found) == told
    assert [alert.values for alert in found] == [{"source": "main", "kid": "k1", "days": "29"}] * told


def test_they_are_told_once_a_week() -> None:
    """Not by each build; a newer library ends it."""
    at = world("k1", keys=(key("k2", 300), key("k1", 20)))
    counts = []
    for number, days in enumerate((0, 1, 5, 2, 0)):
        at.clock.move(seconds=days * DAY)
        at.source.pauses = {f"ref-{number + 2}": f"Mfa-{number:032x}"}
        if number == 4:
            at.source.text = request_text(kids=["k1", "k2"])
            at.clock.move(seconds=8 * DAY)
        at.watch.poll()
        at.deliver()
        counts.append(len([alert for alert in at.messenger.alerts if alert.code == "trust_ends"]))
    assert counts == [1, 1, 1, 2, 2]
