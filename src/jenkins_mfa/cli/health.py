"""`health`: whether the agent on this machine can take answers now, as containers and service managers ask it."""

from __future__ import annotations

from pathlib import Path

import click
import requests
import urllib3

from jenkins_mfa.cli.base import FINDING, UNREACHABLE, USAGE, Failed, config_option
from jenkins_mfa.metrics_config import metrics
from jenkins_mfa.toml_table import read
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web_config import web

SECONDS = 3.0  #: that the agent may take to answer
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (who listens everywhere is asked here)


@click.command(short_help="Whether the agent here can take answers now.", epilog="Example: jenkins-mfa health")
@config_option
def health(config_path: Path) -> None:
    """Ask the agent that runs here whether it can take answers now: /readyz of its pages, or of [metrics] where it has
    none. Of the files only these tables are read, so that a wrong policy, which a running agent does not take over,
    makes no difference.

    Exit 1 when it cannot, 2 when there is nothing to ask, 3 when nobody answers.
    """
    root = read(config_path)
    settings, numbers = web(root, config_path.parent, with_secrets=False), metrics(root)
    if settings is None and numbers is None:
        says = f"There is nobody to ask: {config_path} has neither a right [web] nor a right [metrics] table."
        raise Failed(says, USAGE, "no_web", mend="add one, or look at the process alone")
    status, reasons = _asked(_address(settings) if settings else _at("http", *(numbers or ("", 0))))
    if status != requests.codes.ok:
        raise Failed(f"The agent cannot take answers: {', '.join(reasons)}.", FINDING, "not_ready")
    click.echo("The agent can take answers.")


def _address(settings: Settings) -> str:
    return _at("https" if settings.cert_file else "http", settings.host, settings.port)


def _at(scheme: str, host: str, port: int) -> str:
    here = HERE.get(host, host)
    return f"{scheme}://{f'[{here}]' if ':' in here else here}:{port}/readyz"


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
