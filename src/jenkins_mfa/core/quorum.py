"""Who fills which clause: a matching of distinct people to the places that a requirement has.

The assignment is looked for afresh at every answer, so no order of answers can deadlock although a valid assignment
exists, and one person never fills two places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jenkins_mfa.core.model import Clause, Confirmation, Factor, Requirement


def assign(clauses: tuple[Clause, ...], people: Mapping[str, Factor]) -> tuple[int, ...]:
    """How many places of each clause are filled by `people` (roster id -> factor used) in a largest matching.

    Augmenting paths (Kuhn 1955): a person takes a free place, or moves whoever holds one to another place.
    """
    places = [index for index, clause in enumerate(clauses) for _ in range(clause.count)]
    holder: dict[int, str] = {}

    def place(person: str, seen: set[int]) -> bool:
        for number, index in enumerate(places):
            if number in seen or not fits(clauses[index], person, people[person]):
                continue
            seen.add(number)
            if number not in holder or place(holder[number], seen):
                holder[number] = person
                return True
        return False

    for person in sorted(people):
        place(person, set())
    filled = [0] * len(clauses)
    for number in holder:
        filled[places[number]] += 1
    return tuple(filled)


def fits(clause: Clause, person: str, factor: Factor) -> bool:
    """Whether that person with that factor counts for the clause."""
    return person in clause.people and factor.strength >= clause.factor.strength


def open_places(requirement: Requirement, confirmations: Iterable[Confirmation]) -> tuple[int, ...]:
    """How many people each clause still needs."""
    filled = assign(requirement.clauses, {c.person: c.factor for c in confirmations})
    return tuple(clause.count - done for clause, done in zip(requirement.clauses, filled, strict=True))


def satisfied(requirement: Requirement, confirmations: Iterable[Confirmation]) -> bool:
    """Whether every clause is filled. Without any clause only what the policy lets pass by name is satisfied."""
    if not requirement.clauses:
        return bool(requirement.passes_by)
    return not any(open_places(requirement, confirmations))


def satisfiable(clauses: tuple[Clause, ...], available: Iterable[Factor]) -> bool:
    """Whether the people named could fill every place with factors that exist here."""
    strongest = max(available, key=lambda f: f.strength)
    everyone = {person: strongest for clause in clauses for person in clause.people}
    return bool(clauses) and assign(clauses, everyone) == tuple(clause.count for clause in clauses)
