"""`roster …`: propose people for the roster, and look whether those in it are still right. It changes no file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from slack_sdk import WebClient

from jenkins_mfa.cli.base import FINDING, USAGE, Commands, Failed, config_option, json_option
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.cli.report import Part, count, report
from jenkins_mfa.config import Config
from jenkins_mfa.core.roster_check import Seen, faults
from jenkins_mfa.core.roster_join import Account, Joined, Login, Proposal, Unjoined, propose
from jenkins_mfa.errors import MessageGoneError, MessengerError, UntrustedInputError
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import quiet_logger, web_client
from jenkins_mfa.slack.people import People
from jenkins_mfa.slack.usergroups import UserGroups
from jenkins_mfa.sources.jenkins import people as jenkins_people
from jenkins_mfa.usecases.lacking import asked, lacking
from jenkins_mfa.wiring import client_of, messenger_of
from jenkins_mfa.words import roster as words


@click.group(cls=Commands)
def roster() -> None:
    """Who people are: proposals for roster.toml, and what in it is no longer right."""


@roster.command(
    "import",
    short_help="Propose people from Slack and Jenkins.",
    epilog="Example: jenkins-mfa roster import --group S0123ABCD --jenkins main=people.json --output proposal.toml",
)
@config_option
@json_option
@click.option("--group", "groups", multiple=True, metavar="S…", help="A Slack user group: everybody in it.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="Somebody by their address in Slack.")
@click.option(
    "--jenkins",
    "listed",
    multiple=True,
    metavar="SOURCE=FILE",
    help="Logins of a source, as deploy/jenkins-people.groovy prints them in its script console.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this new file, not to stdout.")
def import_(
    config_path: Path,
    as_json: bool,
    groups: tuple[str, ...],
    emails: tuple[str, ...],
    listed: tuple[str, ...],
    output: Path | None,
) -> None:
    """Propose entries for roster.toml from a user group or addresses in Slack, joined with Jenkins' logins by address.

    A proposal is TOML to read and copy; what is in the roster stays as it is, and no file of the agent is changed. Exit
    1 where somebody could not be joined, which is told at its end.
    """
    config = load(config_path)
    if not groups and not emails:
        raise Failed("Nobody to propose.", USAGE, "usage", mend="add --group S… or --email ADDRESS")
    if output is not None and output.exists():
        raise Failed(f"{output} is there already. Nothing was written.", USAGE, "exists", mend="name another --output")
    logins = dict(_logins(config, one) for one in listed)
    quiet_logger().disabled = True  # what it would log is an error of ours
    with _asking_slack():
        accounts, missing = _accounts(config, groups, emails)
    found = propose(accounts, logins, config.roster, f"slack:{config.slack.team}")
    found = Proposal(found.people, found.additions, found.kept, (*missing, *found.unjoined))
    _write(_document(found) if as_json else words.toml(found, f"slack:{config.slack.team}", _now()), output)
    sys.exit(FINDING if found.unjoined else 0)


def _now() -> int:
    return int(time.time() * 1000)


def _logins(config: Config, option: str) -> tuple[str, list[Login]]:
    """The logins of one source, under the name that identities have for it."""
    source, _, name = option.partition("=")
    known = [one.id for one in config.sources]
    if source not in known or not name:
        mend = f"SOURCE=FILE, where SOURCE is {' or '.join(known)}"
        raise Failed(f"--jenkins {option} names no source and file.", USAGE, "usage", mend=mend)
    mend = "deploy/jenkins-people.groovy prints it in Jenkins' script console"
    try:
        if Path(name).stat().st_size > jenkins_people.MOST_BYTES:
            raise Failed(f"{name} is longer than {jenkins_people.MOST_BYTES} bytes.", USAGE, "usage", mend=mend)
        return f"jenkins:{source}", jenkins_people.read_list(Path(name).read_bytes())
    except OSError as error:
        raise Failed(f"{name} cannot be read: {error.strerror}.", USAGE, "usage", mend=mend) from None
    except UntrustedInputError as error:
        raise Failed(f"{name} is no list of logins: {error}.", USAGE, "usage", mend=mend) from None


def _accounts(config: Config, groups: tuple[str, ...], emails: tuple[str, ...]) -> tuple[list[Account], list[Unjoined]]:
    """The accounts that are asked about, each once; what could not be found. Raises MessengerError."""
    people, members = _people(config), UserGroups(_client(config))
    ids = {user for group in groups for user in _members(members, group)}
    found = {user: people.account(user) for user in sorted(ids)}
    missing = []
    for email in dict.fromkeys(emails):
        account = people.by_email(email)
        if account is None:
            missing.append(Unjoined("no_account", {"address": email}))
        else:
            found[account.id] = account
    return list(found.values()), missing


def _members(groups: UserGroups, group: str) -> frozenset[str]:
    try:
        return groups.accounts(group)
    except MessageGoneError:
        mend = "name the id of one that is switched on: S…, in Slack under People, User groups"
        raise Failed(f"Slack has no user group {group}.", USAGE, "usage", mend=mend) from None


@contextmanager
def _asking_slack() -> Generator[None]:
    """Says what to do where Slack does not answer, or not with this token. Raises MessengerError."""
    try:
        yield
    except MessengerError as error:
        raise MessengerError(f"{error}; mend: {slack_check.mend(error)}") from None


def _client(config: Config) -> WebClient:
    return web_client(config.slack.bot_token.reveal(), config.slack.api_url)


def _people(config: Config) -> People:
    return People(_client(config), config.slack.team)


def _document(found: Proposal) -> str:
    """The same for programs."""
    people = [
        {
            "id": one.id,
            "account": one.account.id,
            "name": one.account.name,
            "email": one.account.email,
            "logins": [_login(joined) for joined in one.logins],
        }
        for one in found.people
    ]
    additions = [{"id": one.person.id, "account": one.account.id, **_login(one.joined)} for one in found.additions]
    left = [{"code": one.code, "text": words.unjoined(one), **one.values} for one in found.unjoined]
    whole = {"v": 1, "people": people, "additions": additions, "kept": found.kept, "not_joined": left}
    return json.dumps(whole, ensure_ascii=False) + "\n"


def _login(joined: Joined) -> dict[str, str | bool]:
    return {"source": joined.source, "login": joined.login, "verified": joined.verified}


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Failed(
            f"{output} cannot be written: {error.strerror}.", USAGE, "usage", mend="name another --output"
        ) from None


@roster.command(epilog="Example: jenkins-mfa roster check --json")
@config_option
@json_option
def check(config_path: Path, as_json: bool) -> None:
    """Whether everybody in the roster is still there, and who they are said to be.

    People who left, guests, bots, accounts of elsewhere, logins that Jenkins does not have or spells otherwise, entries
    that look like one person twice, and people who are asked for more than they have enrolled. Exit 1 for a finding.
    """
    config = load(config_path)
    quiet_logger().disabled = True  # what it would log is an error of ours
    wrong = faults(config.roster, _seen(config))
    found = [Part(f"roster.{one.code}", False, *words.fault(one, config.roster)) for one in wrong]
    people = count(len(config.roster.people), "person")
    report(found or [Part("roster.people", True, f"{people}, all as they were written")], as_json)
    sys.exit(FINDING if found else 0)


def _seen(config: Config) -> Seen:
    """What Slack, Jenkins and the store say. Raises MessengerError, SourceError, StoreError: a part that does not
    answer makes nobody right.
    """
    people, issuer, messenger = _people(config), f"slack:{config.slack.team}", messenger_of(config)
    groups, _ = slack_check.user_groups(messenger)
    joined = messenger.rules.joined(config.policy, config.roster, groups).roster
    members = joined.people.values()
    with _asking_slack():
        accounts = {one.id: people.account(one.identities[issuer]) for one in members if issuer in one.identities}
    with store_of(config) as store:
        lacks = lacking(config.policy, joined, store)
    return Seen(accounts, dict(_spelt(config)), asked(config.policy, joined), lacks)


def _spelt(config: Config) -> Iterator[tuple[tuple[str, str], str]]:
    """Each login of each source, as Jenkins spells it."""
    for source in config.sources:
        client, issuer = client_of(source), f"jenkins:{source.id}"
        for person in config.roster.people.values():
            if issuer in person.identities:
                yield (person.id, issuer), jenkins_people.spelt(client, person.identities[issuer])
