"""`check`: every part, whether it is right, and what to do where it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from jenkins_mfa import key_files
from jenkins_mfa.agent import messenger_of
from jenkins_mfa.cli.base import FINDING, USAGE, config_option, json_option, load, print_json
from jenkins_mfa.config import Config, SourceConfig
from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import ConfigError, JenkinsMfaError
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import quiet_logger, web_client
from jenkins_mfa.sources.jenkins import check as jenkins_check
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.durability import Durability
from jenkins_mfa.store.gates import RedisStore

STALE = 60_000  #: ms after which an agent's last heartbeat is old


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the report."""

    part: str
    ok: bool
    says: str
    mend: str = ""


@click.command(
    short_help="Look at every part, and say what to mend.",
    epilog="Example: jenkins-mfa check --config /etc/jenkins-mfa/config.toml",
)
@config_option
@json_option
def check(config_path: Path, as_json: bool) -> None:
    """Look at every part: files, store, people, agent, sources, Slack. Exit 1 when one is not right."""
    try:
        config = load(config_path)
    except ConfigError as error:
        _report([_problem("config", problem, "") for problem in error.problems], as_json)
        sys.exit(USAGE)
    parts = [part for look in (_files, _store, _sources, _slack) for part in _looked(look, config)]
    _report(parts, as_json)
    sys.exit(0 if all(part.ok for part in parts) else FINDING)


def _looked(look: Callable[[Config], Iterator[Part]], config: Config) -> list[Part]:
    """A part that cannot be looked at is a finding of its own; the others are looked at all the same."""
    found: list[Part] = []
    try:
        found.extend(look(config))
    except ConfigError as error:
        found += [_problem("keys", problem, "jenkins-mfa keys generate") for problem in error.problems]
    except JenkinsMfaError as error:
        found.append(Part("store", False, str(error), "look at [store] url and at the server itself"))
    return found


def _problem(part: str, problem: str, mend: str) -> Part:
    """A problem of a file; where its sentence names the mend, that one is told, and once."""
    says, _, own = problem.partition("; mend: ")
    return Part(part, False, says, own or mend)


def _files(config: Config) -> Iterator[Part]:
    yield Part("config", True, "config, policy and roster can be used")
    key_files.load(config.keys, config.installation)
    count = len(config.secret_files) + len(key_files.paths(config.keys))
    yield Part("secrets", True, f"{count} files, readable by their owner only")


def _store(config: Config) -> Iterator[Part]:
    settings = config.store
    prefix = f"{{{settings.prefix}}}"
    with open_store(settings.url, prefix=prefix, durability=settings.durability) as (store, found):
        yield _promise(found, settings.durability)
        yield from _people(config, store)
        yield from _beats(store)


def _promise(found: Durability, accepted: str) -> Part:
    says = f"{found.server}, AOF {found.fsync if found.aof else 'off'}, {found.policy}: {found.promise}"
    if found.evicted:
        return Part("store", False, f"{found.server} has thrown {found.evicted} keys away", "give it more memory")
    if found.warning and accepted == "always":
        mend = f'set appendfsync always, or durability = "{found.fsync}" in config.toml to accept it'
        return Part("store", False, says, mend)
    return Part("store", True, says)


def _people(config: Config, store: RedisStore) -> Iterator[Part]:
    """Who is asked for a code and has no authenticator finds out at the gate; better now."""
    asked = _approvers(config, codes_only=True)
    missing = [person for person in asked if store.person(person).usable(Factor.TOTP) is None]
    if missing:
        names = ", ".join(config.roster.name(person) for person in missing)
        mend = f"jenkins-mfa enroll local {missing[0]}"
        yield Part("people", False, f"asked for a code, but without an authenticator: {names}", mend)
    else:
        yield Part("people", True, f"all {len(asked)} people who are asked for codes have an authenticator")


def _approvers(config: Config, *, codes_only: bool = False) -> list[str]:
    """Roster ids of everyone whom a rule names, or only of those who are asked for a code."""
    policy = config.policy
    rules = [*policy.rules, *([policy.default] if policy.default else [])]
    found = {
        person
        for rule in rules
        if not codes_only or rule.factor is not Factor.PUSH
        for person in config.roster.named(rule.approvers)
    }
    return sorted(found)


def _beats(store: RedisStore) -> Iterator[Part]:
    """What the running agent last said of itself and of its sources."""
    now = store.now()
    for name, beat in sorted(store.beats().items()):
        at = beat.get("at")
        age = now - at if isinstance(at, int) else STALE
        if name == "agent":
            says = f"last seen {age // 1000} s ago, version {beat.get('version')}"
            yield Part("agent", age < STALE, says, "" if age < STALE else "start it: jenkins-mfa run")
        elif beat.get("ok") is False:
            yield Part(name, False, str(beat.get("problem")), "look at the source; the agent goes on trying")


def _sources(config: Config) -> Iterator[Part]:
    for source in config.sources:
        yield from _source(source)


def _source(source: SourceConfig) -> Iterator[Part]:
    client = Client(source.url, source.user, source.token.reveal())
    found = jenkins_check.inspect(client, source.public_url, int(time.time() * 1000))
    yield from _grouped(f"source {source.id}", [Part("", f.ok, f.says, f.mend) for f in found])


def _slack(config: Config) -> Iterator[Part]:
    quiet_logger().disabled = True  # what it would log is a finding here
    messenger = messenger_of(config)
    app = web_client(config.slack.app_token.reveal(), config.slack.api_url)
    approvers = _approvers(config)
    found = slack_check.inspect(messenger, app, approvers)
    yield from _grouped("slack", [Part("", f.ok, f.says, f.mend) for f in found])


def _grouped(name: str, found: list[Part]) -> Iterator[Part]:
    """Everything that is right in one line, each finding in one of its own."""
    right = "; ".join(part.says for part in found if part.ok)
    wrong = [part for part in found if not part.ok]
    if right:
        yield Part(name, True, right)
    for part in wrong:
        yield Part(name, False, part.says, part.mend)


def _report(parts: list[Part], as_json: bool) -> None:
    ok = all(part.ok for part in parts)
    if as_json:
        rows = [{"part": p.part, "ok": p.ok, "says": p.says} | ({"mend": p.mend} if p.mend else {}) for p in parts]
        print_json({"ok": ok, "parts": rows})
        return
    for part in parts:
        click.echo(f"{'right' if part.ok else 'finding':<8} {part.part:<13} {part.says}")
        if part.mend:
            click.echo(f"{'':<8} {'mend':<13} {part.mend}")
    wrong = sum(not part.ok for part in parts)
    click.echo("All right." if ok else f"{wrong} finding{'s' if wrong > 1 else ''}. Nothing was changed.")
