"""`upgrade-check`: what stands between the release that runs and this one, and in which order to go."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from jenkins_mfa import __version__
from jenkins_mfa.cli.base import FINDING, LIBRARY, USAGE, config_option, halves, json_option
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.cli.report import Part, count, report
from jenkins_mfa.core import beats
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.beats import Beat
from jenkins_mfa.core.model import SCHEMA, Gate, State
from jenkins_mfa.errors import ConfigError, DamagedError, RequestError, StoreUnavailableError
from jenkins_mfa.store.connect import Untouched, open_untouched
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import duration

STANDSTILL = 5 * 60_000  #: ms that stopping all and starting the new ones may take
STOP_ALL = "stop all agents, wait a minute, start the new ones"
ONE_BY_ONE = "restart the agents with this release, one after the other"
WRITES = "back up the store first: there is no way back but that"


@click.command(
    "upgrade-check",
    short_help="Say what stands in the way of an upgrade to this release.",
    epilog="Example: jenkins-mfa upgrade-check --config /etc/jenkins-mfa/config.toml",
)
@config_option
@json_option
def upgrade_check(config_path: Path, as_json: bool) -> None:
    """What stands between the release that runs and this one: files, schema of the store, agents, open gates, library.

    Run it from the new release, beside the agents of the old one: nothing is changed, and the store is not marked.
    Exit 1 where something must be done before, 2 where this release cannot use the configuration.
    """
    try:
        config = load(config_path)
        keys = load_keys(config)
    except ConfigError as error:
        report([Part("config.unusable", False, *halves(problem)) for problem in error.problems], as_json)
        sys.exit(USAGE)
    parts = [Part("upgrade.release", True, f"this is {__version__}; it can use the configuration, policy and roster")]
    try:
        with open_untouched(config.store, keys.mac_key) as store:
            parts += _store(store)
    except StoreUnavailableError as error:
        mend = "see that the server runs, and that [store] url is right"
        parts.append(Part("store.unreachable", False, str(error), mend))
    report(parts, as_json)
    sys.exit(0 if all(part.ok for part in parts) else FINDING)


def _store(found: Untouched) -> Iterator[Part]:
    """A store of a newer schema is not looked into: this release does not know what its records mean."""
    now = found.reader.now()
    running = beats.fresh(found.reader.beats(), "agent", now)
    yield from schema_parts(found.schema, running)
    yield from agent_parts(running)
    if found.schema > SCHEMA:
        return
    waiting = found.reader.open_gates()
    yield from gate_parts(waiting, now, stands_still=0 < found.schema < SCHEMA)
    yield from library_parts(newest_libraries(found.reader.all_gates()))
    yield _backup(found, int(time.time()))


def schema_parts(schema: int, running: Sequence[Beat]) -> Iterator[Part]:
    """Whether the store can be used as it is, is taken to a newer schema, or is of a newer one already."""
    if schema > SCHEMA:
        says = (
            f"the store has schema {schema}, this release knows {SCHEMA}: a downgrade is refused, since what it does "
        )
        says += "not know it would lose"
        mend = f"stay with the newer release; or, with all agents stopped, restore the backup of before schema {schema}"
        yield Part("upgrade.downgrade", False, says, mend)
    elif 0 < schema < SCHEMA:
        says = f"the store has schema {schema}; the first agent of this release takes it to {SCHEMA}: {STOP_ALL}"
        yield Part("upgrade.schema", True, f"{says}; there is no way back but a backup")
        if running:
            says = f"agents of the old schema that run: {len(running)}; those of this release do not start beside them"
            yield Part("upgrade.agents_run", False, says, STOP_ALL)
    else:
        says = f"the store has schema {schema}" if schema else "the store is empty"
        yield Part("upgrade.schema", True, f"{says}, this release knows {SCHEMA}: {ONE_BY_ONE}")


def agent_parts(running: Sequence[Beat]) -> Iterator[Part]:
    """The releases that run, and what they have not taken over: a new agent would not start with that."""
    if not running:
        yield Part("upgrade.agents", True, "no agent runs")
    for beat in running:
        version = str(beat.get("version"))
        if _numbers(version) > _numbers(__version__):
            says = f"an agent of version {version} runs, and this is {__version__}: that would be a downgrade"
            yield Part("upgrade.older", False, says, "install the newer release, or ask why it was taken back")
        else:
            yield Part("upgrade.agents", True, f"an agent of version {version} runs (pid {beat.get('pid')})")
        if refused := beat.get("refused"):
            says = f"it has not taken over policy and roster as they are on disk: {refused}"
            yield Part(
                "agent.rules_refused", False, says, "jenkins-mfa policy check; a new agent starts with these files"
            )


def _numbers(version: str) -> tuple[int, ...]:
    """A release's numbers, to be compared."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def gate_parts(waiting: Sequence[Gate], now: int, *, stands_still: bool) -> Iterator[Part]:
    """What is open, and what becomes of it."""
    if not waiting:
        yield Part("upgrade.gates", True, "no gate is open")
        return
    decided = sum(gate.state is not State.PENDING for gate in waiting)
    says = f"{count(len(waiting), 'gate')} open: they stay, with what was confirmed"
    yield Part(
        "upgrade.gates", True, f"{says}; {decided} decided, and delivered by the new agents" if decided else says
    )
    ending = [gate for gate in waiting if gate.state is State.PENDING and gate.deadline - now < STANDSTILL]
    if stands_still and ending:
        says = f"{count(len(ending), 'gate')} of them must be answered within {duration(STANDSTILL)}"
        yield Part("upgrade.gates_end", False, f"{says}: nobody can while no agent runs", "wait until they are decided")


def newest_libraries(gates: Iterator[Gate | DamagedError]) -> dict[str, str]:
    """The version of the library that the newest gate of each source was asked by."""
    newest: dict[str, tuple[int, str]] = {}
    for gate in gates:
        if isinstance(gate, DamagedError) or gate.run.test or not gate.request_text:
            continue
        if gate.opened_at > newest.get(gate.run.source, (0, ""))[0]:
            newest[gate.run.source] = gate.opened_at, gate.request_text
    found = {}
    for source, (_, text) in newest.items():
        try:
            found[source] = requests.parse(text).lib
        except RequestError:
            continue
    return found


def library_parts(seen: Mapping[str, str]) -> Iterator[Part]:
    """Agents of this release take what the library of their contract sends; the newest one is better."""
    if not seen:
        yield Part("upgrade.library", True, f"no library was seen yet; {LIBRARY} belongs to this release")
    for source, version in sorted(seen.items()):
        if version == LIBRARY:
            yield Part("upgrade.library", True, f"source {source}: library {version}, which belongs to this release")
        else:
            says = f"source {source}: its newest gate was asked by library {render.visible(version)}; {LIBRARY} belongs"
            mend = "afterwards: jenkins-mfa init --library DIR, push it, and set its tag in Jenkins"
            yield Part("upgrade.library", True, f"{says} to this release", mend)


def _backup(found: Untouched, now: int) -> Part:
    """How old the server's own snapshot is; copies that were made otherwise are not known here."""
    if found.snapshot:
        ago = duration(max(0, now - found.snapshot) * 1000)
        return Part(
            "upgrade.backup", True, f"the server's newest snapshot is {ago} old; other copies are not known here"
        )
    says = "no snapshot of the server is known, and copies made otherwise are not known here"
    if 0 < found.schema < SCHEMA:
        return Part("upgrade.no_backup", False, says, WRITES)
    return Part("upgrade.backup", True, says)
