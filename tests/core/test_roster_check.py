"""What is wrong with a roster, by what others say of its accounts."""

from __future__ import annotations

from typing import Any

import pytest

from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.core.roster_check import Seen, faults
from jenkins_mfa.core.roster_join import Account, Standing
from jenkins_mfa.words import roster as words

MAIN = "jenkins:main"


def person(name: str, login: str = "", shown: str = "") -> Person:
    identities = {"slack:T01": f"U{name.upper()}", **({MAIN: login} if login else {})}
    return Person(name, shown or name.title(), (), identities)


ROSTER = Roster({one.id: one for one in (person("alice", "awu"), person("bob", "bray"))})
ACCOUNTS = {one: Account(f"U{one.upper()}", one, Standing.MEMBER, f"{one}@example.com") for one in ("alice", "bob")}
LOGINS = {("alice", MAIN): "awu", ("bob", MAIN): "bray"}


def found(roster: Roster = ROSTER, **changes: Any) -> list[str]:
    seen = Seen(**{"accounts": ACCOUNTS, "logins": LOGINS, "asked": {"alice"}, "lacking": [], **changes})
    return [f"{one.code}: {words.fault(one, roster)[0]}" for one in faults(roster, seen)]


def test_a_roster_that_is_right_has_none() -> None:
    """Everybody is there, and is who they are said to be."""
    assert found() == []


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (Standing.LEFT, "left: Alice has left: the Slack account UALICE is deactivated or not there"),
        (Standing.GONE, "left: Alice has left: the Slack account UALICE is deactivated or not there"),
        (Standing.GUEST, "guest: Alice is a guest in Slack (UALICE): nothing they answer counts"),
        (
            Standing.ELSEWHERE,
            "elsewhere: Alice has a Slack account of another workspace (UALICE): nothing they answer counts",
        ),
        (Standing.BOT, "bot: Alice has a bot's Slack account (UALICE): nothing it answers counts"),
    ],
)
def test_accounts_that_can_no_longer_answer(standing: Standing, told: str) -> None:
    """Each by its kind."""
    assert found(accounts={**ACCOUNTS, "alice": Account("UALICE", "Alice", standing)}) == [told]


def test_whoever_may_be_asked_has_an_account() -> None:
    """Who only starts builds needs none."""
    assert found(accounts={}) == ["no_account: Alice may be asked by the policy, and has no account in this workspace"]


def test_logins_that_jenkins_does_not_have_or_spells_otherwise() -> None:
    """A login is compared exactly, so a capital too many makes its builds an unknown person's."""
    logins = {("alice", MAIN): "AWu", ("bob", MAIN): ""}
    assert found(logins=logins) == [
        (
            "login_spelt: Alice: jenkins:main spells the login “awu” as “AWu”; "
            "as it is, their builds count as an unknown person's"
        ),
        "login_gone: Bob: jenkins:main has no login “bray”",
    ]


def test_entries_that_look_like_one_person_twice() -> None:
    """Who has two entries could confirm twice: one address, one login in two spellings, one name."""
    roster = Roster({one.id: one for one in (person("alice", "awu"), person("al", "AWU", "Alice"))})
    accounts = {one: Account(f"U{one.upper()}", one, Standing.MEMBER, "alice@example.com") for one in roster.people}
    assert found(roster, accounts=accounts, logins={}) == [
        (
            "same_address: Alice and Alice have Slack accounts with one address, “alice@example.com”: "
            "one person could confirm twice"
        ),
        "same_login: Alice and Alice have one login of jenkins:main, “awu”: Jenkins does not tell capitals apart",
        "same_name: Alice and Alice have the same name: people cannot tell them apart",
    ]


def test_who_lacks_what_the_policy_asks_of_them() -> None:
    """With the way to enrol it."""
    assert found(lacking=["bob"]) == ["lacking: Bob is asked for more than they have enrolled"]
    (fault,) = faults(ROSTER, Seen(ACCOUNTS, LOGINS, (), ["bob"]))
    assert words.fault(fault, ROSTER)[1].startswith("jenkins-mfa enroll local bob")
