"""The agent's threads and clock, and the order in which they start and stop."""

from __future__ import annotations

import gc
import os
import random
import secrets
import threading
from collections.abc import Collection, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from jenkins_mfa import __version__, key_files, key_takeover, token_takeover
from jenkins_mfa.changes import Changes
from jenkins_mfa.config import Config
from jenkins_mfa.core.consumers import Consumers
from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.deliverers import Deliverers
from jenkins_mfa.digest_keeper import DigestKeeper
from jenkins_mfa.errors import StoreError
from jenkins_mfa.health import Health
from jenkins_mfa.heartbeats import Heartbeats
from jenkins_mfa.metrics.server import Metrics
from jenkins_mfa.metrics.state import State
from jenkins_mfa.reload import Reloader
from jenkins_mfa.slack.app import SlackApp
from jenkins_mfa.slack.handlers import Handlers
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.usergroups import UserGroups
from jenkins_mfa.source_keeper import SourceKeeper
from jenkins_mfa.takeover import Takeover
from jenkins_mfa.threads import Crew
from jenkins_mfa.trail_keeper import Keeper
from jenkins_mfa.usecases import break_glass, holds, loss, refresh, seals, tick
from jenkins_mfa.usecases.acts import Acts
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.break_glass import BreakGlass
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.enrolment import OwnActs
from jenkins_mfa.usecases.groups import Groups
from jenkins_mfa.usecases.watched import WatchedJobs
from jenkins_mfa.watched_keeper import WatchedKeeper
from jenkins_mfa.web.server import WebServer
from jenkins_mfa.wiring import keepers_of, messenger_of, open_desk, tracer_of, web_of

log = structlog.get_logger()

TICK_SECONDS = 1.0  #: how often deadlines are looked at
LATE_SECONDS = 60.0  #: how often it is looked what no second administrator has confirmed in time
LOOK_SECONDS = 2.0  #: how often it is looked whether files have changed, and whether a group is to be read
STOP_SECONDS = 10.0  #: that each thread gets to finish what it has begun


