"""What is wrong with a roster, compared with what messenger and sources say of its accounts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.core.roster_join import Account, Standing

CODES = {
    Standing.LEFT: "left",
    Standing.GONE: "left",
    Standing.GUEST: "guest",
    Standing.ELSEWHERE: "elsewhere",
    Standing.BOT: "bot",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: a code of words/roster.py, whom it is about (roster ids), and what else it names."""

    code: str
    people: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What others say: `accounts` by roster id, `logins` by (roster id, source) as the source spells them, empty where
    there is none. Who is not in them was not looked up. `asked` are those who may be asked by the policy, `lacking`
    those of them who have not enrolled what they are asked for.
    """

    accounts: Mapping[str, Account]
    logins: Mapping[tuple[str, str], str]
    asked: Collection[str]
    lacking: Collection[str]


def faults(roster: Roster, seen: Seen) -> list[Fault]:
    """All of them: first each person's, in the order of the roster, then those of several people together."""
    found = [fault for person in roster.people.values() for fault in _of_one(person, seen)]
    return [*found, *_doubles(roster, seen)]


def _of_one(person: Person, seen: Seen) -> Iterator[Fault]:
    account = seen.accounts.get(person.id)
    if account is None and person.id in seen.asked:
        yield Fault("no_account", (person.id,))
    if account is not None and account.standing in CODES:
        yield Fault(CODES[account.standing], (person.id,), {"account": account.id})
    for (owner, source), spelt in seen.logins.items():
        written = person.identities.get(source, "")
        if owner == person.id and spelt != written:
            code = "login_spelt" if spelt else "login_gone"
            yield Fault(code, (person.id,), {"source": source, "login": written, "spelt": spelt})
    if person.id in seen.lacking:
        yield Fault("lacking", (person.id,))


def _doubles(roster: Roster, seen: Seen) -> Iterator[Fault]:
    """One person with two entries could confirm twice."""
    yield from _same("same_address", {one: found.email for one, found in seen.accounts.items()})
    for source in sorted({source for one in roster.people.values() for source in one.identities}):
        written = {one.id: one.identities.get(source, "").lower() for one in roster.people.values()}
        yield from _same("same_login", written, source=source)
    yield from _same("same_name", {one.id: one.name for one in roster.people.values()})


def _same(code: str, known: Mapping[str, str], **values: str) -> Iterator[Fault]:
    """The people who share a value; empty ones are nobody's."""
    shared: dict[str, list[str]] = {}
    for person, value in known.items():
        shared.setdefault(value, []).append(person)
    for value, people in sorted(shared.items()):
        if value and len(people) > 1:
            yield Fault(code, tuple(people), {"value": value, **values})
