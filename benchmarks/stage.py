"""Where everything is measured: store, Jenkins, Slack and configuration; the agent runs in a process of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.simulators.jenkins import JenkinsSimulator, Trust
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.embedded import EmbeddedServer
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.wiring import open_desk

CHANNEL, OPS, TEAM = "C0BENCH", "C0OPS", "T0BENCH"
PREFIX = "mfa"
STARTER = "dev"  #: who starts all builds, and so may not approve them
PATIENCE = 60.0  #: seconds for whatever is waited for
LOOK = 0.005  #: seconds between two looks at what tells no end

CONFIG = """\
installation = "bench"

[store]
url = "{store}"
prefix = "{prefix}"

[[sources]]
id = "main"
kind = "jenkins"
url = "{jenkins}"
user = "mfa-agent"
token_file = "jenkins.token"
poll_seconds = 1.0

[slack]
bot_token_file = "slack-bot.token"
app_token_file = "slack-app.token"
team = "{team}"
channel = "{channel}"
ops_channel = "{ops}"
api_url = "{slack}"

[keys]
dir = "keys"
vault_file = "vault.key"
hmac_file = "hmac.key"
"""

WEB = """
[web]
listen = "127.0.0.1:{port}"
url = "{url}"

[console]
slack_client_id = "{client}"
slack_client_secret_file = "slack-client.secret"
"""
METRICS = """
[metrics]
listen = "127.0.0.1:{port}"
"""
CLIENT, CLIENT_SECRET = "1.2", "simulated-client-secret"

POLICY = """\
version = 1

[[rules]]
name = "tap"
when = { pipeline = "tap/*" }
require = [{ factor = "push", approvers = ["group:release"] }]
ttl_seconds = 7200

[[rules]]
name = "code"
when = { pipeline = "code/*" }
require = [{ factor = "totp", approvers = ["group:release"] }]
ttl_seconds = 7200

[default]
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
ttl_seconds = 900
"""

KEYED = """
[[rules]]
name = "key"
when = { pipeline = "key/*" }
require = [{ factor = "webauthn", approvers = ["group:release"] }]
ttl_seconds = 7200
"""


class Stage:
    """One installation with `people` approvers (roster ids p0, p1, …; Slack accounts U0P0, …). `port` is where the
    agent's own pages are; 0: there are none, and no numbers, which are at `metrics` otherwise.
    """

    def __init__(self, directory: Path, people: int, port: int = 0) -> None:
        self.directory = directory
        self.url = f"http://localhost:{port}"
        self._web = WEB.format(port=port, url=self.url, client=CLIENT) if port else ""
        numbers = free_port()
        self.metrics = f"http://127.0.0.1:{numbers}/metrics"
        self._metrics = METRICS.format(port=numbers) if port else ""
        self.people = [f"p{number}" for number in range(people)]
        self.server = EmbeddedServer(directory / "store")
        self.jenkins = JenkinsSimulator()
        self.slack = SlackSimulator(team=TEAM, team_name="Bench")
        self.config_path = directory / "config.toml"
        self.keys: Keys
        self._agent: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The agent's process id."""
        assert self._agent is not None
        return self._agent.pid

    def prepare(self) -> None:
        """Write the configuration, make the keys, invite the people. Servers are listening already."""
        for person in [STARTER, *self.people]:
            self.slack.add_user(slack_id(person), person.title(), team=TEAM)
        members = [slack_id(person) for person in self.people]
        self.slack.add_channel(CHANNEL, "deploys", members=members)
        self.slack.add_channel(OPS, "ops", members=members)
        self.slack.openid.client(CLIENT, CLIENT_SECRET, f"{self.url}/console/sign-in/slack/done")
        self._write_files()
        config = configuration.load(self.config_path)
        key_files.generate(config.keys, int(time.time()))
        self.keys = key_files.load(config.keys, config.installation)
        pinned = {key.kid: ("EdDSA", key.public) for key in self.keys.signing}
        self.jenkins.controller.trust = Trust(pinned, f"mfa:{config.installation}", "main")

    @contextmanager
    def desk(self) -> Generator[Desk]:
        """What the use cases need, in this process."""
        with open_desk(configuration.load(self.config_path), self.keys) as desk:
            yield desk

    def start_agent(self) -> None:
        """Start the agent; returns at once."""
        command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(self.config_path)]
        with (self.directory / "agent.log").open("ab") as log:
            self._agent = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def connected(self) -> None:
        """Return when the agent holds both its connections to Slack."""
        until(lambda: self.slack.connections == 2)

    def stop_agent(self) -> None:
        """SIGTERM, and wait."""
        if self._agent is not None:
            self._agent.terminate()
            self._agent.wait(PATIENCE)
            self._agent = None

    def forget_lanes(self) -> None:
        """Take what is to be delivered out of the store, as if everybody had been told."""
        with client_for(self.server.url) as client:
            client.delete(*(f"{{{PREFIX}}}:{name}" for name in ("due", "since", "want", "lease", "tries")))

    def quiet(self) -> None:
        """Return when nothing is left to be delivered."""
        with client_for(self.server.url) as client:
            until(lambda: not client.zcard(f"{{{PREFIX}}}:due"))

    def _write_files(self) -> None:
        tokens = {
            "jenkins.token": self.jenkins.users["mfa-agent"].token,
            "slack-bot.token": self.slack.bot_token,
            "slack-app.token": self.slack.app_token,
            "slack-client.secret": CLIENT_SECRET,
        }
        for name, secret in tokens.items():
            with os.fdopen(os.open(self.directory / name, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(secret + "\n")
        text = CONFIG.format(
            store=self.server.url,
            prefix=PREFIX,
            jenkins=self.jenkins.url,
            slack=self.slack.base_url,
            team=TEAM,
            channel=CHANNEL,
            ops=OPS,
        )
        self.config_path.write_text(text + self._web + self._metrics)
        (self.directory / "policy.toml").write_text(POLICY + (KEYED if self._web else ""))
        (self.directory / "roster.toml").write_text("\n".join(_roster(self.people)))


def slack_id(person: str) -> str:
    """The Slack account of a person of the roster."""
    return f"U0{person.upper()}"


def until(holds: Callable[[], object]) -> None:
    """Return when `holds` does. Raises TimeoutError."""
    limit = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > limit:
            raise TimeoutError(f"not within {PATIENCE} s")
        time.sleep(LOOK)


@contextmanager
def stage(people: int = 8, port: int = 0) -> Generator[Stage]:
    """A stage in a temporary directory, with pages on `port` unless it is 0; everything ends with the context.

    Jenkins and Slack live in this process and remember every request. A full collection of that stops both for up to
    a quarter of a second, which no answer of the agent's should be charged with: so there is none meanwhile.
    """
    with ExitStack() as stack:
        gc.disable()
        stack.callback(gc.enable)
        made = Stage(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jenkins-mfa-bench-"))), people, port)
        stack.enter_context(made.slack)
        made.server.start()
        stack.callback(made.server.stop)
        stack.enter_context(made.jenkins)
        made.prepare()
        stack.callback(made.stop_agent)
        yield made


def _roster(people: list[str]) -> list[str]:
    lines = ["version = 1", 'groups = ["release", "developers"]', ""]
    for person, group in [(STARTER, "developers"), *((person, "release") for person in people)]:
        identities = f'{{ "slack:{TEAM}" = "{slack_id(person)}", "jenkins:main" = "{person}" }}'
        lines += [f"[people.{person}]", f'name = "{person.title()}"', f'groups = ["{group}"]']
        lines += [f"identities = {identities}", ""]
    return lines