@dataclass
class Agent:
    """A running agent. `start` returns once everything runs; `stop` lets go in the order that loses nothing. With
    `reload_asked` all files and members of groups are looked at soon. `replica` tells it from others on the same store.
    """

    config: Config
    desk: Desk
    messenger: SlackMessenger
    keepers: Sequence[Keeper]
    crew: Crew = field(default_factory=Crew)
    _scheduler: BackgroundScheduler | None = None
    _slack: SlackApp | None = None
    reload_asked: bool = False
    metrics: Metrics | None = None
    replica: str = field(default_factory=lambda: secrets.token_hex(4))

    def __post_init__(self) -> None:
        reloader = Reloader(self.config.rules, self.desk, self.config.rules_digest)
        self._changes = Changes(self.desk, reloader, Groups(self.desk, UserGroups(self.messenger.client)))
        self._beats = Heartbeats(self.desk.store, self.replica)
        self._consumers = Consumers(self.config.consumers)
        self._health = Health(self.desk, self.crew, self._connections, self._changes.not_taken)
        self._web: WebServer | None = web_of(self.config, self.desk, self._consumers, self._health)
        self._changes.keys = self._keys()

    def _keys(self) -> list[Takeover]:
        """The agent's own keys, the receipts' first: a revoked one waits for nothing."""
        files, desk = self.config.keys, self.desk
        found = [key_takeover.receipts(files, desk), key_takeover.vault(files, desk)]
        if self._web is not None and self._web.certificate is not None:
            found.append(key_takeover.pages(self._web.certificate, desk))
        return found

    def start(self) -> None:
        """Members of groups first, as a gate is opened once; watchers and deliverers, which need no person; then the
        clock, the pages, and at last Slack's people, whom a tap may send to a page.
        """
        if self._web is not None:
            self._web.bind()
        if self.metrics is not None:
            state = State(self.desk.store, self.desk.keys, self._environments, self._destinations(), self._people)
            self.metrics.start(self._health, state)
        self._record("agent:started", {"reason": __version__})
        try:
            self._begin()
        except BaseException:
            self.stop()  # what has begun must not use the store any more when it is closed
            raise
        log.info("agent started", version=__version__, sources=[s.id for s in self.config.sources], pid=os.getpid())

    def _begin(self) -> None:
        self._record("policy:loaded", {"policy_sha256": self.config.policy.sha256})
        self._live()
        for keeper in self.keepers:
            keeper.start(self.crew, self.replica)
        self._changes.look_at_groups()
        for source in self.config.sources:
            adapter = self.desk.sources[source.id]
            SourceKeeper(self.desk, adapter, source.poll_seconds).start(self.crew, self._beats)
            if source.watched:
                WatchedKeeper(WatchedJobs(self.desk, adapter, source.watched)).start(self.crew, self.replica)
        Deliverers(self.desk, self.crew).start()
        if self.config.digest is not None:
            DigestKeeper(self.desk, self.config.digest).start(self.crew, self.replica)
        self._schedule()
        if self._web is not None:
            self._web.start(self.crew)
        self._listen()
        # What is there by now stays: a full collection that goes through it again would hold up a tap for 50 ms.
        gc.freeze()

    def _schedule(self) -> None:
        looks = (
            (self._tick, TICK_SECONDS),
            (self._changes.look_at_keys, LOOK_SECONDS),
            (self._changes.look_at_tokens, LOOK_SECONDS),
            (self._changes.look_at_rules, LOOK_SECONDS),
            (self._changes.look_at_groups, LOOK_SECONDS),
            (self._end_unconfirmed, LATE_SECONDS),
            (partial(refresh.look, self.desk, self.replica), refresh.SECONDS),
        )
        self._scheduler = BackgroundScheduler(timezone="UTC")
        for job, seconds in looks:
            self._scheduler.add_job(
                job, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None
            )
        self._scheduler.start()

    def _listen(self) -> None:
        """Open the connections to Slack. Taps act on stored state, so they may come at once."""
        slack = self.config.slack
        self._slack = SlackApp(self.messenger.client, slack.app_token.reveal(), slack.api_url)
        pages = self.config.web.url if self.config.web else ""
        answers, glass = Answers(self.desk, pages), BreakGlass(self.desk)
        acts, own = Acts(self.desk, pages), OwnActs(self.desk, pages)
        Handlers(answers, self.desk.store, self.messenger, glass, acts, own).register(self._slack.bolt)
        self._slack.connect()
        tokens = token_takeover.all_of(self.config, self.desk, self.messenger, self._slack, self._consumers)
        self._changes.tokens = tokens

    def run(self, stop: threading.Event) -> int:
        """Until `stop` is set, or a critical thread has died; the exit code."""
        while not stop.wait(0.2):
            if self.crew.failed.is_set():
                break
            if self.reload_asked:
                self.reload_asked = False
                self._changes.look()
        self.stop()
        return 1 if self.crew.failed.is_set() else 0

    def stop(self) -> None:
        """The pages let go of who waits, then take nothing new; Slack takes nothing new → running handlers end → tick
        and watchers → deliveries under way end → store.
        """
        if self._web is not None:
            self._web.stop()
        if self._slack is not None:
            self._slack.close()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
        self.crew.stop(STOP_SECONDS)
        self._record("agent:stopped", {"reason": __version__})
        for keeper in self.keepers:
            keeper.last()
        self._beats.forget()
        if self.metrics is not None:
            self.metrics.stop()
        log.info("agent stopped")

    def _destinations(self) -> list[str]:
        return [one.name for one in self.config.audit.destinations]

    def _people(self) -> Collection[str]:
        return self.desk.roster.people.keys()

    def _environments(self) -> list[str]:
        return [environment.name for environment in self.desk.policy.environments]

    def _tick(self) -> None:
        """Deadlines and reminders. Shuffled, so that replicas do not race for the same gate."""
        try:
            due = self.desk.store.due_gates(self.desk.store.now())
            random.shuffle(due)
            tick.tick(self.desk, due)
            tick.remind(self.desk)
            break_glass.remind(self.desk)
            holds.ask_next(self.desk)
            self._live()
        except StoreError as error:
            log.warning("tick failed", problem=str(error))
        self._health.tick()

    def _connections(self) -> int:
        return self._slack.connected if self._slack else 0

    def _live(self) -> None:
        """Say that this agent runs, and with what."""
        keys = self.desk.keys
        state = self._changes.reloader.state | {
            "kids": list(keys.ring.kids),
            "receipt_kids": [key.kid for key in keys.signing if key.kid not in keys.revoked],
            "not_taken": self._changes.keys_not_taken(),
        }
        self._beats.beat(f"agent:{self.replica}", {"version": __version__, "pid": os.getpid(), **state})

    def _end_unconfirmed(self) -> None:
        """What no second administrator has confirmed in time ends."""
        try:
            loss.unconfirmed(self.desk)
        except StoreError as error:
            log.warning("not looked for what nobody confirmed", problem=str(error))

    def _record(self, event: str, details: dict[str, str | int]) -> None:
        """The trail knows when an agent ran, and with which policy."""
        try:
            entry = Entry(event, self.desk.store.now(), "agent", details=details)
            self.desk.store.commit(Commit(commit_id(event, secrets.token_hex(8)), (), (entry,)))
        except StoreError as error:
            log.warning("not in the trail", event_name=event, problem=str(error))


@contextmanager
def opened(config: Config) -> Generator[Agent]:
    """An agent, not started, for as long as the context lasts. Raises ConfigError, StoreError, ArchiveError: nothing
    runs then, as on a store that is not the one that the checkpoints know (S21).
    """
    key_files.complete(config.keys)
    keys = key_files.load(config.keys, config.installation)
    messenger = messenger_of(config)
    numbers = Metrics(*config.metrics) if config.metrics else None
    with ExitStack() as stack:
        spans = stack.enter_context(tracer_of(config))
        noted = [*([numbers.decided.note] if numbers else []), *([spans.note] if spans else [])]
        desk = stack.enter_context(open_desk(config, keys, messenger, noted, spans))
        seals.check(desk.store, keys.ring)
        keepers = stack.enter_context(keepers_of(config, desk))
        desk.continuity.require()
        yield Agent(config, desk, messenger, keepers, metrics=numbers)
