"""People of the roster, and who a policy's `approvers` stand for at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

SUBSTITUTES = 3  #: hops from an absent person to the one who stands in


def groups_of(approvers: Iterable[str]) -> frozenset[str]:
    """The groups among a rule's `approvers`."""
    return frozenset(name.removeprefix("group:") for name in approvers if name.startswith("group:"))


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away from `start` until `end` (ms UTC); `substitute` (roster id) stands in where they are named."""

    start: int
    end: int
    substitute: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster. `identities` map an issuer (`<system>:<instance>`) to a subject there."""

    id: str
    name: str
    groups: tuple[str, ...]
    identities: Mapping[str, str]
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """All people who may answer or start runs, and every group that somebody may be in.

    `outside` has the members (roster ids) of groups that are kept elsewhere: they stand in place of the group's own.
    """

    people: Mapping[str, Person]
    groups: frozenset[str] = frozenset()
    outside: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def members(self, group: str) -> tuple[str, ...]:
        """Ids of the people in a group, sorted; empty for a group that nobody is in."""
        if group in self.outside:
            return tuple(sorted(self.outside[group]))
        return tuple(sorted(p.id for p in self.people.values() if group in p.groups))

    def holding(self, accounts: Mapping[str, frozenset[str]], issuer: str) -> Roster:
        """The roster with these groups kept outside: in each is who has one of its accounts (subjects at `issuer`)."""
        people = {one.id: one.identities.get(issuer) for one in self.people.values()}
        found = {group: frozenset(p for p, own in people.items() if own in of) for group, of in accounts.items()}
        return replace(self, outside=found)

    def named(self, approvers: Iterable[str], at: int | None = None) -> frozenset[str]:
        """The people that a rule's `approvers` stand for: ids of the roster, and members of `group:<name>`.

        Where somebody named by id is away at `at` (ms UTC), whoever stands in may answer too; groups stay as they are.
        Without `at` nobody stands in: a run that a substitute started is theirs.
        """
        found: set[str] = set()
        for approver in approvers:
            kind, _, group = approver.partition(":")
            found.update(self.members(group) if kind == "group" else self._with_substitutes(approver, at))
        return frozenset(found)

    def _with_substitutes(self, person: str, at: int | None) -> set[str]:
        found: set[str] = set()
        for _ in range(SUBSTITUTES + 1):
            known = self.people.get(person)
            if known is None:
                break
            found.add(person)
            if at is None or known.absence is None or not known.absence.start <= at < known.absence.end:
                break
            person = known.absence.substitute
        return found

    def stands_in(self, person: str, approvers: Iterable[str], at: int) -> frozenset[str]:
        """For whom somebody answers at `at` (ms UTC), where `approvers` name neither them nor a group of theirs."""
        by_name = [approver for approver in approvers if not approver.startswith("group:")]
        if person in self.named(set(approvers) - {*by_name}) or person in by_name:
            return frozenset()
        return frozenset(absent for absent in by_name if person in self._with_substitutes(absent, at))

    def find(self, issuer: str, subject: str | None) -> Person | None:
        """Who is `subject` at `issuer`; nobody if it is unknown. Subjects are compared exactly."""
        if not subject:
            return None
        return next((p for p in self.people.values() if p.identities.get(issuer) == subject), None)

    def name(self, person: str) -> str:
        """The name to show; the id itself for somebody who has left the roster."""
        known = self.people.get(person)
        return known.name if known else person
