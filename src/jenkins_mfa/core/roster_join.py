"""Slack's people and Jenkins' people, joined by e-mail address once, as proposals for a roster. Nothing here decides:
somebody reads the proposals and writes the roster.

Two accounts are one person's where both have the same address, compared exactly but for the case of letters, and no
third account has it. Names join nobody. What an address is worth depends on who vouches for it: Slack's must be
confirmed, and one that people write into their own profile in Jenkins is vouched for by nobody. Whoever could join
their login to somebody else's account would have their builds count as started by that person, and confirm them.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jenkins_mfa.core.policy import Person, Roster

ID_MOST = 40  #: characters of a roster id


class Standing(enum.Enum):
    """What an account of the messenger is. Only a member is proposed."""

    MEMBER = "a member"
    LEFT = "deactivated"
    GUEST = "a guest"
    BOT = "a bot"
    ELSEWHERE = "of another workspace"
    GONE = "not there"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the messenger. `email` is in lower case; empty where it is not told, or not `confirmed`."""

    id: str
    name: str
    standing: Standing
    email: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Login:
    """An account of a source. `directory` is the address that the directory behind it tells, `profile` the one that its
    owner wrote; both in lower case, empty where there is none.
    """

    id: str
    directory: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """A login that has the account's address. It is not `verified` where only its owner says so."""

    source: str
    login: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Unjoined:
    """Why something could not be joined: a code of words/roster.py, and what it is about."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposed:
    """Somebody who is not in the roster yet, with a free roster id, and how they were found in each source."""

    id: str
    account: Account
    logins: tuple[Joined, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    """An identity that somebody of the roster does not have there yet."""

    person: Person
    account: Account
    joined: Joined


@dataclass(frozen=True, slots=True)
class Proposal:
    """All of it: new people, new identities of people who are there, how many stay as they are, and what is left."""

    people: tuple[Proposed, ...]
    additions: tuple[Addition, ...]
    kept: int
    unjoined: tuple[Unjoined, ...]


def propose(
    accounts: Sequence[Account], logins: Mapping[str, Sequence[Login]], roster: Roster, issuer: str
) -> Proposal:
    """The proposals for these accounts. `logins` are by source (`jenkins:<id>`, as the roster's identities name it),
    `issuer` is that of the accounts.
    """
    unjoined: list[Unjoined] = []
    by_address = {source: _by_address(found) for source, found in logins.items()}
    crowded = {email for email, count in Counter(one.email for one in accounts if one.email).items() if count > 1}
    taken = set(roster.people)
    people: list[Proposed] = []
    additions: list[Addition] = []
    kept = 0
    for account in accounts:
        known = roster.find(issuer, account.id)
        if account.standing is not Standing.MEMBER:
            unjoined.append(_about(account, "no_member", standing=account.standing.value))
            continue
        found = [] if account.email in crowded else _joined(account, by_address, roster, known, unjoined)
        if not account.email or account.email in crowded:
            unjoined.append(_about(account, _why(account)))
        if known is None:
            people.append(Proposed(_free(account, taken), account, tuple(found)))
        else:
            new = [Addition(known, account, one) for one in found if one.source not in known.identities]
            additions += new
            kept += not new
    return Proposal(tuple(people), tuple(additions), kept, tuple(unjoined))


def _why(account: Account) -> str:
    """Why an account has no address to be joined by."""
    if not account.confirmed:
        return "not_confirmed"
    return "address_twice" if account.email else "no_address"


def _about(account: Account, code: str, **values: str) -> Unjoined:
    return Unjoined(code, {"account": account.id, "name": account.name, **values})


def _by_address(logins: Iterable[Login]) -> dict[str, list[tuple[Login, bool]]]:
    """Who has an address, and whether the directory says so. One whom it says it of counts before those who only say
    it of themselves, and is told beside them.
    """
    found: dict[str, list[tuple[Login, bool]]] = {}
    for login in logins:
        for address in {login.directory, login.profile} - {""}:
            found.setdefault(address, []).append((login, address == login.directory))
    return found


def _joined(
    account: Account,
    by_address: Mapping[str, Mapping[str, list[tuple[Login, bool]]]],
    roster: Roster,
    known: Person | None,
    unjoined: list[Unjoined],
) -> list[Joined]:
    """The login of each source that has the account's address; what keeps one from being joined is noted."""
    found: list[Joined] = []
    for source, logins in by_address.items():
        if known is not None and source in known.identities:
            continue
        same = logins.get(account.email, []) if account.email else []
        names = ", ".join(sorted(login.id for login, _ in same))
        if len(same) > 1:
            unjoined.append(_about(account, "several_logins", source=source, logins=names))
        elif same and (owner := _owner(roster, source, same[0][0].id)) is not None:
            unjoined.append(_about(account, "login_taken", source=source, logins=names, owner=owner.id))
        elif same:
            found.append(Joined(source, same[0][0].id, same[0][1]))
        elif account.email:
            unjoined.append(_about(account, "no_login", source=source))
    return found


def _owner(roster: Roster, source: str, login: str) -> Person | None:
    """Whose login it is in the roster; a source does not tell capitals apart."""
    held = (one for one in roster.people.values() if one.identities.get(source, "").lower() == login.lower())
    return next(held, None)


def _free(account: Account, taken: set[str]) -> str:
    """A roster id that nobody has: what stands before the @ of the address, else the account's own id."""
    local = re.sub(r"[^a-z0-9._-]", "-", (account.email.partition("@")[0] or account.id).lower()).lstrip("._-")
    base = local[: ID_MOST - 3] or account.id.lower()
    found = next(
        one for number in range(1, len(taken) + 2) if (one := base if number == 1 else f"{base}-{number}") not in taken
    )
    taken.add(found)
    return found
