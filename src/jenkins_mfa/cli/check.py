"""`check`: every part, whether it is right, and what to do where it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from jenkins_mfa.cli.base import (
    DAMAGED_GATE,
    FINDING,
    USAGE,
    config_option,
    halves,
    json_option,
    load,
    load_keys,
)
from jenkins_mfa.cli.check_keys import kept_parts, key_parts
from jenkins_mfa.cli.check_store import clock_parts, promise_parts
from jenkins_mfa.cli.check_trail import trail_parts
from jenkins_mfa.cli.check_web import web_parts
from jenkins_mfa.cli.report import Part, count, report
from jenkins_mfa.config import Config, SourceConfig
from jenkins_mfa.core import beats
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy.analysis import remarks
from jenkins_mfa.errors import ConfigError, DamagedError, JenkinsMfaError, StoreUnavailableError, UnknownKeyError
from jenkins_mfa.failures import lower
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import quiet_logger, web_client
from jenkins_mfa.sources.jenkins import check as jenkins_check
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import seals
from jenkins_mfa.usecases.ports import Finding
from jenkins_mfa.wiring import client_of, messenger_of
from jenkins_mfa.words import enrolment, findings, render


@click.command(
    short_help="Look at every part, and say what to mend.",
    epilog="Example: jenkins-mfa check --config /etc/jenkins-mfa/config.toml",
)
@config_option
@json_option
def check(config_path: Path, as_json: bool) -> None:
    """Look at every part: files, store, people, agent, sources, Slack.

    Exit 1 when one is not right, 2 when the configuration cannot be used; then nothing else is looked at.
    """
    try:
        config = load(config_path)
    except ConfigError as error:
        report([Part("config", False, *halves(problem)) for problem in error.problems], as_json)
        sys.exit(USAGE)
    parts = [Part("config", True, _configured(config)), _policy(config)]
    config, groups = _with_groups(config)
    looks = {"keys": key_parts, "web": web_parts, "store": _store, "sources": _sources, "slack": _slack}
    for name, look in looks.items():
        told = {part.says for part in parts}
        parts += [part for part in _looked(name, look, config) if part.says not in told]
    parts += _grouped("groups", groups)
    report(parts, as_json)
    sys.exit(0 if all(part.ok for part in parts) else FINDING)


def _with_groups(config: Config) -> tuple[Config, list[Finding]]:
    """The configuration with the members that groups kept in Slack have now, and what is found of those groups."""
    quiet_logger().disabled = True  # what it would log is a finding here
    messenger = messenger_of(config)
    accounts, found = slack_check.user_groups(messenger)
    roster = messenger.rules.joined(config.policy, config.roster, accounts).roster
    return replace(config, roster=roster), found


def _looked(name: str, look: Callable[[Config], Iterator[Part]], config: Config) -> list[Part]:
    """A part that cannot be looked at is a finding of its own; the others are looked at all the same."""
    found: list[Part] = []
    try:
        found.extend(look(config))
    except ConfigError as error:
        found += [Part(name, False, *halves(problem)) for problem in error.problems]
    except StoreUnavailableError as error:
        found.append(Part(name, False, str(error), "see that the server runs, and that [store] url is right"))
    except JenkinsMfaError as error:
        found.append(Part(name, False, *halves(str(error))))
    return found


def _configured(config: Config) -> str:
    policy, people = config.policy, len(config.roster.people)
    rules = f"{count(len(policy.rules), 'rule')} and [default]"
    return f"3 files, {count(len(config.sources), 'source')}, {rules}, {count(people, 'person')}"


def _policy(config: Config) -> Part:
    """What `policy check` finds, in one line."""
    found = remarks(config.policy, config.roster, f"slack:{config.slack.team}", int(time.time() * 1000))
    says = render.terminal(findings.brief(found))
    if any(remark.kind == "finding" for remark in found):
        return Part("policy", False, says, "jenkins-mfa policy check")
    return Part("policy", True, says)


def _store(config: Config) -> Iterator[Part]:
    keys = load_keys(config)
    with open_store(config.store, keys.mac_key) as (store, found):
        yield from promise_parts(found, config.store)
        yield from clock_parts(store.now())
        yield from _damaged(config, store)
        yield from _vault(config, store)
        yield from kept_parts(store, keys)
        yield _people(config, store)
        yield from trail_parts(config, store)
        yield from _beats(store)


def _damaged(config: Config, store: RedisStore) -> Iterator[Part]:
    """Stored records that are not what was written: waiting gates, and people who may be asked."""
    for damaged in store.damaged_gates():
        yield Part("gates", False, str(damaged), DAMAGED_GATE)
    for person in _approvers(config):
        try:
            store.person(person)
        except DamagedError as damaged:
            mend = f"see who can write to the store, then jenkins-mfa enroll local {person}"
            yield Part("people", False, f"{damaged}; no code of theirs counts", mend)


def _vault(config: Config, store: RedisStore) -> Iterator[Part]:
    """Keys that stored authenticators need, and those that nothing needs any more."""
    try:
        seals.check(store, load_keys(config).ring)
    except UnknownKeyError as error:
        yield Part("vault", False, *halves(str(error)))
    else:
        yield Part("vault", True, "every authenticator in use opens with a key of its file")


def _people(config: Config, store: RedisStore) -> Part:
    """Who is asked for a code and has no authenticator finds out at the gate; better now."""
    asked = _approvers(config, codes_only=True)
    missing = [person for person in asked if _has_no_authenticator(store, person)]
    if missing:
        names = ", ".join(config.roster.name(person) for person in missing)
        mend = enrolment.way(missing[0], pages=config.web is not None).text
        return Part("people", False, f"asked for a code, but without an authenticator: {names}", mend)
    return Part("people", True, f"{count(len(asked), 'person')} asked for codes, each with an authenticator")


def _has_no_authenticator(store: RedisStore, person: str) -> bool:
    try:
        return store.person(person).usable(Factor.TOTP) is None
    except DamagedError:
        return False  # a finding of its own


def _approvers(config: Config, *, codes_only: bool = False) -> list[str]:
    """Roster ids of everyone whom a rule names, or only of those who are asked for a code."""
    policy = config.policy
    rules = [*policy.rules, *([policy.default] if policy.default else [])]
    found = {
        person
        for rule in rules
        for demand in rule.require
        if not codes_only or demand.factor is not Factor.PUSH
        for person in config.roster.named(demand.approvers)
    }
    return sorted(found)


def _beats(store: RedisStore) -> Iterator[Part]:
    """What the running agents last said of themselves and of their sources."""
    now, told = store.now(), store.beats()
    running = beats.fresh(told, "agent", now)
    if told and not running:
        ages = [beats.age(beat, now) for name, beat in told.items() if name.startswith("agent:")]
        seen = f": last seen {min(ages) // 1000} s ago" if ages else ""
        yield Part("agent", False, f"no agent runs{seen}", "start it: jenkins-mfa run")
    for beat in running:
        yield Part("agent", True, f"version {beat.get('version')}, last seen {beats.age(beat, now) // 1000} s ago")
        if refused := beat.get("refused"):
            says = f"it has not taken over policy and roster as they are on disk: {refused}"
            yield Part("agent", False, says, "jenkins-mfa policy check; until then what held before holds")
        not_taken = beat.get("not_taken")
        for what, problem in (not_taken if isinstance(not_taken, dict) else {}).items():
            says, mend = halves(str(problem))
            yield Part("agent", False, f"it has not taken over {what}: {lower(says)}", mend)
    for source, beat in sorted(told.items()):
        if source.startswith("source:") and beats.age(beat, now) < beats.FRESH and beat.get("ok") is False:
            says = f"its last poll of {source.replace(':', ' ')} failed: {beat.get('problem')}"
            yield Part("agent", False, says, "look at that source; the agent goes on trying")


def _sources(config: Config) -> Iterator[Part]:
    for source in config.sources:
        yield from _source(source)


def _source(source: SourceConfig) -> Iterator[Part]:
    client = client_of(source)
    now = int(time.time() * 1000)
    found = jenkins_check.inspect(client, source.public_url, source.library, now, tuple(source.watched))
    yield from _grouped(f"source {source.id}", found)


def _slack(config: Config) -> Iterator[Part]:
    messenger = messenger_of(config)
    app = web_client(config.slack.app_token.reveal(), config.slack.api_url)
    rules = config.policy.rules
    named = {f"channel of rule {rule.name}": rule.channel for rule in rules if rule.channel}
    named |= {f"escalate_channel of rule {rule.name}": rule.escalate_channel for rule in rules if rule.escalate_channel}
    channels = {"[slack] channel": config.slack.channel, "[slack] ops_channel": config.slack.ops_channel, **named}
    yield from _grouped("slack", slack_check.inspect(messenger, app, channels, _approvers(config)))


def _grouped(name: str, found: list[Finding]) -> Iterator[Part]:
    """Everything that is right in one line, each finding in one of its own."""
    right = ", ".join(finding.says for finding in found if finding.ok)
    if right:
        yield Part(name, True, right)
    for finding in found:
        if not finding.ok:
            yield Part(name, False, finding.says, finding.mend)
