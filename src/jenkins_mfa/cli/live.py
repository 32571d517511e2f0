"""`check --live`: one gate from its opening to its receipt, with the agent that runs, real people and real factors.

The agent asks, takes the taps and signs; this process opens the gate and reads the store. With a test behind the gate
there is no build; with a job's name the next gate of that job is followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import click

from jenkins_mfa import __version__, log
from jenkins_mfa.cli.answers import read_groups
from jenkins_mfa.cli.base import FINDING, STOPPED, USAGE, Failed, print_json, sentence
from jenkins_mfa.cli.opened import load_keys
from jenkins_mfa.cli.rehearse import Asked, begin
from jenkins_mfa.config import Config
from jenkins_mfa.core import beats
from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.errors import SourceError
from jenkins_mfa.usecases import rehearsal
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.wiring import messenger_of, open_desk
from jenkins_mfa.words import rehearsal as words
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Parts

T = TypeVar("T")

LOOK_SECONDS = 0.2  #: between two looks at the store
LATE_SECONDS = 60  #: beyond the gate's deadline, for the agent to end it
AFTER_SECONDS = 20  #: for a build to end after it went on


@dataclass
class Steps:
    """What has happened so far, said as it happens unless a document is wanted in the end."""

    as_json: bool
    began: float = field(default_factory=time.monotonic)
    rows: list[dict[str, object]] = field(default_factory=list)

    def say(self, parts: Parts) -> None:
        """One more, with the seconds since the start."""
        seconds, says = round(time.monotonic() - self.began, 1), render.terminal(parts)
        self.rows.append({"seconds": seconds, "says": says})
        if not self.as_json:
            click.echo(f"{seconds:6.1f} s  {says}")


def live(config: Config, asked: Asked, as_json: bool) -> int:
    """Play it; the exit code. Raises Failed where it cannot begin, StoreError, ConfigError."""
    log.set_up("ERROR")
    messenger = messenger_of(config)
    read_groups(messenger, config)
    asked = _checked(config, asked, as_json)
    with open_desk(config, load_keys(config), messenger) as desk:
        _need_an_agent(desk, as_json)
        steps = Steps(as_json)
        if asked.job:
            gate = _next_of(desk, steps, asked)
        else:
            gate, number = begin(desk, messenger, asked)
            steps.say(words.begun(gate, desk.roster))
            if gate.state is State.PENDING:
                steps.say(words.number(number))
        try:
            gate = _follow(desk, steps, gate)
        except KeyboardInterrupt:
            if gate.run.test:
                rehearsal.stop(desk, gate.id)
                raise Failed(words.STOPPED, STOPPED, "stopped", as_json=as_json) from None
            raise
        return _summed(desk, steps, gate)


def _checked(config: Config, asked: Asked, as_json: bool) -> Asked:
    """The same, with the source that it means. Raises Failed."""
    known = [source.id for source in config.sources]
    if asked.source and asked.source not in known:
        raise Failed(f"No source is called {asked.source}.", USAGE, "usage", mend=f"known: {', '.join(known)}")
    if not asked.source and len(known) > 1:
        raise Failed("Say which source.", USAGE, "usage", mend=f"known: {', '.join(known)}", as_json=as_json)
    if asked.to and asked.to not in config.roster.people:
        mend = "name somebody by their id there"
        raise Failed(f"{asked.to} is not in the roster.", USAGE, "usage", mend=mend, as_json=as_json)
    return replace(asked, source=asked.source or known[0])


def _need_an_agent(desk: Desk, as_json: bool) -> None:
    """The agent asks and takes the answers; one of another release may not know tests."""
    running = beats.fresh(desk.store.beats(), "agent", desk.store.now())
    if not running:
        raise Failed(sentence(words.NO_AGENT), FINDING, "no_agent", mend="jenkins-mfa run", as_json=as_json)
    others = sorted({str(beat.get("version")) for beat in running} - {__version__})
    if others:
        says = f"An agent of version {', '.join(others)} runs, and this is {__version__}."
        raise Failed(says, FINDING, "other_version", mend="jenkins-mfa upgrade-check", as_json=as_json)


def _next_of(desk: Desk, steps: Steps, asked: Asked) -> Gate:
    """The gate of a job that waits, or else its next one. Raises Failed where none comes."""
    steps.say(words.looking(asked.job))
    since, run = desk.store.heads().seq + 1, f"{asked.source}:{asked.job}:"

    def opened() -> Gate | None:
        for gate in desk.store.open_gates(asked.source):
            if gate.run.pipeline == asked.job:
                return gate
        for linked in desk.store.audit_events(since):
            if linked.entry.event == "gate:opened" and linked.entry.run.startswith(run):
                return desk.store.gate(linked.entry.gate.rpartition(".")[0])
        return None

    gate = _until(opened, asked.seconds)
    if gate is None:
        mend = "start it in Jenkins; where it has paused, jenkins-mfa check says whether the agent sees it"
        says = f"No build of {render.visible(asked.job)} came to a gate within {asked.seconds} s."
        raise Failed(says, FINDING, "no_build", mend=mend, as_json=steps.as_json)
    steps.say(words.begun(gate, desk.roster))
    return gate


def _follow(desk: Desk, steps: Steps, gate: Gate) -> Gate:
    """Say what becomes of a gate, until nothing more does."""
    told = _Said(gate.state)
    limit = time.monotonic() + (gate.deadline - desk.store.now()) / 1000 + desk.approval_ttl + LATE_SECONDS
    while time.monotonic() < limit:
        fresh = desk.store.gate(gate.id) or gate
        for parts in told.news(desk, fresh):
            steps.say(parts)
        gate = fresh
        if gate.state.settled or (gate.run.test and told.troubled):
            break
        time.sleep(LOOK_SECONDS)
    return gate


@dataclass
class _Said:
    """What was said of a gate already."""

    state: State
    messages: int = 0
    confirmed: int = 0
    troubled: bool = False
    stood: Parts = ()

    def news(self, desk: Desk, gate: Gate) -> Iterator[Parts]:
        """What is new, in order."""
        if not self.messages and (found := len(desk.store.told(gate.id).messages)):
            self.messages = found
            yield words.shown(found)
        for position in range(self.confirmed, len(gate.confirmations)):
            yield words.confirmed(gate, desk.roster, position)
        self.confirmed = len(gate.confirmations)
        trouble = desk.store.trouble(f"answer:{gate.run.key}") if gate.state.answered else None
        if trouble is not None and not self.troubled:
            self.troubled = True
            yield words.undelivered(trouble)
        stood = words.stood(gate, desk.roster)
        if gate.state is not self.state and stood != self.stood:
            yield stood
        self.state, self.stood = gate.state, stood


def _summed(desk: Desk, steps: Steps, gate: Gate) -> int:
    """Say what was proved and what not."""
    right = gate.state is State.RESUMED
    if right and not gate.run.test:
        result = _until(lambda: _result(desk, gate), AFTER_SECONDS) or ""
        steps.say(words.build_ended(result))
        right = result in {"", "SUCCESS"}
    messages = len(desk.store.told(gate.id).messages)
    proved = words.proved(gate, messages) if right else []
    unproved = words.unproved(gate)
    if steps.as_json:
        print_json({"ok": right, "gate": gate.jti, "steps": steps.rows, "proved": proved, "not_proved": unproved})
    else:
        for word, things in (("proved", proved), ("open", unproved)):
            for thing in things:
                click.echo(f"{word:<8} {thing}")
        click.echo("All right." if right else "Not right: see the steps above, and jenkins-mfa check.")
    return 0 if right else FINDING


def _result(desk: Desk, gate: Gate) -> str | None:
    """How the build ended; None while it runs, or is not to be read."""
    try:
        outcome = desk.source(gate.run).outcome(gate.run)
    except SourceError:
        return None
    return outcome.ended if outcome.finished else None


def _until(look: Callable[[], T | None], seconds: float) -> T | None:
    """What `look` finds at last; None where it finds nothing in time."""
    limit = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < limit:
        time.sleep(LOOK_SECONDS)
    return found
