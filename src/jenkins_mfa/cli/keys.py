"""`keys generate|list|public|revoke`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from jenkins_mfa import key_files, key_index, log
from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import DAMAGED_GATE, FINDING, Commands, Failed, config_option, json_option, print_json
from jenkins_mfa.cli.library import write_trust
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.cli.published import published_keys
from jenkins_mfa.core.signing_keys import jwks
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.usecases.revoke import Concerned, Revoked, concerned
from jenkins_mfa.usecases.revoke import revoke as revoke_key
from jenkins_mfa.wiring import open_desk
from jenkins_mfa.words import render
from jenkins_mfa.words import revocation as words
from jenkins_mfa.words.parts import Parts


@click.group(cls=Commands)
def keys() -> None:
    """Keys that sign receipts. `public` is what libraries and deploy targets pin."""


@keys.command(
    short_help="Make one more receipt key, and what is missing.",
    epilog="Example: jenkins-mfa keys generate --config config.toml",
)
@config_option
@click.option(
    "--wait",
    type=click.IntRange(0, 30 * 86400),
    help="Seconds until it signs, so that all who verify know it by then; 0: at once.  [default: max_ttl]",
)
@json_option
def generate(config_path: Path, wait: int | None, as_json: bool) -> None:
    """Make one more receipt key, and the vault's and the HMAC key where they are missing. Agents take it over.

    It signs after the wait, for builds that know it; the others still get receipts of the older keys. Publish it with
    `keys public --library` at once.
    """
    config, now = load(config_path, with_secrets=False), int(time.time())
    made = key_files.generate(config.keys, now, config.rules.max_ttl if wait is None else wait)
    if as_json:
        files = [str(path) for path in made.files]
        print_json({"kid": made.kid, "signs_from": render.iso(made.signs_from * 1000), "files": files})
        return
    begins = "signs at once" if made.signs_from <= now else f"signs from {_moment(made.signs_from)} on"
    click.echo(f"{made.kid} made; it {begins}, for builds that know it. Written, readable by you alone:")
    for path in made.files:
        click.echo(f"  {path}")
    click.echo("Back them up apart from the store. Next: jenkins-mfa keys public --library DIR")


@keys.command("list", epilog="Example: jenkins-mfa keys list --json")
@config_option
@json_option
def list_keys(config_path: Path, as_json: bool) -> None:
    """All receipt keys, newest first. One that waits verifies already, and signs from the moment in SIGNS FROM on."""
    files, now = load(config_path, with_secrets=False).keys, int(time.time())
    rows = [
        {
            "kid": key.kid,
            "use": "receipt",
            "state": _state(key, now),
            "created": _day(key.created),
            "signs_from": _moment(key.signs_from),
            "not_after": _day(key.not_after),
        }
        for key in key_index.read(files.dir)
    ]
    if as_json:
        print_json({"keys": rows})
        return
    click.echo("KID  USE      STATE    CREATED     SIGNS FROM        NOT AFTER")
    for row in rows:
        line = f"{row['kid']:<4} {row['use']:<8} {row['state']:<8} {row['created']:<11} {row['signs_from']:<17} "
        click.echo(line + row["not_after"])


def _state(key: key_index.Listed, now: int) -> str:
    """What a key does at `now` (Unix seconds)."""
    if key.state == "signs" and now < key.signs_from:
        return "waits"
    return "ended" if key.state == "signs" and key.not_after <= now else key.state


@keys.command(
    short_help="Print or publish the public keys.",
    epilog="Example: jenkins-mfa keys public --library ../jenkins-library",
)
@config_option
@click.option(
    "--library",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write the class Trust into this shared library (src/mfa/Trust.groovy) instead.",
)
@click.option("--checkpoints", is_flag=True, help="Those that verify checkpoints of the trail instead.")
@click.option(
    "--bare",
    type=click.Choice(["throw", "kill"]),
    default="throw",
    show_default=True,
    help="How the form without a body ends a build that is not approved; kill: nothing that catches it goes on.",
)
@click.option(
    "--max-seconds",
    type=click.IntRange(60, 86400),
    help="Seconds that a gate waits at most; the library's timeout adds 10 minutes.  [default: max_ttl]",
)
def public(config_path: Path, library: Path | None, checkpoints: bool, bare: str, max_seconds: int | None) -> None:
    """Print the public keys that have not ended as a JSON Web Key Set, or write them into the shared library.

    The store is asked which are revoked: files here may be older than that.
    """
    config = load(config_path, with_secrets=False)
    if checkpoints:
        found = load_keys(config).checkpoints
        click.echo(json.dumps(jwks(found.public if found else {}), indent=2))
        return
    keys = published_keys(config)
    if library is None:
        click.echo(json.dumps(jwks(keys.public(int(time.time()))), indent=2))
        return
    write_trust(library, config, keys, max_seconds=max_seconds, bare=bare)


@keys.command(
    short_help="Take a receipt key out of use for good.",
    epilog="Example: jenkins-mfa keys revoke k1",
)
@config_option
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def revoke(config_path: Path, kid: str, yes: bool, as_json: bool) -> None:
    """Take the receipt key KID out of use for good, at once and for every agent of the store, while they run.

    Its private half is deleted here. Builds that wait and know no other key are denied. Named are the builds that must
    be looked at or aborted: whoever has a copy of the key can write receipts that they take.
    """
    config, now = load(config_path), int(time.time())
    log.set_up("WARNING")
    with open_desk(config, load_keys(config)) as desk:
        if kid not in {*(one.kid for one in key_index.read(config.keys.dir)), *desk.store.keys().known}:
            raise Failed(f"There is no receipt key {kid}.", FINDING, "no_such_key", mend="jenkins-mfa keys list")
        found, damaged = concerned(desk, kid)
        if not as_json:
            _say(words.concerned(found, len(damaged), desk.roster))
        if not yes:
            click.confirm(f"Revoke {kid}? It cannot be taken back.", abort=True, err=True)
        done = revoke_key(desk, kid, seat.operator())
        key_files.revoke(config.keys, kid, now)
        left = [key.kid for key in desk.keys.current(now) if key.signs]
        if as_json:
            print_json(_revoked(done, found, damaged, left))
        else:
            _say(words.done(done, left))


def _say(lines: list[Parts]) -> None:
    for line in lines:
        click.echo(render.terminal(line))


def _revoked(done: Revoked, found: list[Concerned], damaged: list[DamagedError], left: list[str]) -> dict[str, object]:
    return {
        "kid": done.key.kid,
        "revoked": {"at": render.iso(done.key.at), "by": done.key.by, "now": done.fresh},
        "left": left,
        "builds": [
            {
                "gate": one.gate.jti,
                "source": one.gate.run.source,
                "pipeline": one.gate.run.pipeline,
                "id": one.gate.run.id,
                "url": one.gate.run.url,
                "state": one.gate.state.value,
                "what": one.what,
                "do": words.KINDS[one.what][1],
                "approvers": list(one.approvers),
                "at": render.iso(one.at),
            }
            for one in found
        ],
        "damaged": [{"record": one.record, "problem": one.reason, "mend": DAMAGED_GATE} for one in damaged],
    }


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")
