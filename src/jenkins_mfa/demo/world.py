"""All that the demo runs: store, Jenkins, Slack, phones and security keys, and the agent in a process of its own, which
may be killed.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import totp
from jenkins_mfa.core.audit_evidence import Judged, examine
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.demo import files, keys
from jenkins_mfa.simulators.browser import Browser, Page
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, PausedInput, Trust
from jenkins_mfa.simulators.jenkins_samples import add_samples
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.store.connect import client_for, open_trail
from jenkins_mfa.store.embedded import EmbeddedServer
from jenkins_mfa.store.settings import Settings
from jenkins_mfa.usecases import enroll
from jenkins_mfa.wiring import open_desk

LATE = "deploy-late"  #: a job whose gates live for three seconds


class World:
    """One demo in one directory. `start` brings everything up; leaving the context ends every process of it."""

    keyed: tuple[str, ...] = ("bob", "carol")  #: who has a security key from the start
    options: tuple[str, ...] = ()  #: of `run`

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server = EmbeddedServer(directory / "store")
        self.jenkins = JenkinsSimulator()
        self.slack = SlackSimulator(team=files.TEAM, team_name="Demo")
        self.seeds: dict[str, str] = {}
        self.keys = {person: SecurityKey() for person, *_ in files.PEOPLE}
        self.port = free_port()  #: of the agent's own pages
        self.config_path = directory / "config.toml"
        self._agent: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def console(self) -> str:
        """The address of the agent's console."""
        return files.console(self.port)

    def start_agent(self) -> None:
        """Start the agent; returns when its Slack socket is open."""
        before = self.slack.connections
        log = (self.directory / "agent.log").open("ab")
        command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(self.config_path), *self.options]
        # A session of its own: Ctrl-C reaches the demo only, which then stops the agent in order.
        self._agent = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self.slack.wait_for(lambda s: s.connections > before or self._died(), 30)
        if self._died():
            raise RuntimeError(f"the agent ended at once; see {self.directory / 'agent.log'}")

    def kill_agent(self) -> None:
        """Kill -9."""
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait()
            self._agent = None
            self.slack.wait_for(lambda s: not s.connections, 10)

    def stop_agent(self) -> None:
        """SIGTERM, and wait."""
        if self._agent is not None:
            self._agent.terminate()
            try:
                self._agent.wait(20)
            except subprocess.TimeoutExpired:
                self._agent.kill()
            self._agent = None

    def stop_store(self) -> None:
        """End the server, whoever uses it; its files stay."""
        with client_for(self.server.url) as client:
            client.shutdown(nosave=True)

    def start_store(self) -> None:
        """Start it again on the same files; returns when it answers."""
        self.server = EmbeddedServer(self.directory / "store")
        self.server.start()

    def proceed_as(self, user: str, build: Build, asked: PausedInput) -> int:
        """Press Proceed on the paused step's page, as that Jenkins user; the status."""
        url = f"{self.jenkins.url}{build.path}input/{asked.id}/proceedEmpty"
        return requests.post(url, auth=self.jenkins.auth(user), timeout=10).status_code

    def invite(self, person: str) -> str:
        """What `enroll ticket` prints at the operator's terminal: a one-time address. Raises RuntimeError."""
        command = [sys.executable, "-m", "jenkins_mfa", "enroll", "ticket", person, "--config", str(self.config_path)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def scan(self, person: str, browser: Browser, page: Page) -> str:
        """The phone takes the key that the page shows, and the person types the code of the step before."""
        seed = browser.scan(page)
        said = browser.prove(page, totp.code_at(seed, int(time.time()) - totp.STEP))
        self.seeds[person] = seed
        return said

    def code(self, person: str) -> str:
        """What the person's phone shows now."""
        return totp.code_at(self.seeds[person], int(time.time()))

    def judged_keys(self) -> list[Judged]:
        """Every answer of a security key in the trail, verified again as `audit verify --evidence` does."""
        with open_trail(Settings(self.server.url)) as trail:
            entries = [(linked.seq, linked.entry) for linked in trail.audit_events()]
        return list(examine(entries, RelyingParty.at(files.pages(self.port))))

    def _start(self) -> None:
        self.server.start()
        self._stack.callback(self._stop_store)
        self._stack.enter_context(self.slack)
        populate(self.slack)
        back = f"{self.console}/sign-in/slack/done"
        self.slack.openid.client(files.CLIENT, files.CLIENT_SECRET, back)
        tokens = {
            "jenkins.token": self.jenkins.users["mfa-agent"].token,
            "slack-bot.token": self.slack.bot_token,
            "slack-app.token": self.slack.app_token,
        }
        self._stack.enter_context(self.jenkins)
        files.write(
            self.directory,
            store=self.server.url,
            jenkins=self.jenkins.url,
            slack=self.slack.base_url,
            tokens=tokens,
            port=self.port,
        )
        config = configuration.load(self.config_path)
        key_files.generate(config.keys, int(time.time()))
        self._trust(config)
        add_samples(self.jenkins)
        self.jenkins.job(LATE, _deploy_late)
        self.jenkins.users["dev"].full_name = "Dan Fox"
        self._enrol(config)
        self._stack.callback(self.stop_agent)
        self.start_agent()

    def _stop_store(self) -> None:
        self.server.stop()

    def _trust(self, config: configuration.Config) -> None:
        """Pin the new keys, as the administrator does with `keys public --library`."""
        keys = key_files.load(config.keys, config.installation)
        pinned = {key.kid: ("EdDSA", key.public) for key in keys.signing}
        self.jenkins.controller.trust = Trust(pinned, f"mfa:{config.installation}", "main")

    def _enrol(self, config: configuration.Config) -> None:
        """Give the approvers their phones, proved by the code of the step before: the present one stays unused.

        Some get a key, too.
        """
        with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
            for person in ("alice", "bob", "carol"):
                seed = totp.seed_text(secrets.token_bytes(totp.SEED_BYTES))
                before = totp.code_at(seed, desk.store.now() // 1000 - totp.STEP)
                enroll.enroll(desk, person, seed, before, "demo")
                self.seeds[person] = seed
            for person in self.keyed:
                keys.enrol(desk, RelyingParty.at(files.pages(self.port)), person, self.keys[person])

    def _died(self) -> bool:
        return self._agent is not None and self._agent.poll() is not None


def populate(slack: SlackSimulator) -> None:
    """Put the demo's people and channels into a workspace."""
    for _, name, _, user, _ in files.PEOPLE:
        slack.add_user(user, name, team=files.TEAM)
    members = [user for _, _, _, user, _ in files.PEOPLE]
    slack.add_channel(files.CHANNEL, "deploys", members=members)
    slack.add_channel(files.OPS, "ops", members=members)


def _deploy_late(build: Build) -> None:
    build.mfa_gate(lambda: build.echo("Deployed."), environment="sandbox", action="deploy", message="Nobody answers")
