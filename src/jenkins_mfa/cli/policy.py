"""`policy …`: look at the rules before and while they are in force."""

from __future__ import annotations

import time
from pathlib import Path

import click

from jenkins_mfa.cli.base import Commands, config_option, json_option, load
from jenkins_mfa.cli.explain import explain
from jenkins_mfa.cli.policy_diff import policy_diff
from jenkins_mfa.cli.policy_test import policy_test
from jenkins_mfa.cli.report import Part, count, report


@click.group(cls=Commands)
def policy() -> None:
    """The rules: whether they are right, and what they ask for."""


@policy.command(epilog="Example: jenkins-mfa policy check new-policy.toml")
@config_option
@json_option
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def check(config_path: Path, as_json: bool, file: Path | None) -> None:
    """Whether a policy can be used: FILE, or the one that the configuration names. Secrets are not read.

    Exit 2 when it cannot be used, with every problem at once.
    """
    config = load(config_path, policy_path=file, now=int(time.time() * 1000), with_secrets=False)
    report([Part("policy", True, count(len(config.policy.rules), "rule"))], as_json)


policy.add_command(policy_test)
policy.add_command(explain)
policy.add_command(policy_diff)
