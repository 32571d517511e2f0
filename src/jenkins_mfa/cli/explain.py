"""`policy explain`: what a gate, or a case given by options, needs and why."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import msgspec

from jenkins_mfa.cli.base import FINDING, Failed, config_option, json_option, print_json
from jenkins_mfa.cli.case import Case, case_options
from jenkins_mfa.cli.gates import beginning
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.config import Config
from jenkins_mfa.core.model import Reason, Requirement
from jenkins_mfa.core.policy import evaluate, reasons
from jenkins_mfa.usecases import explain as usecase
from jenkins_mfa.words import render, why
from jenkins_mfa.words.tree import Branch, line


@click.command(
    short_help="What a gate, or a case given by options, needs and why.",
    epilog="Example: jenkins-mfa policy explain --pipeline team/app/deploy --requester dan --at 2026-12-24T10:00:00Z",
)
@config_option
@json_option
@click.option(
    "--policy", "policy_path", type=click.Path(path_type=Path, dir_okay=False), help="This file instead; options only."
)
@click.argument("gate_id", required=False)
@case_options
def explain(config_path: Path, as_json: bool, policy_path: Path | None, gate_id: str | None, **given: Any) -> None:
    """What is needed, who can answer, and every rule with what it asked and saw.

    GATE_ID is the beginning of a gate's id; gates that have ended will do. Without it, options describe a case
    (--pipeline is needed; secrets and store are left alone).
    """
    case = Case(**given)
    if gate_id is not None and case.described:
        raise click.UsageError("name a gate or describe a case, not both: the facts of a gate are those it opened with")
    if gate_id is None and not case.pipeline:
        raise click.UsageError("name a gate, or describe a case with --pipeline and other options")
    if gate_id is not None and policy_path is not None:
        raise click.UsageError(
            "--policy goes with a case, not with a gate: that has the policy that it was opened with"
        )
    if gate_id is not None:
        _gate(load(config_path), gate_id, as_json=as_json)
        return
    config = load(config_path, policy_path=policy_path, with_secrets=False)
    asked = case.scene(config, int(time.time() * 1000))
    for name in sorted({*case.requesters, *case.authors} - config.roster.people.keys()):
        click.echo(f"“{render.visible(name)}” is not in the roster, and is taken for somebody unknown.", err=True)
    requirement = evaluate(config.policy, config.roster, *asked)
    tree = reasons(config.policy, config.roster, *asked)
    _print(as_json, why.case(requirement, tree, config.roster), _json(requirement, tree))


def _gate(config: Config, gate_id: str, *, as_json: bool) -> None:
    with store_of(config) as store:
        gate = beginning(store, gate_id)
        if isinstance(gate, str):
            raise Failed(gate, FINDING, "no_such_gate", as_json=as_json)
        entries, now, bare = store.entries(gate.jti), store.now(), usecase.bare(store, gate)
    tree, whole = usecase.tree(gate, config.policy, config.roster)
    asked = why.asked(gate, config.roster, entries, bare, now, pages=config.web is not None)
    shown = [*asked, *why.because(tree, whole=whole)]
    found = {"gate": gate.jti, "whole": whole} | _json(gate.requirement, tree)
    _print(as_json, shown, found)


def _print(as_json: bool, shown: list[Branch], found: dict[str, Any]) -> None:
    if as_json:
        print_json(found)
        return
    for branch in shown:
        click.echo(render.terminal(line(branch)))


def _json(requirement: Requirement | None, tree: Reason) -> dict[str, Any]:
    """The requirement without the short tree that it carries, and the whole one."""
    plain = msgspec.to_builtins(requirement) if requirement is not None else None
    if plain is not None:
        del plain["reasons"]
    return {"requirement": plain, "reasons": msgspec.to_builtins(tree)}
