"""`deliveries list|retry|drop`: messages that were given up, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import click

from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import FINDING, USAGE, Commands, Failed, config_option, json_option, print_json
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import duration

LANES = click.argument("lanes", nargs=-1, metavar="[DELIVERY]...")


@click.group(cls=Commands)
def deliveries() -> None:
    """Messages that were given up, as where their channel was archived."""


@deliveries.command("list", epilog="Example: jenkins-mfa deliveries list --json")
@config_option
@json_option
def list_all(config_path: Path, as_json: bool) -> None:
    """What was given up, since when, after how many tries, and why."""
    config = load(config_path)
    with store_of(config) as store:
        now, found = store.now(), store.parked()
    if as_json:
        rows = [{"delivery": x.lane, "at": render.iso(x.at), "tries": x.tries, "reason": x.reason} for x in found]
        print_json({"deliveries": rows})
        return
    for one in found:
        ago, tries = duration(now - one.at), f"{one.tries} {'try' if one.tries == 1 else 'tries'}"
        click.echo(f"{_shown(one.lane)}  given up {ago} ago after {tries}: {render.visible(one.reason)}")
    if not found:
        click.echo("Nothing was given up.")


@deliveries.command(epilog="Example: jenkins-mfa deliveries retry")
@config_option
@LANES
def retry(config_path: Path, lanes: tuple[str, ...]) -> None:
    """Try again what was given up: these, or all. A message then says how things are now, not how they were."""
    config = load(config_path)
    with store_of(config) as store:
        for lane in _given_up(store, lanes) if lanes else [one.lane for one in store.parked()]:
            store.unpark_lane(lane, seat.operator(), again=True)
            click.echo(f"{_shown(lane)}  is tried again")


@deliveries.command(epilog="Example: jenkins-mfa deliveries drop tell:g_0123456789abcdef0123456789abcdef")
@config_option
@LANES
def drop(config_path: Path, lanes: tuple[str, ...]) -> None:
    """Drop what was given up and nobody needs any more. What becomes of its gate later is told again."""
    if not lanes:
        raise Failed("Say which.", USAGE, "usage", mend="jenkins-mfa deliveries list names them")
    config = load(config_path)
    with store_of(config) as store:
        for lane in _given_up(store, lanes):
            store.unpark_lane(lane, seat.operator(), again=False)
            click.echo(f"{_shown(lane)}  is dropped")


def _shown(lane: str) -> str:
    """A delivery's name at the terminal: a job's name may be in it (S12)."""
    return render.visible(lane, quoted=False)


def _given_up(store: RedisStore, lanes: tuple[str, ...]) -> tuple[str, ...]:
    """The same, if each was given up: nothing is done to some of them only. Raises Failed."""
    known = {one.lane for one in store.parked()}
    for lane in lanes:
        if lane not in known:
            says = f"{render.visible(lane)} was not given up."
            raise Failed(says, FINDING, "not_given_up", mend="jenkins-mfa deliveries list names what was")
    return lanes
