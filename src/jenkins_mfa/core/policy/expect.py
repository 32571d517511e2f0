"""What a test of a policy expects of a requirement, and where it differs. What is not named is not compared.

One thing is: a gate that is refused meets no expectation but `refused`, or a test that names its clauses would go on
passing after nobody can fill them any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from jenkins_mfa.core.model import Clause, Factor, Reason, Requirement
from jenkins_mfa.core.policy.pairing import unpaired

Part = Literal["clauses", "observed", "rules", "reasons", "tags", "passes", "refused", "ttl_seconds"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A clause as a test names it: None for what it leaves open. `approvers` are compared as a set."""

    rule: str | None = None
    factor: Factor | None = None
    count: int | None = None
    approvers: frozenset[str] | None = None

    def fits(self, clause: Clause) -> bool:
        """Whether the clause has all that is named."""
        asked = (self.rule, self.factor, self.count, self.approvers)
        seen = (clause.rule, clause.factor, clause.count, frozenset(clause.approvers))
        return all(one is None or one == other for one, other in zip(asked, seen, strict=True))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case expects; None for what it does not compare. `clauses` and `observed` are all that there are.

    `rules` are all that apply, let pass or exempt; `tags` all that the gate has. `reasons` must be among the questions
    that were answered yes: `outside`, or with what it asks for, `outside office`. `refused` is always compared: empty
    for a gate that is not refused.
    """

    clauses: tuple[Ask, ...] | None = None
    observed: tuple[Ask, ...] | None = None
    rules: frozenset[str] | None = None
    reasons: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    passes: bool | None = None
    refused: str = ""
    ttl_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not as expected: what is missing, and what is there in its place."""

    part: Part
    missing: tuple[Ask | str, ...]
    instead: tuple[Clause | str, ...]


def differences(expected: Expected, found: Requirement) -> list[Difference]:
    """Every part that is named and differs. A refusal that is not expected stands for all others."""
    refused = found.refusal.code if found.refusal else ""
    if refused != expected.refused:
        return [Difference("refused", _one(expected.refused), _one(refused))]
    return [*_clauses(expected, found), *_sets(expected, found), *_values(expected, found)]


def holding(reason: Reason) -> Iterator[str]:
    """The codes of all nodes that hold, each alone and with what it asks for."""
    if reason.holds:
        yield reason.code
        if "wanted" in reason.values:
            yield f"{reason.code} {reason.values['wanted']}"
    for child in reason.children:
        yield from holding(child)


def _clauses(expected: Expected, found: Requirement) -> Iterator[Difference]:
    parts: tuple[tuple[Part, tuple[Ask, ...] | None, tuple[Clause, ...]], ...] = (
        ("clauses", expected.clauses, found.clauses),
        ("observed", expected.observed, found.observed),
    )
    for part, asks, clauses in parts:
        if asks is not None:
            missing, instead = unpaired(asks, clauses, Ask.fits)
            if missing or instead:
                yield Difference(part, missing, instead)


def _sets(expected: Expected, found: Requirement) -> Iterator[Difference]:
    parts: tuple[tuple[Part, frozenset[str] | None, frozenset[str]], ...] = (
        ("rules", expected.rules, frozenset((*found.rules, *found.passes_by))),
        ("tags", expected.tags, frozenset(found.tags)),
    )
    for part, wanted, seen in parts:
        if wanted is not None and wanted != seen:
            yield Difference(part, tuple(sorted(wanted - seen)), tuple(sorted(seen - wanted)))
    held = frozenset(holding(found.reasons))
    if expected.reasons is not None and not expected.reasons <= held:
        yield Difference("reasons", tuple(sorted(expected.reasons - held)), tuple(sorted(held - expected.reasons)))


def _values(expected: Expected, found: Requirement) -> Iterator[Difference]:
    passes = bool(found.passes_by)
    if expected.passes is not None and expected.passes is not passes:
        yield Difference("passes", _one(str(expected.passes).lower()), _one(str(passes).lower()))
    if expected.ttl_seconds is not None and expected.ttl_seconds != found.ttl:
        yield Difference("ttl_seconds", _one(str(expected.ttl_seconds)), _one(str(found.ttl)))


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()
