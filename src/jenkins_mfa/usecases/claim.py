"""The claim: the last look before a receipt exists. What is stored is untrusted where it decides (S19, T8)."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import quorum
from jenkins_mfa.core import receipt as receipts
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Alert, Claim, Clause, Factor, Gate, RunRecord, State
from jenkins_mfa.core.policy.evaluate import BY_PIPELINE
from jenkins_mfa.errors import JenkinsMfaError, SourceUnavailableError
from jenkins_mfa.usecases import break_glass, eligible, receipt_keys, tighten
from jenkins_mfa.usecases.desk import Desk, apply, newest, run_record

RECEIPT_TTL = 300  #: seconds that a receipt lives; the contract allows 600
LEEWAY = 30  #: seconds of clock difference that the verifier allows


class NotOursError(JenkinsMfaError):
    """No receipt can be made: `seal_broken`, since somebody else wrote into the store, `key_ended`, `revoked_key`,
    `glass_gone`, or `receipt_changed`, since it would not be the one that was claimed.
    """

    def __init__(self, text: str, code: str = "seal_broken") -> None:
        super().__init__(text)
        self.code = code


def take(desk: Desk, gate: Gate) -> Gate | None:
    """Claim an approved gate (→ sending) or take up a claim made before. None: below quorum, more is asked now, or the
    time has ended.

    Checks the trail's last word, that the run was not denied, and that the people still count, then freezes the
    receipt. Seals are the store's (T8): what it gives is as it was committed.
    Raises NotOursError, StoreError, MessengerUnavailableError, and SourceUnavailableError for as long as the store is
    not the one that is known (S21).
    """
    if desk.continuity.look():
        raise SourceUnavailableError(f"{gate.jti}: the store is not the one that is known", code="rolled_back")
    if not newest(desk, gate):
        raise NotOursError(f"{gate.jti}: the stored gate is not the newest")
    if run_record(desk, gate.run.key).denial is not None:
        raise NotOursError(f"{gate.jti}: what is stored of its run cannot be told to be ours")
    if gate.requirement is None or not (gate.facts.plain or _verifiable(desk, gate)):
        raise NotOursError(f"{gate.jti}: the run verifies none of our keys any more", _why_none(desk, gate))
    if gate.state is State.SENDING:
        return gate
    if tighten.look(desk, gate) is not None:
        return None
    if gate.requirement.break_glass and not _stands(desk, gate):
        raise NotOursError(f"{gate.jti}: the policy has no such break-glass rule any more", "glass_gone")
    people = eligible.still_counting(desk, gate)
    now = desk.store.now()
    if not quorum.satisfied(gate.requirement, eligible.kept(gate, people)):
        _move(desk, gate, Event(Kind.DROPPED, now, "agent", f"dropped:{gate.jti}:{gate.version}", keep=people))
        return None
    made = _frozen(desk, gate, people, now // 1000)
    event = Event(Kind.CLAIMED, now, "agent", f"claimed:{gate.jti}:{gate.version}", claim=made)
    claimed = _move(desk, gate, event)
    return claimed if claimed is not None and claimed.state is State.SENDING else None


def _stands(desk: Desk, gate: Gate) -> bool:
    """Whether the present policy still has a break-glass rule here, and asks for nothing beyond what was confirmed.

    What the pipeline asked for is in the gate since the glass was broken.
    """
    at = gate.broken.at if gate.broken else gate.opened_at
    fresh = break_glass.required(desk, gate, at)
    if fresh is None or gate.requirement is None or fresh.refusal is not None:
        return False
    confirmed = set(map(_asks, gate.requirement.clauses))
    return all(_asks(clause) in confirmed for clause in fresh.clauses if clause.rule != BY_PIPELINE)


def _asks(clause: Clause) -> tuple[str, Factor, int, tuple[str, ...]]:
    """What a clause asks for; one that no rule names asks whom the rules ask, as they were then."""
    return clause.rule, clause.factor, clause.count, () if " " in clause.rule else clause.approvers


def lapsed(gate: Gate, now: int) -> bool:
    """Whether the receipt of a claim can no longer be accepted anywhere. What takes no receipt never lapses."""
    return not gate.facts.plain and gate.claim is not None and now >= (gate.claim.exp + LEEWAY) * 1000


def valid(gate: Gate) -> tuple[int, int] | None:
    """From when until when (Unix seconds) a run takes the receipt of its claim, by its own clock."""
    return (gate.claim.iat - LEEWAY, gate.claim.exp + LEEWAY) if gate.claim and not gate.facts.plain else None


def receipt(desk: Desk, gate: Gate) -> str:
    """The claimed gate's receipt, the same at every retry. A secret: for the run alone. A plain pause takes none.

    Raises NotOursError where it would be another one than that whose digest the trail has, whatever made it so.
    """
    if gate.facts.plain:
        return ""
    if gate.claim is None:
        raise NotOursError(f"{gate.jti}: nothing was claimed")
    signed = _sign(desk, gate, gate.claim)
    if receipts.digest(signed) != gate.claim.receipt_sha256:
        raise NotOursError(f"{gate.jti}: the receipt is not the one that was claimed", "receipt_changed")
    return signed


def _frozen(desk: Desk, gate: Gate, people: frozenset[str], iat: int) -> Claim:
    """All that the receipt will say. Signing is deterministic, so its digest is known before anybody gets it."""
    last = desk.store.last_entry(gate.jti)
    if last is None:
        raise NotOursError(f"{gate.jti}: the trail does not know the gate")
    made = Claim(iat, iat + RECEIPT_TTL, tuple(sorted(people)), last[0], last[1])
    if gate.facts.plain:
        return made
    signer = desk.keys.signer(_kids(gate), iat)
    newest = receipt_keys.newest(desk, iat)
    made = replace(made, kid=signer.kid if signer else "", newest_kid="" if newest in gate.kids else newest)
    return replace(made, receipt_sha256=receipts.digest(_sign(desk, gate, made)))


def _verifiable(desk: Desk, gate: Gate) -> bool:
    """Whether a key signs now that the run knows, by the newest word about revoked ones."""
    return receipt_keys.signer(desk, _kids(gate), desk.store.now() // 1000) is not None


def _kids(gate: Gate) -> tuple[str, ...]:
    """Which keys may sign: those that the run knows; since the claim, that of the claim alone."""
    return (gate.claim.kid,) if gate.claim else gate.kids


def _why_none(desk: Desk, gate: Gate) -> str:
    """Why no key signs: a revoked one is told apart from those that have ended."""
    return "revoked_key" if desk.keys.revoked.intersection(_kids(gate)) else "key_ended"


def _sign(desk: Desk, gate: Gate, made: Claim) -> str:
    requirement, signer = gate.requirement, desk.keys.signer((made.kid,), made.iat)
    if requirement is None or signer is None:
        raise NotOursError(f"{gate.jti}: the key of its claim does not sign any more", "key_ended")
    given = receipts.Receipt(
        source=gate.run.source,
        pipeline=gate.run.pipeline,
        run_id=gate.run.id,
        attempt=gate.run.attempt,
        jti=gate.jti,
        iat=made.iat,
        exp=made.exp,
        approvers=tuple(
            receipts.Approver(c.person, c.factor.value, c.at // 1000)
            for c in gate.confirmations
            if c.person in made.approvers
        ),
        rules=requirement.rules,
        policy_sha256=requirement.policy_sha256,
        audit_seq=made.audit_seq,
        audit_head=made.audit_head,
        request=requests.without_number(requests.parse(gate.request_text.encode())),
        request_sha256=gate.request_sha256,
        break_glass=bool(requirement.break_glass),
        newest_kid=made.newest_kid,
    )
    issuer = f"mfa:{desk.keys.installation}"
    claims = receipts.claims_for(given, issuer=issuer, kind=gate.run.kind, nonce=gate.nonce)
    return receipts.sign(claims, kid=signer.kid, key=signer.private)


def alert_about(gate: Gate, code: str, at: int) -> Alert:
    """An alert about a gate; its id makes it appear once."""
    return Alert(f"{code}:{gate.jti}", code, at, gate.id)


def bumped(run: RunRecord) -> RunRecord:
    """The run's record, one version on."""
    return replace(run, version=run.version + 1)


def _move(desk: Desk, gate: Gate, event: Event) -> Gate | None:
    step = advance(gate, event)
    if isinstance(step, Refused):
        return None
    return apply(desk, event.cause, step)
