"""The simulated Slack by itself, with its page, beside a real Jenkins: deploy/compose has it in place of a workspace.

`python3 -m jenkins_mfa.demo.slack_alone HOST`: HOST is the name under which the agent reaches it; SIGTERM ends it.
"""

from __future__ import annotations

import signal
import sys
import threading

from jenkins_mfa.demo import files
from jenkins_mfa.demo.web import Web
from jenkins_mfa.demo.world import populate
from jenkins_mfa.simulators.browser import Browser, Page, SaidError
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import SlackSimulator

API, SOCKET, PAGE = 8091, 8092, 8090  #: ports: what the agent asks, its socket, what people open
EVERYWHERE = "0.0.0.0"  # noqa: S104  (a container's port is published for this computer alone)
TERMINAL = "Phones and keys are not simulated here. At the agent's terminal: jenkins-mfa enroll local PERSON"


class Alone:
    """What the page needs beside Slack: a Jenkins without jobs, which it does not show, and nobody's phone."""

    console = ""  #: not reached from here

    def __init__(self, slack: SlackSimulator) -> None:
        self.slack = slack
        self.jenkins = JenkinsSimulator()
        self.seeds: dict[str, str] = {}
        self.keys = {person: SecurityKey() for person, *_ in files.PEOPLE}

    def invite(self, _person: str, /) -> str:
        """Raises RuntimeError, which says where people enrol."""
        raise RuntimeError(TERMINAL)

    def scan(self, _person: str, _browser: Browser, _page: Page, /) -> str:
        """Raises SaidError, which says the same."""
        raise SaidError(TERMINAL)


def main(host: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SlackSimulator(host=host, port=API, socket_port=SOCKET, team=files.TEAM, team_name="Demo") as slack:
        populate(slack)
        with Web(Alone(slack), PAGE, host=EVERYWHERE):
            stop.wait()


if __name__ == "__main__":
    main(sys.argv[1])
