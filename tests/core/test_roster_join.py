"""Proposals for a roster: joined by address alone, exactly, once, and never on nobody's word in silence."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.core.roster_join import Account, Joined, Login, Proposal, Standing, propose
from jenkins_mfa.roster_file import read_roster
from jenkins_mfa.words import roster as words

SLACK, MAIN = "slack:T01EXAMPLE", "jenkins:main"
ALICE = Account("U01ALICE", "Alice Wu", Standing.MEMBER, "alice.wu@example.com")
BOB = Account("U02BOB", "Bob Ray", Standing.MEMBER, "bob@example.com")
NOBODY = Roster({})


def proposed(*accounts: Account, logins: list[Login] | None = None, roster: Roster = NOBODY) -> Proposal:
    return propose(accounts, {MAIN: logins or []}, roster, SLACK)


def codes(found: Proposal) -> list[str]:
    return [one.code for one in found.unjoined]


def known(**identities: str) -> Roster:
    return Roster({"al": Person("al", "Alice Wu", ("release",), {SLACK: "U01ALICE", **identities})})


def test_one_account_and_one_login_with_one_address_are_joined() -> None:
    """Which directory vouched for it is kept; the id is what stands before the @."""
    found = proposed(ALICE, logins=[Login("awu", directory="alice.wu@example.com"), Login("other", "x@example.com")])
    (new,) = found.people
    assert (new.id, new.account, new.logins) == ("alice.wu", ALICE, (Joined(MAIN, "awu", verified=True),))
    assert (found.additions, found.kept, found.unjoined) == ((), 0, ())


def test_names_and_ids_that_look_alike_join_nobody() -> None:
    """Neither the name in Slack, nor a login that is what stands before the @."""
    named = [Login("alice.wu"), Login("Alice Wu"), Login("U01ALICE", directory="alice.wu@example.org")]
    found = proposed(ALICE, logins=named)
    assert found.people[0].logins == ()
    assert codes(found) == ["no_login"]


def test_an_address_that_only_its_owner_wrote_is_never_joined_in_silence() -> None:
    """Mallory writes Alice's address into her own profile in Jenkins, to have her builds count as Alice's."""
    found = proposed(ALICE, logins=[Login("mallory", profile="alice.wu@example.com")])
    assert found.people[0].logins == (Joined(MAIN, "mallory", verified=False),)
    text = words.toml(found, SLACK, 0)
    assert MAIN not in tomllib.loads(text)["people"]["alice.wu"]["identities"]
    assert '# "jenkins:main" = "mallory"  # ask first: only their own profile says so' in text
    assert "have their builds count as started by this person" in text


def test_beside_the_login_that_the_directory_vouches_for_a_second_one_joins_neither() -> None:
    """What Mallory wrote takes Alice's own login off the proposal, and is named: whoever reads it sees both."""
    both = [Login("awu", directory="alice.wu@example.com"), Login("mallory", profile="alice.wu@example.com")]
    found = proposed(ALICE, logins=both)
    assert found.people[0].logins == ()
    (left,) = found.unjoined
    assert (left.code, left.values["logins"]) == ("several_logins", "awu, mallory")


@pytest.mark.parametrize("standing", [one for one in Standing if one is not Standing.MEMBER])
def test_only_members_are_proposed(standing: Standing) -> None:
    """Guests, bots, people who left and those of elsewhere are told with the reason."""
    found = proposed(replace(ALICE, standing=standing))
    assert found.people == ()
    assert f"the account is {standing.value}, and confirms nothing" in words.unjoined(found.unjoined[0])


def test_an_address_that_slack_did_not_confirm_or_does_not_tell_joins_nobody() -> None:
    """The account is proposed all the same: it is known by its id."""
    logins = [Login("awu", directory="alice.wu@example.com")]
    for account, code in (
        (replace(ALICE, email="", confirmed=False), "not_confirmed"),
        (replace(ALICE, email=""), "no_address"),
    ):
        found = proposed(account, logins=logins)
        assert (found.people[0].id, found.people[0].logins, codes(found)) == ("u01alice", (), [code])


def test_two_accounts_with_one_address_are_joined_with_nothing() -> None:
    """One of them is not whom the address belongs to."""
    found = proposed(ALICE, replace(BOB, email=ALICE.email), logins=[Login("awu", directory=ALICE.email)])
    assert [one.logins for one in found.people] == [(), ()]
    assert [one.id for one in found.people] == ["alice.wu", "alice.wu-2"]
    assert codes(found) == ["address_twice", "address_twice"]


