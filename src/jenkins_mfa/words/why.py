"""Why a gate, or a case that is only thought of, needs what it needs: one page for the terminal and for `/mfa why`."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core.model import Entry, Gate, Reason, Requirement, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import demanded, page, reasons, standing
from jenkins_mfa.words.parts import say
from jenkins_mfa.words.tree import Branch

NOT_KEPT = "The policy has changed since then. The rules that did not match are not kept."


def asked(
    gate: Gate, roster: Roster, entries: Sequence[Entry], bare: frozenset[str], now: int, *, pages: bool
) -> list[Branch]:
    """What the gate asks for, what it still misses, and what did not count (standing.py)."""
    head = Branch(0, say("{header}.", header=page.header(gate)))
    if gate.requirement is None:
        return [head, Branch(0, say("The policy was not asked: the gate was denied before that."))]
    waits = gate.state is State.PENDING  # then each clause stands below, with who can answer it
    found = [head, *demanded.branches(gate.requirement, roster, clauses=not waits)]
    stands = standing.branches(gate, roster, entries, bare, now, pages=pages)
    return [*found, Branch(0, say("Answers")), *_below(stands)] if stands else found


def because(tree: Reason, *, whole: bool = True) -> list[Branch]:
    """The tree of reasons; `whole` says whether the rules that do not match are in it."""
    if tree.code == "none":
        return []
    told = [] if whole else [Branch(1, say(NOT_KEPT))]
    return [Branch(0, say("Why")), *told, *_below(reasons.branches(tree))]


def case(requirement: Requirement, tree: Reason, roster: Roster) -> list[Branch]:
    """Both for a case without a gate."""
    return [*demanded.branches(requirement, roster), *because(tree)]


def _below(branches: list[Branch]) -> list[Branch]:
    return [Branch(one.depth + 1, one.said) for one in branches]
