"""`health`: whether the agent on this machine can take answers now, as containers and service managers ask it."""

from __future__ import annotations

from pathlib import Path

import click
import requests
import urllib3

from jenkins_mfa.cli.base import FINDING, UNREACHABLE, USAGE, Failed, config_option
from jenkins_mfa.toml_table import read
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web_config import web

SECONDS = 3.0  #: that the agent may take to answer
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (who listens everywhere is asked here)


@click.command(short_help="Whether the agent here can take answers now.", epilog="Example: jenkins-mfa health")
@config_option
def health(config_path: Path) -> None:
    """Ask the agent that runs here whether it can take answers now: /readyz of its pages. Of the files only the [web]
    table is read, so that a wrong policy, which a running agent does not take over, makes no difference.

    Exit 1 when it cannot, 2 when there are no pages to ask, 3 when nobody answers.
    """
    settings = web(read(config_path), config_path.parent, with_secrets=False)
    if settings is None:
        mend = "add one, or look at the process alone"
        raise Failed(f"There is nobody to ask: {config_path} has no right [web] table.", USAGE, "no_web", mend=mend)
    status, reasons = _asked(_address(settings))
    if status != requests.codes.ok:
        raise Failed(f"The agent cannot take answers: {', '.join(reasons)}.", FINDING, "not_ready")
    click.echo("The agent can take answers.")


def _address(settings: Settings) -> str:
    host = HERE.get(settings.host, settings.host)
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.cert_file else 'http'}://{name}:{settings.port}/readyz"


def _asked(address: str) -> tuple[int, list[str]]:
    """Status and reasons. Its certificate is for the name that people open; nothing is told to whoever answers here."""
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    session.trust_env = False  # no proxy reaches this machine's own addresses
    try:
        answer = session.get(address, timeout=SECONDS, verify=False)
        return answer.status_code, [str(reason) for reason in answer.json()["reasons"]]
    except (requests.RequestException, ValueError, KeyError):
        raise Failed(f"The agent does not answer at {address}.", UNREACHABLE, "unreachable") from None