def test_what_is_in_the_roster_stays_as_it_is() -> None:
    """A further identity is proposed for it, and nothing that it has is proposed otherwise."""
    logins = [Login("awu", directory="alice.wu@example.com")]
    assert proposed(ALICE, logins=logins, roster=known(**{MAIN: "alice"})) == Proposal((), (), 1, ())
    found = proposed(ALICE, logins=logins, roster=known())
    assert found.people == ()
    assert [(one.person.id, one.joined.login) for one in found.additions] == [("al", "awu")]
    text = words.toml(found, SLACK, 0)
    assert tomllib.loads(text) == {}
    assert '# [people."al".identities]' in text


def test_a_login_of_somebody_of_the_roster_is_given_to_nobody_else() -> None:
    """Whoever has it keeps it, however it is spelt there."""
    found = proposed(BOB, logins=[Login("awu", directory="bob@example.com")], roster=known(**{MAIN: "AWu"}))
    assert found.people[0].logins == ()
    assert found.unjoined[0].values["owner"] == "al"


def test_ids_of_the_roster_are_not_given_twice() -> None:
    """Also where two addresses differ in their domain only."""
    roster = Roster({"bob": Person("bob", "Bob Ray", (), {SLACK: "U09"})})
    other = replace(BOB, id="U03", email="bob@example.org")
    assert [one.id for one in proposed(BOB, other, roster=roster).people] == ["bob-2", "bob-3"]


ANY = st.text(max_size=60)
ACCOUNTS = st.lists(
    st.builds(
        Account,
        st.from_regex(r"[UW][A-Z0-9]{2,10}", fullmatch=True),
        ANY,
        st.sampled_from(Standing),
        st.one_of(st.just(""), st.sampled_from(["a@x", "b@x"]), ANY.map(str.lower)),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda account: account.id,
)
ADDRESSES = st.one_of(st.just(""), st.sampled_from(["a@x", "b@x"]), ANY.map(str.lower))
LOGINS = st.lists(
    st.builds(Login, ANY.filter(bool), ADDRESSES, ADDRESSES), max_size=6, unique_by=lambda login: login.id
)


@given(ACCOUNTS, LOGINS)
def test_whatever_people_call_themselves_a_proposal_is_a_roster_that_can_be_read(
    accounts: list[Account], logins: list[Login]
) -> None:
    """No name, address or login gets out of its place, and nothing unverified is among what would count."""
    found = propose(accounts, {MAIN: logins}, NOBODY, SLACK)
    tables = tomllib.loads(words.toml(found, SLACK, 0)).get("people", {})
    assert [one.id for one in found.people] == list(tables)
    for one in found.people:
        written = tables[one.id]["identities"]
        assert written.pop(SLACK) == one.account.id
        assert set(written) <= {joined.source for joined in one.logins if joined.verified}
        assert tables[one.id]["groups"] == []


@pytest.mark.parametrize("hidden", ["\u202e", "\u2028", "\x85", "\u200b", "\x7f"])
def test_s20_nothing_in_a_proposal_looks_as_if_it_stood_elsewhere(hidden: str) -> None:
    """Whoever reads it sees where a line ends, and what is behind its #: names and logins are as their owners wrote
    them.
    """
    evil = f'mallory{hidden}"jenkins:main" = "bob"'
    account = replace(ALICE, name=f"Alice{hidden} Wu", email=f"alice{hidden}@example.com")
    found = proposed(account, logins=[Login(evil, profile=account.email)])
    text = words.toml(found, SLACK, 0)
    assert hidden not in text
    (written,) = tomllib.loads(text)["people"].values()
    assert written == {"name": "Alice Wu", "groups": [], "identities": {SLACK: "U01ALICE"}}
    (line,) = [one for one in text.split("\n") if "mallory" in one]
    assert tomllib.loads(line.removeprefix("# ")) == {MAIN: evil}


def test_a_proposal_that_is_copied_is_taken(tmp_path: Path) -> None:
    """By the reader of roster.toml, with nothing to mend."""
    found = proposed(ALICE, BOB, logins=[Login("awu", directory="alice.wu@example.com")])
    path = tmp_path / "roster.toml"
    path.write_text(f"version = 1\ngroups = []\n\n{words.toml(found, SLACK, 0)}")
    roster, problems = read_roster(path, {SLACK, MAIN, "git:email"})
    assert problems == []
    assert roster.people["alice.wu"].identities == {SLACK: "U01ALICE", MAIN: "awu"}
