"""Who fills which place, against every order of people."""

from __future__ import annotations

from itertools import permutations

from hypothesis import assume, given
from hypothesis import strategies as st

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Confirmation, Factor, Requirement
from policy_strategies import people

clauses = st.lists(
    st.builds(
        Clause,
        st.just("r"),
        st.sampled_from([Factor.PUSH, Factor.TOTP, Factor.WEBAUTHN]),
        st.integers(1, 2),
        st.lists(people, max_size=4, unique=True).map(tuple),
        st.just(()),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
given_factors = st.dictionaries(people, st.sampled_from([Factor.PUSH, Factor.TOTP, Factor.WEBAUTHN]))


def every_assignment(found: tuple[Clause, ...], given_people: dict[str, Factor]) -> bool:
    """Whether some order of the people fills every place, tried one by one."""
    places = [clause for clause in found for _ in range(clause.count)]
    order = list(Factor)
    return any(
        all(
            person in place.people and order.index(given_people[person]) >= order.index(place.factor)
            for place, person in zip(places, chosen, strict=True)
        )
        for chosen in permutations(given_people, len(places))
    )


@given(clauses, given_factors)
def test_an_assignment_is_found_if_there_is_one(found: tuple[Clause, ...], given_people: dict[str, Factor]) -> None:
    """Against every order of people; nobody counts twice, and no clause gets more than it asks for."""
    filled = quorum.assign(found, given_people)
    assert (filled == tuple(c.count for c in found)) is every_assignment(found, given_people)
    assert sum(filled) <= len(given_people)
    assert all(0 <= done <= clause.count for done, clause in zip(filled, found, strict=True))
    needed = Requirement(found, 60, (), (), "")
    given_answers = [Confirmation(person, factor, 0, "", "") for person, factor in given_people.items()]
    assert quorum.satisfied(needed, given_answers) is every_assignment(found, given_people)


@given(clauses, given_factors, st.data())
def test_one_answer_more_never_unfills(
    found: tuple[Clause, ...], given_people: dict[str, Factor], data: st.DataObject
) -> None:
    """Whatever the order of the answers, each one fills at most one place more, and takes none away."""
    assume(given_people)
    last = data.draw(st.sampled_from(sorted(given_people)))
    before = {person: factor for person, factor in given_people.items() if person != last}
    assert sum(quorum.assign(found, given_people)) - sum(quorum.assign(found, before)) in {0, 1}
