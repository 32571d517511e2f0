"""`show`: the same as `/mfa show`, in the terminal; and what else names or shows one gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from jenkins_mfa.cli import reviews
from jenkins_mfa.cli.base import FINDING, Failed, config_option, details_json, json_option, print_json
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.config import Config
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Entry, Gate, Held, Trouble
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import trouble
from jenkins_mfa.usecases.ports import Store
from jenkins_mfa.words import commands, delivery, page, render
from jenkins_mfa.words.parts import duration

SHORTEST = 4  #: characters of a gate's id that name it


@click.command(epilog="Example: jenkins-mfa show 8f2c")
@config_option
@json_option
@click.argument("gate_id", required=False)
@click.option("--run", "build", type=(str, str), metavar="JOB NUMBER", help="The newest gate of that build instead.")
def show(config_path: Path, as_json: bool, gate_id: str | None, build: tuple[str, str] | None) -> None:
    """One gate with its history. GATE_ID is the beginning of its id, four characters at least."""
    if (gate_id is None) == (build is None):
        raise click.UsageError("name a gate, or a build with --run JOB NUMBER")
    config = load(config_path)
    with store_of(config) as store:
        found = _of_build(store, config, *build) if build else beginning(store, gate_id or "")
        if isinstance(found, str):
            raise Failed(found, FINDING, "no_such_gate", as_json=as_json)
        history, now, failing = store.entries(found.jti), store.now(), trouble.of(store, found)
    if as_json:
        print_json(_whole(found, failing, history))
    else:
        print_gate(page.page(found, config.roster, trouble=failing), found, now)
        click.echo("  History, UTC")
        for entry in history:
            click.echo(f"    {render.terminal(commands.event(entry, config.roster))}")


def beginning(store: Store, text: str) -> Gate | str:
    """The one gate whose id begins like this, or why there is none."""
    prefix = text.removeprefix("g_").split(".")[0]
    shown = f"“{render.visible(prefix)[:40]}”"
    if len(prefix) < SHORTEST:
        return f"{shown} is too short: {SHORTEST} characters of a gate's id are needed."
    ids = store.find_gates(prefix) if prefix.isalnum() else []
    gate = store.gate(ids[0]) if len(ids) == 1 else None
    if gate is None:
        many = f"{len(ids)} gates begin with {shown}: one character more is needed."
        return many if len(ids) > 1 else f"No gate begins with {shown}. Those that wait: jenkins-mfa pending"
    return gate


def _of_build(store: RedisStore, config: Config, job: str, number: str) -> Gate | str:
    """The newest gate of a build of any source, as the build's own log asks for it."""
    for source in config.sources:
        for gate_id in reversed(store.run(f"{source.id}:{job}:{number}:1").gates):
            gate = store.gate(gate_id)
            if gate is not None:
                return gate
    return f"“{render.visible(job)[:100]}” #{number[:20]} has no gate."


def print_gate(shown: page.Page, gate: Gate, now: int) -> None:
    """A gate as `show` and the answers print it."""
    click.echo(f"{render.terminal(shown.header)}   {gate.run.url}")
    for line in shown.state:
        click.echo(f"  {render.terminal(line.shown)}")
    if not gate.state.settled:
        click.echo(f"  Left: {duration(gate.deadline - now)}")
    for row in shown.facts:
        click.echo(f"  From Jenkins     {render.terminal(row.shown)}")
    click.echo("  The Jenkinsfile says (not checked by anyone)")
    for text in shown.box:
        click.echo(f"    | {text}")


def summary(gate: Gate, failing: Trouble | None) -> dict[str, Any]:
    """A gate in short, as `pending` and `show` have it in JSON; `failing` is why its answer does not arrive."""
    requirement = gate.requirement
    places = quorum.open_places(requirement, gate.confirmations) if requirement else ()
    clauses = requirement.clauses if requirement else ()
    return {
        "id": gate.id,
        "state": gate.state.value,
        "source": gate.run.source,
        "pipeline": gate.run.pipeline,
        "run": gate.run.id,
        "url": gate.run.url,
        "requesters": [s.person or s.subject or s.trigger.value for s in gate.facts.starters],
        "opened_at": render.iso(gate.opened_at),
        "deadline": render.iso(gate.deadline),
        "open": [
            {"factor": clause.factor.value, "count": count, "group": clause.label}
            for clause, count in zip(clauses, places, strict=True)
            if count
        ],
        "held": gate.held and _held(gate.held),
        "delivery": failing and _delivery(failing),
    }


def _held(held: Held) -> dict[str, Any]:
    """Why a gate is not asked, whose gates are held, since when, and who reported them."""
    return {"why": held.why, "requester": held.requester, "since": render.iso(held.at), "by": held.by or None}


def _delivery(failing: Trouble) -> dict[str, Any]:
    """Why the answer has not reached its build; `next` is null while a try is under way."""
    return {
        "reason": failing.reason,
        "text": render.terminal(delivery.why_not(failing.reason)),
        "tries": failing.tries,
        "since": render.iso(failing.since),
        "last": render.iso(failing.at),
        "next": render.iso(failing.next) if failing.next else None,
    }


def _whole(gate: Gate, failing: Trouble | None, history: list[Entry]) -> dict[str, Any]:
    claims = gate.claims
    return {
        "gate": gate.jti,
        "state": gate.state.value,
        "summary": summary(gate, failing),
        "facts": msgspec.to_builtins(gate.facts),
        "claims": {"environment": claims.environment, "action": claims.action, "message": claims.message}
        | {"details": dict(claims.details), "variables": dict(claims.variables), "unset": list(claims.unset)}
        | {"hidden": list(claims.hidden)}
        if claims
        else {},
        "compared": gate.history.compared,
        "changes": msgspec.to_builtins(gate.history.changes),
        "confirmations": [
            {"id": c.person, "factor": c.factor.value, "at": render.iso(c.at)} for c in gate.confirmations
        ],
        "receipt": _receipt(gate),
        "break_glass": reviews.of_history(gate, history),
        "history": [
            {"at": render.iso(e.at), "event": e.event, "actor": e.actor, "details": details_json(e.details)}
            for e in history
        ],
    }


def _receipt(gate: Gate) -> dict[str, Any] | None:
    """The id and digest of what was signed, and where the trail stood then; a plain pause takes none."""
    claim = gate.claim
    if claim is None or not claim.receipt_sha256:
        return None
    stood = {"trail_seq": claim.audit_seq, "trail_head": claim.audit_head}
    return {"jti": gate.jti, "sha256": claim.receipt_sha256, **stood}
