"""One gate's world for the fault matrix: Jenkins, Slack and store on real sockets, and an agent stepped by hand.

The agent's adapters and use cases are the real ones; what its threads do in a loop is done here once in each round, so
that a fault begins at one very request, and time is moved by hand. Timeouts are the agent's own, `SCALE` times shorter.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cli_files import edit
from clock import Clock
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import chain
from jenkins_mfa.demo import files
from jenkins_mfa.errors import MessengerError, Refusal, SourceError, StoreError
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Trust
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain
from jenkins_mfa.slack.dialogs import Dialogs
from jenkins_mfa.slack.pace import Pace
from jenkins_mfa.slack.payloads import Press
from jenkins_mfa.slack.presses import Presses
from jenkins_mfa.slack.replies import Sentences
from jenkins_mfa.sources.jenkins import client
from jenkins_mfa.store import connect
from jenkins_mfa.store.connect import client_for, open_trail
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.settings import Settings
from jenkins_mfa.usecases import deliver, refresh, tick
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.wiring import desk_of, messenger_of
from line import Line
from lined_sentinels import LinedSentinels
from store_server import Server, server_binary
from tls_front import HOST, Front

SCALE = 50  #: how much shorter the timeouts for Jenkins are: an answer may take 0.3 s in place of 15 s
SLACK_SECONDS = 1.0  #: in place of 10 s; a message that a busy machine posts too late would be posted twice
STORE_SECONDS = 0.1  #: in place of 2 s
SOON, LATE = 0.02, 1.5  #: seconds that answers take: within all timeouts, beyond all but the listing's
ROUND = 2.0  #: seconds that pass between two rounds
ALICE = Who(f"slack:{files.TEAM}", "U0ALICE")
SYSTEMS = ("jenkins", "slack", "store")


class Agent:
    """One agent with lines of its own. Once they are cut nothing of it reaches anybody: it is dead, seen from there."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.ahead = stage, 0  # ms
        self.lines = {name: Line(stage.targets[name]) for name in SYSTEMS}
        if stage.sentinels is not None:
            self.lines["store"] = stage.sentinels.lines[0]
        self.fronts = {name: Front(stage.folder, name, line) for name, line in self.lines.items() if stage.secure}
        urls = {name: f"http://127.0.0.1:{line.port}/" for name, line in self.lines.items()}
        urls |= {name: f"https://{HOST}:{front.port}/" for name, front in self.fronts.items()}
        store = stage.sentinels.url if stage.sentinels else urls["store"].replace("http", "redis")
        path = files.write(
            stage.folder,
            store=store,
            jenkins=urls["jenkins"],
            slack=urls["slack"] + "api/",
            tokens=stage.tokens,
        )
        if self.fronts:
            trusted = f'ca_file = "{self.fronts["jenkins"].authority}"'
            edit(path, ('token_file = "jenkins.token"', f'token_file = "jenkins.token"\n{trusted}'))
        config = configuration.load(path)
        if not config.keys.hmac_file.exists():
            key_files.generate(config.keys, int(time.time()))
        self.keys = key_files.load(config.keys, config.installation)
        timeouts = f"?socket_timeout={STORE_SECONDS}&socket_connect_timeout={STORE_SECONDS}"
        timeouts += f"&ssl_ca_certs={self.fronts['store'].authority}" if self.fronts else ""
        given = client_for(store + timeouts), self.keys.mac_key
        copies = 1 if stage.sentinels else 0
        self.store = RedisStore(*given, replicas=copies, offset_ms=lambda: stage.clock.offset)
        pace = Pace(lambda: time.monotonic() + stage.clock.offset / 1000)
        messenger = replace(messenger_of(config), pace=pace)
        messenger.client.timeout = SLACK_SECONDS
        if self.fronts:
            messenger.client.ssl = ssl.create_default_context(cafile=self.fronts["slack"].authority)
        self.desk = desk_of(config, self.store, self.keys, messenger)
        self.source: Any = self.desk.sources["main"]
        self.source.now = lambda: int(time.time() * 1000) + stage.clock.offset + self.ahead
        self.watch, self.answers = Watch(self.desk, self.source), Answers(self.desk)

    def round(self) -> None:
        """What the agent's loops do: poll, deliver what is due, look at the clock. What fails is tried again."""
        for step in (self.watch.poll, self._deliver, self._tick, lambda: refresh.look(self.desk, "agent")):
            with contextlib.suppress(SourceError, StoreError):
                step()

    def _deliver(self) -> None:
        for _ in range(20):
            due = self.store.claim_lane(deliver.LEASE)
            if due is None:
                return
            deliver.deliver(self.desk, due)

    def _tick(self) -> None:
        tick.tick(self.desk, self.store.due_gates(self.store.now()))

    def die(self) -> None:
        """As of now nothing of it reaches anybody."""
        for line in self.lines.values():
            line.cut()
        for front in self.fronts.values():
            front.close()


