"""What `jenkins-mfa roster` says: proposals as TOML to read and copy, what could not be joined, and what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from jenkins_mfa.core import characters
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.roster_check import Fault
from jenkins_mfa.core.roster_join import Account, Joined, Proposal, Proposed, Unjoined
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Fact, Parts, Word, join, say

HEAD = """\
# Proposed by jenkins-mfa roster import, {at}. {sum}
# Nothing here counts until somebody has read it and copied what is right into roster.toml; groups are given there.
# Accounts were joined by e-mail address alone. Names are as people wrote them in Slack.
"""
UNVERIFIED = """\
# A line with "ask first" rests on an address that nobody vouches for: anybody can write any address into their own
# profile in Jenkins. Whoever wrote this person's would have their builds count as started by this person, and could
# confirm them. Ask the person whether the login is theirs, not in Slack or Jenkins; then take the # away.
"""
NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff<>&`*_~\\“”]")  #: what names in the roster do not hold
NAME_MOST = 40

#: Why something could not be joined.
UNJOINED = {
    "no_member": "{who}: the account is {standing}, and confirms nothing; not proposed",
    "no_address": "{who}: Slack tells no address, so no login was looked for; does the bot have users:read.email?",
    "not_confirmed": "{who}: the address in Slack is not confirmed, so no login was looked for",
    "address_twice": "{who}: another account of those asked about has the same address, so no login was looked for",
    "no_account": "{address}: no account in Slack has this address",
    "no_login": "{who}: no login of {source} has this address",
    "several_logins": (
        "{who}: several logins of {source} have this address: {logins}. "
        "Find out which is theirs, and why the others have it"
    ),
    "login_taken": "{who}: {logins} of {source} has this address, and belongs to {owner} in the roster",
}

#: What is wrong, and what to do about it.
FAULTS = {
    "left": (
        "{who} has left: the Slack account {account} is deactivated or not there",
        "take [people.{id}] out of roster.toml, and what they are named for out of policy.toml",
    ),
    "guest": (
        "{who} is a guest in Slack ({account}): nothing they answer counts",
        "make them a full member, or take [people.{id}] out of roster.toml",
    ),
    "elsewhere": (
        "{who} has a Slack account of another workspace ({account}): nothing they answer counts",
        "write their account of this workspace into [people.{id}]",
    ),
    "bot": (
        "{who} has a bot's Slack account ({account}): nothing it answers counts",
        "write the person's own account into [people.{id}]",
    ),
    "no_account": (
        "{who} may be asked by the policy, and has no account in this workspace",
        "add their Slack id to the identities of [people.{id}]",
    ),
    "login_gone": (
        "{who}: {source} has no login {login}",
        "correct it in [people.{id}], or take it out; they may have left",
    ),
    "login_spelt": (
        "{who}: {source} spells the login {login} as {spelt}; as it is, their builds count as an unknown person's",
        "write it as Jenkins does into [people.{id}]",
    ),
    "lacking": (
        "{who} is asked for more than they have enrolled",
        "jenkins-mfa enroll local {id}; where there are pages: jenkins-mfa enroll ticket {id}",
    ),
    "same_address": (
        "{who} have Slack accounts with one address, {value}: one person could confirm twice",
        "leave one of these entries in roster.toml",
    ),
    "same_login": (
        "{who} have one login of {source}, {value}: Jenkins does not tell capitals apart",
        "leave it with one of them",
    ),
    "same_name": (
        "{who} have the same name: people cannot tell them apart",
        "give them different names in roster.toml",
    ),
}


def unjoined(one: Unjoined) -> str:
    """A sentence."""
    values = dict(one.values)
    who = say("{name} ({id})", name=Fact(values["name"]), id=Word(values["account"])) if "account" in values else ()
    slots: dict[str, Parts] = {key: (Fact(value),) for key, value in values.items()}
    slots |= {key: (Word(values[key]),) for key in ("standing", "source", "owner") if key in values}
    return render.terminal(say(UNJOINED[one.code], **slots, who=who))


def fault(one: Fault, roster: Roster) -> tuple[str, str]:
    """What is wrong, and its mend."""
    slots: dict[str, Parts] = {key: (Fact(value),) for key, value in one.values.items()}
    slots |= {key: (Word(one.values[key]),) for key in ("source", "account") if key in one.values}
    slots["who"] = join([people.person(roster, person) for person in one.people], last=" and ")
    slots["id"] = (Word(one.people[0]),)
    says, mend = (render.terminal(say(text, **slots)) for text in FAULTS[one.code])
    return says, mend


def toml(found: Proposal, issuer: str, at: int) -> str:
    """The proposal, as tables of roster.toml and comments. `issuer` is that of the accounts, `at` in ms UTC."""
    count = f"New people: {len(found.people)}. Identities for people who are there: {len(found.additions)}. "
    head = HEAD.format(at=render.utc(at), sum=f"{count}As they are: {found.kept}.")
    joined = [*(one for new in found.people for one in new.logins), *(one.joined for one in found.additions)]
    pieces = [head + (UNVERIFIED if any(not one.verified for one in joined) else "")]
    pieces += ["\n".join(_person(one, issuer)) + "\n" for one in found.people]
    pieces += ["\n".join(_additions(found)) + "\n"] if found.additions else []
    if found.unjoined:
        lines = ["# Not joined:", *(f"# - {unjoined(one)}" for one in found.unjoined)]
        pieces.append("\n".join(lines) + "\n")
    return "\n".join(pieces)


def _person(one: Proposed, issuer: str) -> Iterator[str]:
    key = _quoted(one.id)
    yield f"[people.{key}]  # {_called(one.account)}"
    yield f"name = {_quoted(_name(one))}"
    yield "groups = []"
    yield f"[people.{key}.identities]"
    yield f"{_quoted(issuer)} = {_quoted(one.account.id)}"
    yield from (_login(joined) for joined in one.logins)
    if one.account.email:
        yield f'# "git:email" = {_quoted(one.account.email)}  # if it is the address that their commits name'


def _additions(found: Proposal) -> Iterator[str]:
    yield "# For people who are there:"
    for one in found.additions:
        yield f"# [people.{_quoted(one.person.id)}.identities]  {_called(one.account)}"
        yield _login(one.joined) if not one.joined.verified else f"# {_login(one.joined)}"


def _login(joined: Joined) -> str:
    line = f"{_quoted(joined.source)} = {_quoted(joined.login)}"
    return (
        f"{line}  # the directory has this address"
        if joined.verified
        else f"# {line}  # ask first: only their own profile says so"
    )


def _called(account: Account) -> str:
    name = render.visible(account.name, quoted=False)
    return ", ".join(text for text in (account.id, name, render.visible(account.email, quoted=False)) if text)


def _name(one: Proposed) -> str:
    """A name that the roster takes; the id where nothing is left of it."""
    seen = "".join(" " if characters.fault(character) else character for character in one.account.name)
    return " ".join(NAME.sub(" ", seen).split())[:NAME_MOST].strip() or one.id


def _quoted(text: str) -> str:
    """A text as TOML writes it; what cannot be seen, or moves what is beside it, as an escape (S20)."""
    return render.visible(json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False), quoted=False)
