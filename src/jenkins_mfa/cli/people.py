"""`enroll local|ticket` and `authenticators list|revoke|suspend`."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import segno

from jenkins_mfa import log
from jenkins_mfa.cli import acts, seat
from jenkins_mfa.cli.base import (
    DAMAGED_RECORD,
    REFUSED,
    STOPPED,
    USAGE,
    Commands,
    Failed,
    config_option,
    json_option,
    print_json,
)
from jenkins_mfa.cli.opened import load, load_keys, store_of
from jenkins_mfa.core import totp
from jenkins_mfa.core.model import Act, Authenticator
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import enroll as enrolling
from jenkins_mfa.usecases import invite, loss, tickets
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.wiring import open_desk
from jenkins_mfa.words import enrolment, render, state

QR_COLUMNS = 46  #: narrower terminals get the text key only


@click.group(cls=Commands)
def enroll() -> None:
    """Give people an authenticator."""


@enroll.command(short_help="Enrol a code app at this terminal.", epilog="Example: jenkins-mfa enroll local alice")
@config_option
@click.argument("name")
def local(config_path: Path, name: str) -> None:
    """Enrol a code app for NAME at this terminal: a QR code once, then one code proves it.

    Whoever can run this is the root of trust; the trail says so.
    """
    config = load(config_path)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failed("Enrolment needs a terminal: the key must not end up in a log.", USAGE, "no_terminal")
    if name not in config.roster.people:
        known = ", ".join(sorted(config.roster.people))
        raise Failed(f"“{render.visible(name)[:40]}” is not in the roster. Known: {known}", USAGE, "not_in_roster")
    log.set_up("WARNING")  # what is shown here is for the person beside the operator
    with open_desk(config, load_keys(config)) as desk:
        _enrol(desk, name)


@enroll.command(short_help="A one-time address for NAME.", epilog="Example: jenkins-mfa enroll ticket bob")
@config_option
@click.argument("name")
def ticket(config_path: Path, name: str) -> None:
    """Make a one-time address with which NAME enrols alone.

    Hand it over outside Slack: whoever opens it still needs the tap in NAME's own Slack.
    """
    config = load(config_path)
    if config.web is None:
        mend = f"[web] in config.toml; at this terminal: jenkins-mfa enroll local {render.visible(name)[:40]}"
        raise Failed("There are no pages to enrol on.", USAGE, "no_pages", mend=mend)
    if name not in config.roster.people:
        known = ", ".join(sorted(config.roster.people))
        raise Failed(f"“{render.visible(name)[:40]}” is not in the roster. Known: {known}", USAGE, "not_in_roster")
    log.set_up("WARNING")
    with open_desk(config, load_keys(config)) as desk:
        token, made = invite.at_terminal(desk, name, seat.person(desk))
    until = render.utc(made.expires)
    click.echo(f"For {config.roster.name(name)} ({name}), to be opened once, until {until}.", err=True)
    click.echo("They and ops are told, without the address. Hand it over outside Slack.", err=True)
    click.echo("While the page is open, Slack asks them whether it is them.", err=True)
    click.echo(tickets.address(config.web.url, token))


@enroll.command(short_help="Let count what NAME enrolled.", epilog="Example: jenkins-mfa enroll confirm bob")
@config_option
@click.argument("name")
def confirm(config_path: Path, name: str) -> None:
    """Let an authenticator of NAME count that waits for a second administrator. In Slack: /mfa confirm.

    Whoever let NAME enrol it does not confirm it, nor does NAME. `authenticators list` shows what waits.
    """
    acts.confirm(config_path, name)


def _enrol(desk: Desk, name: str) -> None:
    """Show the seed once, and keep it when a code has proved that the app holds it."""
    seed = totp.seed_text(desk.randomness.bytes(totp.SEED_BYTES))
    click.echo(f"{name} ({desk.roster.name(name)}) gets a code app.")
    click.echo("Clear the screen afterwards: what follows is shown once.")
    if shutil.get_terminal_size().columns >= QR_COLUMNS:
        issuer = f"jenkins-mfa {desk.keys.installation}"
        uri = totp.provisioning_uri(seed=seed, issuer=issuer, account=name)
        segno.make(uri, error="l").terminal(compact=True, border=2)
    grouped = " ".join(seed[n : n + 4] for n in range(0, len(seed), 4))
    click.echo(f"Text key: {grouped}   Scan or type it, then enter the code that the app shows.")
    for _ in range(enrolling.TRIES):
        try:
            code = click.prompt("Code", prompt_suffix=": ")
        except click.Abort:
            raise Failed("Stopped. Nothing was kept.", STOPPED, "stopped") from None
        try:
            made = enrolling.enroll(desk, name, seed, code, seat.operator(), seat.person(desk))
        except Refusal as refusal:
            if not refusal.code.startswith("code_"):
                mend = f"jenkins-mfa authenticators revoke {name} ID"
                text = f"{name} has {enrolling.MOST} code apps already."
                raise Failed(text, REFUSED, refusal.code, mend=mend) from None
            click.echo("That code does not match. Try the next one.")
            continue
        if made.waits:
            click.echo(f"Right. {made.id} counts once a second administrator has confirmed it, within 24 hours.")
            click.echo(f"In Slack: /mfa confirm {name}. Here, with another login: jenkins-mfa enroll confirm {name}")
            return
        click.echo(f"Right. {name} can now answer with a code ({made.id}). It is in the trail, as root of trust.")
        return
    raise Failed("Not enrolled. Nothing was kept.", REFUSED, "not_enrolled")


@click.group(cls=Commands)
def authenticators() -> None:
    """What people have enrolled; never its secrets."""


@authenticators.command("list", epilog="Example: jenkins-mfa authenticators list --json")
@config_option
@json_option
def list_all(config_path: Path, as_json: bool) -> None:
    """Everyone of the roster with their authenticators; a damaged record is named, and the others are told."""
    config = load(config_path)
    rows: list[dict[str, str]] = []
    damaged: dict[str, DamagedError] = {}
    with store_of(config) as store:
        for person in sorted(config.roster.people):
            try:
                rows += [_row(person, one) for one in store.person(person).authenticators]
            except DamagedError as error:
                damaged[person] = error
    if as_json:
        found = [{"record": one.record, "problem": one.reason, "mend": DAMAGED_RECORD} for one in damaged.values()]
        print_json({"authenticators": rows, "damaged": found})
        return
    missing = sorted({*config.roster.people} - {*damaged} - {r["person"] for r in rows if r["state"] == "in use"})
    for one in damaged.values():
        click.echo(f"Damaged: {one.record}: {one.reason}.\n  Mend: {DAMAGED_RECORD}.")
    for row in rows:
        start = f"{row['person']:<12} {row['kind']:<8} {row['id']:<20} {row['state']:<9}"
        label = render.visible(row["label"], quoted=False)
        click.echo(f"{start} since {row['since']}, last used {row['last_used']}  {label}".rstrip())
    if missing:
        way = enrolment.way("NAME", pages=config.web is not None).text
        click.echo(f"Without an authenticator: {', '.join(missing)}. To enrol one: {way}")


@authenticators.command(epilog="Example: jenkins-mfa authenticators revoke alice a_0123456789abcdef")
@config_option
@click.argument("name")
@click.argument("authenticator_id")
def revoke(config_path: Path, name: str, authenticator_id: str) -> None:
    """Switch one authenticator of NAME off for good; what was confirmed with it on waiting gates no longer counts."""
    config = load(config_path)
    log.set_up("WARNING")
    try:
        with open_desk(config, load_keys(config)) as desk:
            ended = loss.revoke(desk, name, authenticator_id, seat.operator())
    except Refusal:
        text = f"{render.visible(name)[:40]} has no authenticator {render.visible(authenticator_id)[:40]} in use."
        raise Failed(text, REFUSED, "no_such_authenticator", mend="jenkins-mfa authenticators list") from None
    click.echo(f"{authenticator_id} of {name} is switched off.{_dropped(ended)}")


@authenticators.command(epilog="Example: jenkins-mfa authenticators suspend alice")
@config_option
@click.argument("name")
def suspend(config_path: Path, name: str) -> None:
    """A phone or key of NAME is lost: nothing of theirs counts, not even a tap, until they have enrolled anew."""
    config = load(config_path)
    log.set_up("WARNING")
    try:
        with open_desk(config, load_keys(config)) as desk:
            ended = loss.lose(desk, name, seat.operator())
    except Refusal:
        known = ", ".join(sorted(config.roster.people))
        raise Failed(f"“{render.visible(name)[:40]}” is not known. Known: {known}", USAGE, "not_in_roster") from None
    click.echo(f"All that {name} answers with is suspended: {len(ended.authenticators)} in use.{_dropped(ended)}")


def _dropped(ended: loss.Ended) -> str:
    """What the change took with it."""
    ids = ", ".join(state.short(gate) for gate in ended.gates)
    return f" No longer confirmed: {ids}." if ids else ""


@authenticators.command(epilog="Example: jenkins-mfa authenticators unlock alice")
@config_option
@click.argument("name")
def unlock(config_path: Path, name: str) -> None:
    """Let the codes of NAME count again, where too many did not match. In Slack: /mfa unlock."""
    acts.perform(config_path, Act("unlock", name))


def _row(person: str, authenticator: Authenticator) -> dict[str, str]:
    return {
        "id": authenticator.id,
        "person": person,
        "kind": authenticator.kind.value,
        "label": authenticator.label,
        "since": _when(authenticator.since),
        "last_used": _when(authenticator.last_used),
        "state": _state(authenticator),
    }


def _state(authenticator: Authenticator) -> str:
    if authenticator.usable:
        return "in use"
    if authenticator.waits:
        return "waits"
    return "revoked" if authenticator.revoked_at else "suspended"


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else "never"
