"""What a later look refuses although no clause stands for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import claims, facts, needs, policy, rule
from jenkins_mfa.core.model import Starter, Trigger
from jenkins_mfa.core.policy.tighter import tightened

STRANGER = facts(starters=(Starter(Trigger.PERSON, "ghost"),))
PLAIN = facts(plain="Release")


@pytest.mark.parametrize(
    ("before", "after", "found", "code"),
    [
        (policy(strangers="same"), policy(strangers="deny"), STRANGER, "stranger"),
        (policy(), policy(replace(rule(), assurance="verified")), PLAIN, "assurance"),
    ],
)
def test_a_policy_that_bars_a_gate_now_denies_it_at_the_quorum(before, after, found, code) -> None:  # type: ignore[no-untyped-def]
    """Nobody's answer could mend it, and no clause could hold it."""
    frozen, fresh = needs(before, found, claims()), needs(after, found, claims())
    assert frozen.refusal is None
    later = tightened(frozen, fresh, after.available, 1)
    assert later is not None
    assert later.refusal is not None
    assert later.refusal.code == code
