"""`audit tail|verify`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from jenkins_mfa.cli.base import FINDING, Commands, config_option, details_json, json_option, load, print_json, trail_of
from jenkins_mfa.core import chain
from jenkins_mfa.core.audit_evidence import Judged, examine
from jenkins_mfa.core.chain import Broken, Linked
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.words import evidence as wording
from jenkins_mfa.words import history, render


@click.group(cls=Commands)
def audit() -> None:
    """The trail: who did what and when, chained by hashes."""


@audit.command(epilog="Example: jenkins-mfa audit tail -n 20")
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, one event a line.")
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many events.")
def tail(config_path: Path, as_json: bool, count: int) -> None:
    """The newest events, oldest first."""
    config = load(config_path, with_secrets=False)
    with trail_of(config) as store:
        for linked in store.audit_events(max(1, store.heads().seq - count + 1)):
            click.echo(_json(linked) if as_json else _line(linked, config.roster))


@audit.command(short_help="Follow the whole chain of the trail.", epilog="Example: jenkins-mfa audit verify --evidence")
@config_option
@json_option
@click.option("--evidence", is_flag=True, help="Then verify again what security keys have signed.")
def verify(config_path: Path, as_json: bool, evidence: bool) -> None:
    """Follow the whole chain and name the first event that was changed, is missing, doubled or out of order.

    With --evidence each answer that was given with a security key is then verified again, offline, and compared with
    what the trail says about it. It reads the store and nothing else: no key, no Jenkins, no Slack.
    """
    config = load(config_path, with_secrets=False)
    site = config.web.party if config.web else None
    with trail_of(config) as store:
        head = store.heads()
        events = ((linked.raw, linked.hash) for linked in store.audit_events(count=head.seq))
        found = chain.verify_chain(events, head=(head.seq, head.hash))
        if isinstance(found, Broken):
            _broken(found, head.seq, as_json)
            sys.exit(FINDING)
        entries = ((linked.seq, linked.entry) for linked in store.audit_events(count=found.last))
        answers = _Answers.of(examine(entries if evidence else (), site))
    if as_json:
        shown: dict[str, Any] = {"first": found.first, "last": found.last, "head": found.head, "checkpoint": None}
        print_json({"ok": not answers.findings, **shown, **({"evidence": answers.json(site)} if evidence else {})})
    else:
        click.echo(f"Right: events {found.first} to {found.last} are complete and unchanged. Head {found.head}.")
        if evidence:
            answers.show(site, config.roster)
    sys.exit(FINDING if answers.findings else 0)


@dataclass(slots=True)
class _Answers:
    """What is told of the answers that keys gave: how many there are, on which pages, and those that do not hold."""

    count: int = 0
    origins: set[str] = field(default_factory=set)
    findings: list[Judged] = field(default_factory=list)

    @classmethod
    def of(cls, judged: Iterable[Judged]) -> _Answers:
        found = cls()
        for one in judged:
            found.count += 1
            found.origins |= {one.origin} - {""}
            found.findings += [one] if one.why else []
        return found

    def show(self, site: RelyingParty | None, roster: Roster) -> None:
        for one in self.findings:
            click.echo(render.terminal(wording.finding(one, roster)))
        if self.findings:
            click.echo(f"Mend: {wording.MEND}")
        else:
            click.echo(render.terminal(wording.hold(self.count, self.origins, site)))

    def json(self, site: RelyingParty | None) -> dict[str, Any]:
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


def _broken(found: Broken, last: int, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "first": 1, "last": last, "broken_at": found.seq, "why": found.how})
        return
    unchanged = f"1 to {found.seq - 1} are unchanged" if found.seq > 1 else "nothing before it"
    click.echo(f"Not right: event {found.seq} is {found.how}. {unchanged}; later ones prove nothing.")
    click.echo('Mend: keep this store as evidence; docs/operations.md, "The trail does not verify".')


def _json(linked: Linked) -> str:
    """One event with all that it holds."""
    entry = linked.entry
    shown = {"seq": linked.seq, "at": render.iso(entry.at), "event": entry.event, "actor": entry.actor}
    shown |= {"gate": entry.gate, "source": entry.source, "run": entry.run}
    return json.dumps(shown | {"details": details_json(entry.details)}, ensure_ascii=False)


def _line(linked: Linked, roster: Roster) -> str:
    """One event for people; foreign text cannot start a line of its own."""
    entry = linked.entry
    about = f"  {render.terminal(history.about(entry))}" if entry.gate else ""
    return f"{linked.seq}  {render.iso(entry.at)}  {render.terminal(history.sentence(entry, roster))}{about}"
