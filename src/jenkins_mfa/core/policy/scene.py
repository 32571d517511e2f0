"""What a policy looks at: facts, what the agent's own records add, and, in a second look, what the pipeline claims."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jenkins_mfa.core.model import Claims, Facts, History
from jenkins_mfa.core.policy.people import Roster


@dataclass(frozen=True, slots=True)
class Scene:
    """One look at a gate. `claims` are None while only facts may speak.

    `tags` are those that certainly apply, `possible_tags` those that might, as not all changed paths are known. `memo`
    keeps what one question has found for the next.
    """

    facts: Facts
    history: History
    roster: Roster
    claims: Claims | None
    environments: tuple[str, ...]
    tags: frozenset[str]
    possible_tags: frozenset[str]
    memo: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
