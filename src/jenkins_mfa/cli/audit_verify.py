"""`audit verify`: the chain, the checkpoints that were signed about it, and the answers of security keys."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from jenkins_mfa import key_files
from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.cli.base import FINDING, config_option, json_option, print_json
from jenkins_mfa.cli.opened import load
from jenkins_mfa.cli.trails import Pairs, Source, source_of
from jenkins_mfa.config import Config
from jenkins_mfa.core import checkpoint
from jenkins_mfa.core.audit_evidence import Judged, examine
from jenkins_mfa.core.chain import Broken, Chain, Head, entry_of, sequence, verify_chain
from jenkins_mfa.core.checkpoint import CheckpointKeys
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.core.signing_keys import MAX_JWKS, public_from_jwks
from jenkins_mfa.errors import ConfigError, UntrustedInputError
from jenkins_mfa.failures import unread
from jenkins_mfa.words import evidence as wording
from jenkins_mfa.words import render

_FILE = click.Path(path_type=Path, exists=True)
ROLLBACK = b'"event":"store:rollback"'


@click.command(short_help="Follow the whole chain of the trail.", epilog="Example: jenkins-mfa audit verify --evidence")
@config_option
@json_option
@click.option("--file", "file", type=_FILE, help="A copy of the trail: lines, a directory of them, or SQLite.")
@click.option("--keys", "keys_path", type=_FILE, help="Public keys of checkpoints: keys public --checkpoints.")
@click.option("--checkpoints", "signed_path", type=_FILE, help="The file of checkpoints that a copy must fit.")
@click.option("--evidence", is_flag=True, help="Then verify again what security keys have signed.")
def verify(
    config_path: Path,
    as_json: bool,
    file: Path | None,
    keys_path: Path | None,
    signed_path: Path | None,
    evidence: bool,
) -> None:
    """Follow the whole chain and name the first event that was changed, is missing, doubled or out of order, or that is
    not what a checkpoint has signed.

    Without --file it reads the store, and what was trimmed from it in its copies; with it, nothing but files. With
    --evidence each answer that was given with a security key is then verified again, offline.
    """
    config = None if file and not config_path.exists() else load(config_path, with_secrets=False)
    signed = _Signed.of(config, file, keys_path, signed_path)
    site = config.web.party if config and config.web else None
    with source_of(config, file) as trail:
        found = signed.follow(trail)
        if isinstance(found, Broken):
            _broken(found, trail.begin.seq + 1, as_json)
            sys.exit(FINDING)
        entries = ((linked.seq, linked.entry) for linked in trail.events())
        answers = Answers.of(examine(entries if evidence else (), site))
    wrong = bool(answers.findings or signed.bad)
    if as_json:
        shown: dict[str, Any] = {"first": found.first, "last": found.last, "head": found.head}
        shown |= {"rollbacks": found.rollbacks, "checkpoint": signed.json()}
        print_json({"ok": not wrong, **shown, **({"evidence": answers.json(site)} if evidence else {})})
    else:
        _right(found, signed)
        if evidence:
            answers.show(site, config.roster if config else Roster({}))
    sys.exit(FINDING if wrong else 0)


@dataclass(frozen=True, slots=True)
class _Signed:
    """The places that checkpoints have signed, and how many lines of their file are none; `keys` is None where there
    is no key to verify them with.
    """

    keys: CheckpointKeys | None
    installation: str = ""
    places: tuple[Head, ...] = ()
    bad: int = 0

    @classmethod
    def of(cls, config: Config | None, file: Path | None, keys_path: Path | None, path: Path | None) -> _Signed:
        keys = _keys(config, keys_path)
        installation = config.installation if config else ""
        if path is None and file is None and config is not None:
            path = config.audit.checkpoint_file
        if keys is None or path is None:
            return cls(keys, installation)
        lines = [one for _, one in CheckpointFile(path, keys, installation).lines()]
        since = checkpoint.since_rollback(one for one in lines if one)
        return cls(keys, installation, tuple(one.place for one in since), lines.count(None))

    def follow(self, trail: Source) -> Chain | Broken:
        """The chain, and that each rollback in it was signed by whoever has the key."""
        rollbacks: list[bytes] = []

        def watched(pairs: Pairs) -> Pairs:
            for raw, digest in pairs:
                if ROLLBACK in raw:
                    rollbacks.append(raw)
                yield raw, digest

        head = (trail.head.seq, trail.head.hash) if trail.head else None
        begin = trail.begin
        pairs = watched(trail.pairs())
        found = verify_chain(pairs, first=begin.seq + 1, previous=begin.hash, head=head, signed=self.places)
        if isinstance(found, Broken) or self.keys is None:
            return found
        return next((Broken(seq, "unsigned") for seq in map(self._unsigned, rollbacks) if seq), found)

    def _unsigned(self, raw: bytes) -> int:
        """The number of an event that says `store:rollback` and has nobody's signature; 0 where it has."""
        token = str(entry_of(raw).details.get("checkpoint", ""))
        try:
            right = checkpoint.verify(token, self.keys or CheckpointKeys({}), self.installation).rollback
        except UntrustedInputError:
            right = False
        return 0 if right else sequence(raw) or 0

    def json(self) -> dict[str, Any] | None:
        newest = max(self.places, key=lambda place: place.seq, default=None)
        if self.keys is None or newest is None:
            return None
        return {"fit": len(self.places), "seq": newest.seq, "head": newest.hash, "bad": self.bad}


