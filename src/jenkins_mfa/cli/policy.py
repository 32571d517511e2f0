"""`policy …`: look at the rules before and while they are in force."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from jenkins_mfa.cli.base import FINDING, Commands, config_option, json_option
from jenkins_mfa.cli.explain import explain
from jenkins_mfa.cli.opened import load
from jenkins_mfa.cli.policy_diff import policy_diff
from jenkins_mfa.cli.policy_test import policy_test
from jenkins_mfa.cli.report import Part, count, report
from jenkins_mfa.config import Config
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.policy.analysis import Remark, remarks
from jenkins_mfa.words import findings, render


@click.group(cls=Commands)
def policy() -> None:
    """The rules: whether they are right, and what they ask for."""


@policy.command(epilog="Example: jenkins-mfa policy check new-policy.toml --strict")
@config_option
@json_option
@click.option("--strict", is_flag=True, help="Exit 1 where there is a finding.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def check(config_path: Path, as_json: bool, strict: bool, file: Path | None) -> None:
    """Whether a policy can be used, what in it is likely a mistake, and everything that loosens.

    FILE is looked at instead of the policy that the configuration names. Secrets and store are left alone. Exit 2 when
    it cannot be used, with every problem at once; findings alone do not change the exit code.
    """
    now = int(time.time() * 1000)
    config = load(config_path, policy_path=file, now=now, with_secrets=False)
    found = remarks(config.policy, config.roster, f"slack:{config.slack.team}", now)
    report([_used(config), *(_part(remark, config.roster) for remark in found)], as_json)
    if strict and any(remark.kind == "finding" for remark in found):
        sys.exit(FINDING)


def _used(config: Config) -> Part:
    rules, people = config.policy.rules, config.roster.people
    return Part("policy.read", True, f"{count(len(rules), 'rule')} and [default], {count(len(people), 'person')}")


def _part(remark: Remark, roster: Roster) -> Part:
    says, mend = (render.terminal(words(remark, roster)) for words in (findings.sentence, findings.mend))
    return Part(f"policy.{remark.code}", not mend, says, mend, named="" if mend else "loosens")


policy.add_command(policy_test)
policy.add_command(explain)
policy.add_command(policy_diff)
