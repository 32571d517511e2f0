"""`keys generate|list|public`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from jenkins_mfa import key_files, trust
from jenkins_mfa.cli.base import Commands, config_option, json_option, load, load_keys, print_json
from jenkins_mfa.core.signing_keys import jwks


@click.group(cls=Commands)
def keys() -> None:
    """Keys that sign receipts. `public` is what libraries and deploy targets pin."""


@keys.command(
    short_help="Make one more receipt key, and what is missing.",
    epilog="Example: jenkins-mfa keys generate --config config.toml",
)
@config_option
@json_option
def generate(config_path: Path, as_json: bool) -> None:
    """Make one more receipt key, and the vault's and the HMAC key where they are missing.

    Builds that know only the older keys still get receipts of those. Publish the new one with `keys public --library`.
    """
    made = key_files.generate(load(config_path).keys, int(time.time()))
    if as_json:
        print_json({"kid": made.kid, "files": [str(path) for path in made.files]})
        return
    click.echo(f"{made.kid} made. Written, readable by you alone:")
    for path in made.files:
        click.echo(f"  {path}")
    click.echo("Back them up apart from the store. Next: jenkins-mfa keys public --library DIR")


@keys.command("list", epilog="Example: jenkins-mfa keys list --json")
@config_option
@json_option
def list_keys(config_path: Path, as_json: bool) -> None:
    """All receipt keys, newest first."""
    found = load_keys(load(config_path)).signing
    rows = [
        {
            "kid": key.kid,
            "use": "receipt",
            "state": "signs" if key.signs else "verifies",
            "created": _day(key.created),
            "not_after": _day(key.not_after),
        }
        for key in found
    ]
    if as_json:
        print_json({"keys": rows})
        return
    click.echo("KID  USE      STATE    CREATED     NOT AFTER")
    for row in rows:
        line = f"{row['kid']:<4} {row['use']:<8} {row['state']:<8} {row['created']:<11} {row['not_after']}"
        click.echo(line.rstrip())


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
    """Print the public keys that have not ended as a JSON Web Key Set, or write them into the shared library."""
    config = load(config_path, with_secrets=False)
    keys = load_keys(config)
    signing = keys.signing
    if checkpoints:
        click.echo(json.dumps(jwks(keys.checkpoints.public if keys.checkpoints else {}), indent=2))
        return
    if library is None:
        click.echo(json.dumps(jwks(keys.public(int(time.time()))), indent=2))
        return
    path = library / "src" / "mfa" / "Trust.groovy"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        trust.render(
            installation=config.installation,
            signing=signing,
            sources=[(s.public_url, s.id, s.user) for s in config.sources],
            max_seconds=max_seconds or config.rules.max_ttl,
            bare=bare,
        )
    )
    click.echo(f"{path} written: {', '.join(key.kid for key in signing)}. Commit it, tag it, set the tag in Jenkins.")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
