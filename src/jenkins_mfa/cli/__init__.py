"""The command line: `jenkins-mfa …`. Data goes to stdout, all else to stderr; exit codes are named in `base`."""

from __future__ import annotations

import click

from jenkins_mfa.cli.answers import approve, deny, retract
from jenkins_mfa.cli.audit import audit
from jenkins_mfa.cli.base import Commands
from jenkins_mfa.cli.check import check
from jenkins_mfa.cli.deliveries import deliveries
from jenkins_mfa.cli.demo import demo
from jenkins_mfa.cli.gates import pending, show
from jenkins_mfa.cli.health import health
from jenkins_mfa.cli.holds import holds
from jenkins_mfa.cli.init import init
from jenkins_mfa.cli.keys import keys
from jenkins_mfa.cli.people import authenticators, enroll
from jenkins_mfa.cli.policy import policy
from jenkins_mfa.cli.receipt import receipt
from jenkins_mfa.cli.reports import report
from jenkins_mfa.cli.roster import roster
from jenkins_mfa.cli.run import VERSIONS, run, version
from jenkins_mfa.cli.seal import seal
from jenkins_mfa.cli.store import store
from jenkins_mfa.cli.upgrade import upgrade_check


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message=VERSIONS)
def main() -> None:
    """Put a human's second factor in front of the critical steps of a Jenkins Pipeline.

    Exit codes: 0 right, 1 finding, 2 usage or configuration, 3 unreachable, 4 refused.
    """


for command in (
    init,
    run,
    health,
    check,
    demo,
    pending,
    show,
    approve,
    deny,
    retract,
    keys,
    enroll,
    authenticators,
    seal,
):
    main.add_command(command)
for command in (holds, deliveries, policy, roster, report, audit, receipt, store, upgrade_check, version):
    main.add_command(command)
