"""`check`: every part, whether it is right, and what to do where it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from jenkins_mfa.cli.base import FINDING, USAGE, config_option, halves, json_option
from jenkins_mfa.cli.check_keys import kept_parts, key_parts
from jenkins_mfa.cli.check_state import agent_parts, approvers, delivery_parts, record_parts
from jenkins_mfa.cli.check_store import clock_parts, promise_parts
from jenkins_mfa.cli.check_trail import trail_parts
from jenkins_mfa.cli.check_web import client_parts, listen_parts, web_parts
from jenkins_mfa.cli.live import live
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.cli.rehearse import Asked
from jenkins_mfa.cli.report import Part, count, report
from jenkins_mfa.config import Config, SourceConfig
from jenkins_mfa.core.policy.analysis import remarks
from jenkins_mfa.errors import ConfigError, JenkinsMfaError, StoreUnavailableError
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import quiet_logger, web_client
from jenkins_mfa.sources.jenkins import check as jenkins_check
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.usecases.ports import Finding
from jenkins_mfa.wiring import client_of, messenger_of
from jenkins_mfa.words import findings, render


@click.command(
    short_help="Look at every part, and say what to mend.",
    epilog="Example: jenkins-mfa check --config /etc/jenkins-mfa/config.toml",
)
@config_option
@json_option
@click.option("--live", "play", is_flag=True, help="Try one gate instead, from its opening to its receipt.")
@click.option("--to", metavar="PERSON", default="", help="With --live: ask this one alone, in a direct message.")
@click.option("--pipeline", metavar="NAME", default="", help="With --live: ask as the policy does for this job.")
@click.option("--environment", metavar="NAME", default="", help="With --live: the environment that is claimed.")
@click.option("--job", metavar="NAME", default="", help="With --live: follow the next real gate of this job instead.")
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(60, 3600),
    default=300,
    show_default=True,
    help="With --live: seconds for people to answer, or for a build to come.",
)
@click.argument("source", required=False, default="")
def check(config_path: Path, as_json: bool, play: bool, seconds: int, **asked: str) -> None:
    """Look at every part: files, store, people, agent, sources, Slack.

    Exit 1 when one is not right, 2 when the configuration cannot be used; then nothing else is looked at.

    With --live one gate is played with the agent that runs: a test that no build waits for, of SOURCE, or the next gate
    of a real job. It says what that has proved, and what it has not.
    """
    if play:
        sys.exit(live(load(config_path), Asked(seconds=seconds, **asked), as_json))
    if any(asked.values()):
        raise click.UsageError("SOURCE, --to, --pipeline, --environment and --job go with --live")
    try:
        config = load(config_path)
    except ConfigError as error:
        report([Part("config.unusable", False, *halves(problem)) for problem in error.problems], as_json)
        sys.exit(USAGE)
    parts = [Part("config.read", True, _configured(config)), _policy(config)]
    config, groups = _with_groups(config)
    looks = {"keys": key_parts, "web": web_parts, "store": _store, "sources": _sources, "slack": _slack}
    for name, look in looks.items():
        told = {part.says for part in parts}
        parts += [part for part in _looked(name, look, config) if part.says not in told]
    parts += _of("slack", "groups", groups)
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
        found += [Part(f"{name}.unusable", False, *halves(problem)) for problem in error.problems]
    except StoreUnavailableError as error:
        mend = "see that the server runs, and that [store] url is right"
        found.append(Part("store.unreachable", False, str(error), mend))
    except JenkinsMfaError as error:
        found.append(Part(f"{name}.unusable", False, *halves(str(error))))
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
        return Part("policy.remarks", False, says, "jenkins-mfa policy check")
    return Part("policy.remarks", True, says)


def _store(config: Config) -> Iterator[Part]:
    keys = load_keys(config)
    with open_store(config.store, keys.mac_key) as (store, found):
        yield from promise_parts(found, config.store)
        yield from clock_parts(store.now())
        yield from record_parts(config, store)
        yield from kept_parts(store, keys)
        yield from trail_parts(config, store)
        yield from delivery_parts(store)
        yield from agent_parts(store)
        yield from listen_parts(config, store)


def _sources(config: Config) -> Iterator[Part]:
    for source in config.sources:
        yield from _source(source)


def _source(source: SourceConfig) -> Iterator[Part]:
    client = client_of(source)
    now = int(time.time() * 1000)
    found = jenkins_check.inspect(client, source.public_url, source.library, now, tuple(source.watched))
    yield from _of("source", f"source {source.id}", found)
    if source.tls.cert_file is not None:
        yield from client_parts(f"source {source.id}", source.tls.cert_file, now // 1000)


def _slack(config: Config) -> Iterator[Part]:
    messenger = messenger_of(config)
    app = web_client(config.slack.app_token.reveal(), config.slack.api_url)
    rules = config.policy.rules
    named = {f"channel of rule {rule.name}": rule.channel for rule in rules if rule.channel}
    named |= {f"escalate_channel of rule {rule.name}": rule.escalate_channel for rule in rules if rule.escalate_channel}
    channels = {"[slack] channel": config.slack.channel, "[slack] ops_channel": config.slack.ops_channel, **named}
    yield from _of("slack", "slack", slack_check.inspect(messenger, app, channels, approvers(config)))


def _of(kind: str, subject: str, found: list[Finding]) -> Iterator[Part]:
    """What an adapter has found: first what is right, in one line of all."""
    for one in sorted(found, key=lambda finding: not finding.ok):
        yield Part(f"{kind}.{one.code}", one.ok, one.says, one.mend, named=subject, brief=True)
