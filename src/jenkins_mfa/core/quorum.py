"""Who fills which clause: a matching of distinct people to the places that a requirement has.

The assignment is looked for afresh at every answer, so no order of answers can deadlock although a valid assignment
exists, and one person never fills two places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from jenkins_mfa.core.model import Clause, Confirmation, Factor, Requirement


def assign(clauses: tuple[Clause, ...], people: Mapping[str, Factor]) -> tuple[int, ...]:
    """How many places of each clause are filled by `people` (roster id -> factor used) in a largest matching.

    Augmenting paths (Kuhn 1955) from the places: whoever fits and is free sits down there, or somebody moves from
    another place that somebody else then takes. Where nobody can, none of those asked is ever free again. Places that
    ask for more come first, then those for which fewer people come into question: sets of places that can be filled
    together are the independent sets of a matroid, so what stays open asks for as little as it can.
    """
    alike: dict[tuple[tuple[str, ...], Factor], list[str]] = {}
    for clause in clauses:
        if (clause.people, clause.factor) not in alike:
            known = sorted({*clause.people} & people.keys())
            alike[clause.people, clause.factor] = [one for one in known if fits(clause, one, people[one])]
    fitting = [alike[clause.people, clause.factor] for clause in clauses]
    seat: dict[str, int] = {}

    def fill(index: int, seen: set[str]) -> bool:
        free = next((person for person in fitting[index] if person not in seat), None)
        if free is not None:
            seat[free] = index
            return True
        for person in fitting[index]:
            if person not in seen:
                seen.add(person)
                if fill(seat[person], seen):
                    seat[person] = index
                    return True
        return False

    filled = [0] * len(clauses)
    stuck: set[str] = set()
    hardest = sorted(range(len(clauses)), key=lambda n: (-clauses[n].factor.strength, len(clauses[n].people)))
    for index in hardest:
        while filled[index] < clauses[index].count:
            seen = set(stuck)
            if not fill(index, seen):
                stuck = seen
                break
            filled[index] += 1
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
    if requirement.total < 1:
        return bool(requirement.passes_by)
    return not any(open_places(requirement, confirmations))


def satisfiable(clauses: tuple[Clause, ...], available: Iterable[Factor]) -> bool:
    """Whether the people named could fill every place with factors that exist here."""
    strongest = max(available, key=lambda f: f.strength)
    everyone = {person: strongest for clause in clauses for person in clause.people}
    return bool(clauses) and assign(clauses, everyone) == tuple(clause.count for clause in clauses)


def asked(requirement: Requirement, confirmations: Iterable[Confirmation], person: str) -> Factor | None:
    """What this person is asked for now; None where nothing that is still open needs them.

    It is the strongest factor of the open places that they can take while others can still fill the rest; and no more,
    where a weaker one fills as much, since somebody who gave a stronger one moves there. If everyone answers what they
    are asked for, in whatever order, every place is filled that can be filled at all.
    """
    clauses = requirement.clauses
    given = {c.person: c.factor for c in confirmations if c.person != person}
    others = {one: Factor.WEBAUTHN for one in requirement.people if one != person} | given
    mine = sorted({c.factor for c in clauses if person in c.people}, key=lambda factor: factor.strength)
    if not mine or _filled(clauses, given | {person: mine[-1]}) == _filled(clauses, given):
        return None
    most = sum(assign(clauses, others | {person: mine[-1]}))

    def taken(index: int) -> bool:
        rest = replace(clauses[index], count=clauses[index].count - 1)
        return sum(assign((*clauses[:index], rest, *clauses[index + 1 :]), others)) == most - 1

    own = [index for index, clause in enumerate(clauses) if person in clause.people]
    strongest_first = sorted(own, key=lambda index: -clauses[index].factor.strength)
    best = clauses[next(filter(taken, strongest_first))].factor
    as_much = _filled(clauses, given | {person: best})
    return next(
        factor
        for factor in mine
        if _filled(clauses, given | {person: factor}) == as_much
        and sum(assign(clauses, others | {person: factor})) == most
    )


def asked_of_all(requirement: Requirement, confirmations: tuple[Confirmation, ...]) -> frozenset[Factor]:
    """What those are asked for who can still help: one factor for all, or several."""
    done = {c.person for c in confirmations}
    alike = {
        tuple(person in clause.people for clause in requirement.clauses): person
        for person in requirement.people
        if person not in done
    }
    found = (asked(requirement, confirmations, person) for person in alike.values())
    return frozenset(factor for factor in found if factor is not None)


def _filled(clauses: tuple[Clause, ...], people: Mapping[str, Factor]) -> Counter[Factor]:
    """How many places are filled that ask for each factor."""
    filled = zip(clauses, assign(clauses, people), strict=True)
    return Counter(clause.factor for clause, places in filled for _ in range(places))