@dataclass
class Stage:
    """The world; `agent` is the one that runs. `begin` is what happens when the phase that was armed begins."""

    folder: Path
    server: Server
    clock: Clock = field(default_factory=Clock)
    secure: bool = False  #: TLS on all lines
    sentinels: LinedSentinels | None = None  #: in the server's place
    controller_ahead: float = 0.0  #: seconds
    bodies: list[str] = field(default_factory=list)
    taps: int = 0
    began: bool = False
    counted: bool = False
    replica: Server | None = None
    others: list[Agent] = field(default_factory=list)  #: that work beside `agent`
    afterwards: list[Callable[[], None]] = field(default_factory=list)  #: once the gate has ended
    undo: list[Callable[[], None]] = field(default_factory=list)  #: what a fault must put back
    _then: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jenkins = JenkinsSimulator(now=lambda: time.time() + self.clock.offset / 1000 + self.controller_ahead)
        self.slack = SlackSimulator(team=files.TEAM)
        self.tokens = {
            "jenkins.token": self.jenkins.users["mfa-agent"].token,
            "slack-bot.token": self.slack.bot_token,
            "slack-app.token": self.slack.app_token,
        }
        for _, name, _, user, _ in files.PEOPLE:
            self.slack.add_user(user, name, team=files.TEAM)
        members = [user for _, _, _, user, _ in files.PEOPLE]
        self.slack.add_channel(files.CHANNEL, "deploys", members=members)
        self.slack.add_channel(files.OPS, "ops", members=members)

    @property
    def agents(self) -> list[Agent]:
        """All that work."""
        return [self.agent, *self.others]

    @property
    def targets(self) -> dict[str, int | Path]:
        """Where the lines lead."""
        return {
            "jenkins": int(self.jenkins.url.rsplit(":", 1)[1].strip("/")),
            "slack": int(self.slack.base_url.split(":")[2].split("/")[0]),
            "store": self.server.socket,
        }

    def start(self) -> None:
        """A first agent, and a build that waits."""
        self.agent = Agent(self)
        signing = {key.kid: ("EdDSA", key.public) for key in self.agent.keys.signing}
        self.jenkins.controller.trust = Trust(signing, "mfa:demo", "main")
        self.jenkins.job(STAGING, self._pipeline, env={"REPLICAS": "2"})
        self.build: Build = self.jenkins.build(STAGING, user="dev")
        self.asked = self.build.wait_paused()

    def _pipeline(self, build: Build) -> None:
        def body() -> None:
            self.bodies.append(build.name)

        build.mfa_gate(body, environment="staging", action="deploy", message="Deploy 1.4", watchEnv=["REPLICAS"])

    def play(self, until: Callable[[], object], most: int = 60) -> None:
        """Round after round, until it holds; Alice taps as soon as she is asked, and again until it counted."""
        for _ in range(most):
            if until():
                return
            self.round()
        assert until(), f"not after {most} rounds: {self.shown()}\n{self.build.console}"

    def round(self) -> None:
        """The agent's loops once, a tap of whoever was asked before, and a while passes."""
        asked = self.messages()
        for agent in self.agents:
            agent.round()
        if asked and not self.counted:
            self.tap()
        self.clock.move(seconds=ROUND)
        while self._then:
            self._then.pop()()

    def round_after(self, act: Callable[[], None]) -> None:
        """Do this when the present round is over."""
        self._then.append(act)

    def tap(self) -> None:
        """Alice taps Approve wherever she is asked."""
        for message in self.messages("U0ALICE"):
            for button in _buttons(message, "gate_approve"):
                self.taps += 1
                with contextlib.suppress(Refusal, MessengerError, StoreError, SourceError):
                    self.agent.answers.tap(button, ALICE, f"tap-{self.taps}")
                    self.counted = True

    def tap_stale(self) -> None:
        """Once the build is over somebody taps what still has buttons."""
        if self.build.building:
            return
        messenger: Any = self.agent.desk.messenger
        presses = Presses(Dialogs(Sentences(self.agent.store, messenger)), self.agent.store)
        for message in self.messages():
            for jti in _buttons(message, "gate_approve"):
                press = Press(ALICE, jti, message.channel, message.ts, "late", "", False)
                presses._put_right(press)

    def restart(self) -> None:
        """The agent's process is gone; another one starts with what is on disk."""
        self.agent.die()
        self.agent = Agent(self)

    def messages(self, reader: str = "U0ALICE") -> list[Message]:
        """All messages of the gate that somebody sees, in the channel or directly."""
        places = [place.id for place in self.slack.channels_of(reader) if place.id != files.OPS]
        found = [m for place in places for m in self.slack.messages(place) if not m.thread_ts]
        return [message for message in found if f"“{STAGING}”" in plain(message)]

    def shown(self) -> list[str]:
        """The first line of each."""
        return [plain(message).splitlines()[0] for message in self.messages()]

    def events(self) -> list[str]:
        """Names of the gate's events, oldest first; the chain is whole, or AssertionError."""
        with open_trail(Settings(self.sentinels.url if self.sentinels else self.server.url)) as trail:
            linked = list(trail.audit_events())
        assert isinstance(chain.verify_chain((one.raw, one.hash) for one in linked), chain.Chain)
        return [one.entry.event for one in linked if one.entry.gate]

    @property
    def proceeds(self) -> int:
        """How many proceeds Jenkins has taken."""
        return self.build.console.count("Approved by ")


def _buttons(message: Message, action: str) -> list[str]:
    """Values of the buttons of one kind."""
    elements = [element for block in message.blocks for element in block.get("elements", ())]
    return [element["value"] for element in elements if element.get("action_id") == action]


@contextmanager
def staged(folder: Path, server: Server, *, secure: bool = False, sentinels: bool = False) -> Iterator[Stage]:
    """A stage with its agent and its waiting build; everything of it ends with the context."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        original = client._Connection._request

        def request(self: Any, *arguments: Any, **more: Any) -> Any:
            self.timeout = tuple(seconds / SCALE for seconds in self.timeout)
            return original(self, *arguments, **more)

        patch.setattr(client._Connection, "_request", request)
        patch.setattr(connect, "BACKOFF", tuple(seconds / SCALE for seconds in connect.BACKOFF))
        server.client().flushall()
        nodes = stack.enter_context(LinedSentinels(server_binary())) if sentinels else None
        stage = Stage(folder, server, secure=secure, sentinels=nodes)
        stack.enter_context(stage.slack)
        stack.enter_context(stage.jenkins)
        stage.start()
        yield stage
        for agent in stage.agents:
            agent.die()
        for act in stage.afterwards:
            act()
