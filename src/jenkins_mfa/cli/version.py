"""`version`."""

from __future__ import annotations

import click

from jenkins_mfa import __version__
from jenkins_mfa.cli.base import CONTRACT, LIBRARY, VERSIONS, json_option, print_json


@click.command(short_help="Versions of agent, library and contract.", epilog="Example: jenkins-mfa version --json")
@json_option
def version(as_json: bool) -> None:
    """Versions of the agent, of the library that belongs to it, and of the contract between them."""
    if as_json:
        print_json({"version": __version__, "lib": LIBRARY, "contract": CONTRACT})
    else:
        click.echo(VERSIONS)
