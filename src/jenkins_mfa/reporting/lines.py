"""A gate record as a line of a report: what became of it, who was behind it, who decided, and when."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Author, Factor, Gate, Reason, Starter, State
from jenkins_mfa.reporting.model import Behind, GateLine, Outcome, Place

_DECIDED = frozenset({State.APPROVED, State.SENDING, State.RESUMED})
_OTHERS = {
    State.PENDING: Outcome.WAITING,
    State.EXPIRED: Outcome.EXPIRED,
    State.ABORTED: Outcome.EXPIRED,
    State.WITHDRAWN: Outcome.WITHDRAWN,
    State.BYPASSED: Outcome.BYPASSED,
}


def outcome(gate: Gate) -> Outcome:
    """What became of it. A gate that was withdrawn or bypassed is that, whatever people had decided before."""
    if gate.state in _DECIDED:
        return Outcome.APPROVED if gate.confirmations else Outcome.PASSED
    if gate.state in {State.DENIED, State.ABORTED} and gate.denial is not None:
        if gate.denial.person is not None:
            return Outcome.DENIED
        return Outcome.REPLACED if gate.denial.reason == "superseded" else Outcome.REFUSED
    return _OTHERS.get(gate.state, Outcome.WAITING)


def waited(gate: Gate) -> int | None:
    """How long people took (ms): from the opening to the denial, or to the confirmation that filled the last place.

    None where nobody decided: neither the end of the time, nor the agent's own denial, nor the policy's passing counts.
    """
    if gate.denial is not None:
        return gate.denial.at - gate.opened_at if gate.denial.person is not None else None
    if gate.requirement is None or not gate.confirmations:
        return None
    if not quorum.satisfied(gate.requirement, gate.confirmations):
        return None
    return max(given.at for given in gate.confirmations) - gate.opened_at


def line(gate: Gate) -> GateLine:
    """What a report keeps of a gate: little, since there may be very many."""
    requirement = gate.requirement
    claim = gate.claim if gate.claim and gate.claim.receipt_sha256 else None
    return GateLine(
        jti=gate.jti,
        opened_at=gate.opened_at,
        run=gate.run,
        place=place(gate),
        claimed=intern(gate.claims.environment) if gate.claims else "",
        outcome=outcome(gate),
        asked=_asked(gate),
        waited=waited(gate),
        starters=_behind(gate.facts.starters),
        authors=_behind(gate.facts.authors),
        confirmations=gate.confirmations,
        denial=gate.denial,
        ending=gate.ending,
        rules=tuple(map(intern, requirement.rules)) if requirement else (),
        reasons=requirement.reasons if requirement else Reason("none"),
        passes_by=requirement.passes_by if requirement else (),
        exemptions=_exemptions(gate),
        break_glass=requirement.break_glass if requirement else "",
        broken=gate.broken,
        policy_sha256=intern(requirement.policy_sha256) if requirement else "",
        request_sha256=gate.request_sha256,
        receipt_sha256=claim.receipt_sha256 if claim else "",
        trail_seq=claim.audit_seq if claim else 0,
        trail_head=claim.audit_head if claim else "",
    )


def place(gate: Gate) -> Place:
    """Where it would act: by the policy's own declaration, else as the pipeline says."""
    declared = gate.requirement.environments if gate.requirement else ()
    if declared:
        return Place(intern(", ".join(declared)))
    return Place(intern(gate.claims.environment), claimed=True) if gate.claims else Place("")


def concerns(gate: Gate, environment: str) -> bool:
    """Whether a gate is of an environment, by declaration or by claim: an auditor wants to see both."""
    declared = gate.requirement.environments if gate.requirement else ()
    return environment in declared or (gate.claims is not None and gate.claims.environment == environment)


def _asked(gate: Gate) -> Factor | None:
    """The strongest factor that people were asked for; None where nobody was asked."""
    if gate.requirement is None or not gate.requirement.clauses or refused(gate):
        return None
    return gate.requirement.factor


def _exemptions(gate: Gate) -> tuple[str, ...]:
    """The exemptions that took a rule's clauses away, as the policy noted them among its reasons."""
    nodes = gate.requirement.reasons.children if gate.requirement else ()
    return tuple(dict.fromkeys(node.values["exemption"] for node in nodes if "exemption" in node.values))


def refused(gate: Gate) -> bool:
    """Whether the agent denied it at its opening, so that nobody was asked."""
    return gate.denial is not None and gate.denial.person is None and gate.denial.at == gate.opened_at


def _behind(people: Iterable[Starter | Author]) -> tuple[Behind, ...]:
    """Each once, in their order."""
    found = (Behind(one.person, one.subject or "") for one in people if one.person or one.subject)
    return tuple(dict.fromkeys(found))