def _keys(config: Config | None, path: Path | None) -> CheckpointKeys | None:
    """Public keys of a key set, else those of the configuration, where it has them."""
    if path is None:
        return key_files.checkpoint_keys(config.keys) if config else None
    try:
        with path.open("rb") as file:
            return CheckpointKeys(public_from_jwks(file.read(MAX_JWKS + 1)))
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {unread(error)}"]) from None
    except UntrustedInputError as error:
        raise ConfigError([f"{path}: {error}"]) from None


def _right(found: Chain, signed: _Signed) -> None:
    """What holds; what does not begins a line of its own."""
    fits = "No checkpoint was compared."
    if signed.places:
        newest = max(place.seq for place in signed.places)
        fits = f"Checkpoints that fit: {len(signed.places)}, the newest at event {newest}."
    click.echo(f"Right: events {found.first} to {found.last} are complete and unchanged. Head {found.head}. {fits}")
    if found.rollbacks:
        click.echo(f"Rollbacks that an operator accepted: {found.rollbacks}; what was lost stands here, too.")
    if signed.bad:
        click.echo(f"Not right: lines of the checkpoint file that are not signed with these keys: {signed.bad}.")


def _broken(found: Broken, first: int, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "first": first, "last": found.seq - 1, "broken_at": found.seq, "why": found.how})
        return
    unchanged = f"{first} to {found.seq - 1} are unchanged" if found.seq > first else "nothing before it"
    how = {
        "unfit": "not the one that a checkpoint has signed",
        "unsigned": "an accepted rollback that nobody has signed",
    }.get(found.how, found.how)
    click.echo(f"Not right: event {found.seq} is {how}. {unchanged}; later ones prove nothing.")
    click.echo('Mend: keep this as evidence; docs/operations.md, "The trail does not verify".')


@dataclass(slots=True)
class Answers:
    """What is told of the answers that keys gave: how many there are, on which pages, and those that do not hold."""

    count: int = 0
    origins: set[str] = field(default_factory=set)
    findings: list[Judged] = field(default_factory=list)

    @classmethod
    def of(cls, judged: Iterable[Judged]) -> Answers:
        """Out of all answers, judged."""
        found = cls()
        for one in judged:
            found.count += 1
            found.origins |= {one.origin} - {""}
            found.findings += [one] if one.why else []
        return found

    def show(self, site: RelyingParty | None, roster: Roster) -> None:
        """Print them for people."""
        for one in self.findings:
            click.echo(render.terminal(wording.finding(one, roster)))
        if self.findings:
            click.echo(f"Mend: {wording.MEND}")
        else:
            click.echo(render.terminal(wording.hold(self.count, self.origins, site)))

    def json(self, site: RelyingParty | None) -> dict[str, Any]:
        """For a program."""
        findings = [
            {
                "seq": one.seq,
                "event": one.entry.event,
                "gate": one.entry.gate,
                "actor": one.entry.actor,
                "why": one.why,
                "signed": one.signed,
                "text": render.terminal(wording.problem(one)),
            }
            for one in self.findings
        ]
        known = site.origin if site else None
        return {"answers": self.count, "site": known, "origins": sorted(self.origins), "findings": findings}
