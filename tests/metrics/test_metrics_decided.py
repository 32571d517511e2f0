"""What counts as an answer, and of which factor."""

from __future__ import annotations

import pytest

from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.metrics.decided import answer


def entry(event: str, actor: str = "alice", gate: str = "g_1.1", **details: str | int) -> Entry:
    return Entry(event, 1, actor, gate, details=details)


@pytest.mark.parametrize(
    ("entries", "counted"),
    [
        ([entry("gate:confirmed", factor="totp"), entry("gate:approved", "agent")], ("totp", "counted")),
        ([entry("answer:refused", factor="totp"), entry("authenticator:throttled")], ("totp", "refused")),
        ([entry("answer:refused", reason="not_eligible")], ("", "refused")),
        ([entry("gate:denied"), entry("gate:denied", gate="g_2.1")], ("", "denied")),
        ([entry("gate:denied", factor="push"), entry("gate:denied", gate="g_2.1")], ("push", "denied")),
    ],
)
def test_each_answer_is_counted_once_with_its_factor(entries: list[Entry], counted: tuple[str, str]) -> None:
    """A denial ends all gates of its run and is one answer."""
    assert answer(Commit("c", (), tuple(entries))) == counted


@pytest.mark.parametrize(
    "entries",
    [
        [entry("gate:denied", "agent", reason="policy_error")],
        [entry("answer:refused", gate="", act="release")],
        [entry("gate:opened", "agent")],
        [],
    ],
)
def test_what_is_no_answer_to_a_gate_is_not_counted(entries: list[Entry]) -> None:
    """What the agent denies by itself, and what an administrator is refused."""
    assert answer(Commit("c", (), tuple(entries))) is None
