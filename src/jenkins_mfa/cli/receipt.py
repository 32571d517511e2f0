"""`receipt verify`."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import click

from jenkins_mfa.cli.base import FINDING, Commands, config_option, json_option, print_json
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.core.receipt import LIFETIME, STRENGTHS
from jenkins_mfa.core.receipt_form import MAX_BYTES, Keys, RefusedReceipt, pinned
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.core.receipt_pass import verify as verify_receipt
from jenkins_mfa.core.signing_keys import MAX_JWKS, public_from_jwks
from jenkins_mfa.errors import ConfigError, UntrustedInputError
from jenkins_mfa.failures import unread
from jenkins_mfa.words import receipts, render

#: What begins like a receipt: somebody gave it in place of its file's name, and no error repeats it.
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]*\..*", re.DOTALL)


@click.group(cls=Commands)
def receipt() -> None:
    """Receipts, which prove to others that people have confirmed."""


@receipt.command(
    short_help="Verify a receipt offline, and print what it proves.",
    epilog="Example: jenkins-mfa receipt verify receipt.txt --keys jwks.json --issuer mfa:example "
    "--source main --pipeline 'team one/deploy' --environment production",
)
@click.argument("file", default="-")
@config_option
@click.option(
    "--keys", "keys_path", metavar="FILE", help="A JSON Web Key Set, in place of the configuration's own keys."
)
@click.option("--issuer", help="Who must have signed it, as mfa:INSTALLATION; needed with --keys.")
@click.option("--source", required=True, help="The source that it must be for: its audience is mfa:source:ID.")
@click.option("--pipeline", required=True, help="The pipeline that it must be for.")
@click.option("--run", "run_id", default="", help="The number of the build that it must be for.")
@click.option("--environment", default="", help="The environment that must have been asked.")
@click.option("--action", default="", help="The action that must have been asked.")
@click.option(
    "--factor", type=click.Choice(STRENGTHS), default=STRENGTHS[0], show_default=True, help="The least factor."
)
@click.option("--quorum", type=click.IntRange(1, 10), default=1, show_default=True, help="How many people at least.")
@click.option(
    "--max-age",
    type=click.IntRange(1, LIFETIME),
    default=LIFETIME,
    show_default=True,
    help="Seconds since it was signed.",
)
@json_option
def verify(
    file: str,
    config_path: Path,
    keys_path: str | None,
    issuer: str | None,
    max_age: int,
    as_json: bool,
    **expected: str,
) -> None:
    """Verify the receipt in FILE, or on stdin, and print what it proves; never the receipt itself.

    Exit code 0: right; 1: not right, and why; 2: usage, configuration, keys. It needs the public keys and this host's
    clock: no store, no Jenkins, no Slack. That a receipt was used before it cannot know: see docs/receipts.md.
    """
    keys, issuer = _from_set(keys_path, issuer) if keys_path else _from_config(config_path, issuer)
    wanted = Expected(**expected)  # type: ignore[arg-type]
    token = _token(file)
    try:
        found = verify_receipt(token, keys=keys, issuer=issuer, expected=wanted, now=int(time.time()), max_age=max_age)
    except RefusedReceipt as refused:
        _refuse(refused, as_json)
        sys.exit(FINDING)
    if as_json:
        print_json({"ok": True, "receipt": receipts.document(found)})
        return
    for line in receipts.lines(found):
        click.echo(render.terminal(line))


def _refuse(refused: RefusedReceipt, as_json: bool) -> None:
    says = receipts.why(refused)
    if as_json:
        print_json({"ok": False, "reason": refused.reason, "text": says})
    else:
        click.echo(f"Not right: {says}")


def _from_set(path: str, issuer: str | None) -> tuple[Keys, str]:
    """The keys of a JWKS, which does not say whose they are."""
    if not issuer:
        raise click.UsageError("--issuer is missing: with --keys, name who signs, as in --issuer mfa:example")
    raw = _read(path, "--keys", MAX_JWKS)
    try:
        return pinned(public_from_jwks(raw)), issuer
    except UntrustedInputError as error:
        mend = "jenkins-mfa keys public > jwks.json, or fetch /.well-known/jwks.json of the agent's pages"
        raise ConfigError([f"--keys {path}: {error}; mend: {mend}"]) from None


def _from_config(path: Path, issuer: str | None) -> tuple[Keys, str]:
    config = load(path, with_secrets=False)
    return pinned(load_keys(config).public(int(time.time()))), issuer or f"mfa:{config.installation}"


def _token(file: str) -> str:
    """The text of the file, or of stdin, without the white space around it."""
    if TOKEN.match(file):
        raise click.UsageError("FILE looks like the receipt itself, which others can see now; mend: give it on stdin")
    raw = sys.stdin.buffer.read(MAX_BYTES + 2) if file == "-" else _read(file, "FILE", MAX_BYTES + 2)
    return raw.decode(errors="replace").strip()


def _read(path: str, what: str, most: int) -> bytes:
    """At most so many bytes, and one more, so that it can be seen that there are more."""
    try:
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise ConfigError([f"{what} {path} cannot be read: {unread(error)}"]) from None
