"""The command line: `jenkins-mfa …`. Data goes to stdout, all else to stderr; exit codes are named in `base`.

A command's module is imported when that command is called: none waits for what another one needs.
"""

from __future__ import annotations

from importlib import import_module

import click

from jenkins_mfa.cli.base import VERSIONS, Commands

#: Which module of this package holds each command; in it, a hyphen of the name is an underscore.
MODULES = {
    "approve": "answers",
    "audit": "audit",
    "authenticators": "people",
    "check": "check",
    "deliveries": "deliveries",
    "demo": "demo",
    "deny": "answers",
    "enroll": "people",
    "health": "health",
    "holds": "holds",
    "init": "init",
    "keys": "keys",
    "pending": "pending",
    "policy": "policy",
    "receipt": "receipt",
    "report": "reports",
    "retract": "answers",
    "roster": "roster",
    "run": "run",
    "seal": "seal",
    "show": "gates",
    "store": "store",
    "upgrade-check": "upgrade",
    "version": "version",
}


class LazyCommands(Commands):
    """The commands of `MODULES`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in order."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        del ctx
        if cmd_name not in MODULES:
            return None
        module = import_module(f"jenkins_mfa.cli.{MODULES[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message=VERSIONS)
def main() -> None:
    """Put a human's second factor in front of the critical steps of a Jenkins Pipeline.

    Exit codes: 0 right, 1 finding, 2 usage or configuration, 3 unreachable, 4 refused.
    """
