"""A later look at an open gate: what a changed policy, a roster or the time adds to what it was opened with.

Nothing is ever taken away: neither a policy that has changed nor a freeze that has ended makes an open gate easier.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core.model import Clause, Escalation, Factor, Requirement, Tightening
from jenkins_mfa.core.policy.evaluate import BY_PIPELINE, unfillable
from jenkins_mfa.core.policy.pairing import unpaired

BARRED = frozenset({"stranger", "assurance", "no_number"})  #: refusals that nobody's answer mends


def tightened(frozen: Requirement, fresh: Requirement, available: tuple[Factor, ...], at: int) -> Requirement | None:
    """The frozen requirement with what the fresh one adds to it; None where that is nothing.

    A rule that asks for more now raises its own clause, so that it takes no more people than it says; a rule that did
    not ask before adds its clauses. A rule that has left the policy keeps its clauses. What the pipeline itself asked
    for was added at the opening. `refusal` is set where nobody can meet the result any more. Under broken
    glass `fresh` is what the rules marked `always` ask (`Policy.under_broken_glass`).
    """
    if fresh.refusal is not None and fresh.refusal.code in BARRED:
        return replace(frozen, refusal=fresh.refusal)
    clauses, added = _merged(frozen, fresh)
    if not added:
        return None
    rules = tuple(dict.fromkeys(clause.rule for clause in added))
    new = {*rules} - {clause.rule for clause in frozen.clauses}
    why = tuple(node for node in fresh.reasons.children if node.values.get("rule") in rules)
    after = replace(
        frozen,
        clauses=clauses,
        rules=tuple(dict.fromkeys((*(() if frozen.passes_by else frozen.rules), *fresh.rules))),
        channels=tuple(sorted({*frozen.channels, *fresh.channels})),
        policy_sha256=fresh.policy_sha256,
        passes_by=(),
        reasons=replace(frozen.reasons, children=(*frozen.reasons.children, *why))
        if frozen.break_glass
        else fresh.reasons,
        escalations=(*frozen.escalations, *(e for e in fresh.escalations if e.rule in new)),
        tightened=(*frozen.tightened, Tightening(at, rules, added, why)),
    )
    return replace(after, refusal=unfillable(after, available))


def _merged(frozen: Requirement, fresh: Requirement) -> tuple[tuple[Clause, ...], tuple[Clause, ...]]:
    """All clauses afterwards, and those of them that are new or raised.

    As many as possible are paired with what asks the same or more already, so that a second look adds nothing; those
    that ask just what they did before come first.
    """
    clauses, added = list(frozen.clauses), []

    def covered(asked: Clause, known: tuple[int, Clause]) -> bool:
        escalated = [e for e in frozen.escalations if e.rule == asked.rule]
        alike = known[1].rule == asked.rule and _comparable(known[1], asked, escalated)
        return alike and _raised(known[1], asked, escalated) == known[1]

    wanted = [clause for clause in fresh.clauses if clause.rule != BY_PIPELINE]
    wanted.sort(key=lambda one: _likeness(one) not in map(_likeness, frozen.clauses))
    held = sorted(enumerate(frozen.clauses), key=lambda one: _likeness(one[1]) not in map(_likeness, wanted))
    lacking, left = unpaired(wanted, held, covered)
    free = dict(left)
    for clause in lacking:
        escalated = [e for e in frozen.escalations if e.rule == clause.rule]
        alike = [i for i, known in free.items() if known.rule == clause.rule and _comparable(known, clause, escalated)]
        index = min(alike, default=len(clauses))
        known = free.pop(index, None)
        after = _raised(known, clause, escalated) if known else clause
        clauses[index : index + 1] = [after]
        if after != known:
            added.append(after)
    return tuple(clauses), tuple(added)


def _likeness(clause: Clause) -> tuple[str, Factor, int, tuple[str, ...]]:
    """Two clauses that ask the same, although they may have found different people."""
    return clause.rule, clause.factor, clause.count, clause.approvers


def _comparable(known: Clause, fresh: Clause, escalated: list[Escalation]) -> bool:
    """Whether one of them asks a part of those whom the other asks, by name or as people; who was called in by an
    escalation counts for both. What no rule names (somebody unknown behind the run) asks whoever the rules ask.
    """
    names, people = _named(fresh, escalated)
    by_name = {*known.approvers} <= names or {*fresh.approvers} <= {*known.approvers}
    as_people = {*known.people} <= people or {*fresh.people} <= {*known.people}
    return " " in fresh.rule or by_name or as_people


def _raised(known: Clause, fresh: Clause, escalated: list[Escalation]) -> Clause:
    """One clause that asks for whatever one of them asks: the stronger factor, more people, the smaller set of them."""
    names, people = _named(fresh, escalated)
    raised = replace(
        known,
        factor=max(known.factor, fresh.factor, key=lambda factor: factor.strength),
        count=max(known.count, fresh.count),
    )
    if " " in fresh.rule or {*known.approvers} <= names or {*known.people} <= people:
        return raised
    called = [name for name in known.approvers if name in names - {*fresh.approvers}]
    return replace(
        raised,
        approvers=(*fresh.approvers, *called),
        people=tuple(person for person in known.people if person in people),
    )


def _named(fresh: Clause, escalated: list[Escalation]) -> tuple[set[str], set[str]]:
    """Approvers and people of a clause with those whom escalations of its rule have called in."""
    names = {name for escalation in escalated for name in escalation.approvers}
    people = {person for escalation in escalated for person in escalation.people}
    return {*fresh.approvers} | names, {*fresh.people} | people
