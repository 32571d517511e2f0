"""A gate: one run paused at one point, with all that was answered."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from jenkins_mfa.core.model.factors import Factor
from jenkins_mfa.core.model.requirements import Requirement
from jenkins_mfa.core.model.runs import Claims, Facts, History, Run


class State(enum.StrEnum):
    """States of a gate (DESIGN, section 3)."""

    PENDING = "pending"
    APPROVED = "approved"
    SENDING = "sending"
    DENIED = "denied"
    EXPIRED = "expired"
    RESUMED = "resumed"
    ABORTED = "aborted"
    WITHDRAWN = "withdrawn"
    BYPASSED = "bypassed"

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do for the run."""
        return self in {State.RESUMED, State.ABORTED, State.WITHDRAWN, State.BYPASSED}

    @property
    def answered(self) -> bool:
        """Whether the run waits for our answer, which is decided."""
        return not self.settled and self is not State.PENDING


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One person's counted answer. `step` is the TOTP time step that it used."""

    person: str
    factor: Factor
    at: int
    via: str
    cause: str
    authenticator: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal by a person (sticky: it holds for the whole run) or by the system (`person` is None).

    For people `reason` holds what they wrote; for the system it holds a code of words.py and `values` its values.
    """

    at: int
    person: str | None
    reason: str
    cause: str
    via: str = ""
    report: bool = False
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A proceed that is about to be sent: the receipt's frozen times (Unix seconds), who counted, where the trail
    stood, the key that signs, and the receipt's SHA-256 (both empty where there is none). Every retry sends that
    receipt, which itself is kept nowhere. `newest_kid` is our newest key where the run does not know it.
    """

    iat: int
    exp: int
    approvers: tuple[str, ...]
    audit_seq: int
    audit_head: str
    kid: str = ""
    receipt_sha256: str = ""
    newest_kid: str = ""


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Who had the break-glass rule replace the normal ones, when and why. `former` is what the gate needed before."""

    person: str
    at: int
    reason: str
    cause: str
    former: Requirement


@dataclass(frozen=True, slots=True)
class Ending:
    """How a gate ended: a code of words.py, who did it (a source's user id; `ours` where it is our own account), when,
    and further values.
    """

    code: str
    at: int
    by: str = ""
    values: dict[str, str] = field(default_factory=dict)
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Why a gate is not asked for the present (core/holds.py), since `at`: `requester` is whose gates are held, `by`
    who has reported them.
    """

    why: str
    at: int
    requester: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """One run paused at one point. `request_text` is exactly what the run sent; `version` counts committed
    transitions. `escalated` names the rules whose further people may answer by now; `retracted` holds the causes of
    confirmations that were taken back. One that is `held` is not asked; `released_at` is when it was asked after all.
    Of one that was refused as others before it people are not told (`untold`).
    """

    id: str
    generation: int
    version: int
    state: State
    external_ref: str
    nonce: str
    run: Run
    facts: Facts
    opened_at: int
    deadline: int
    first_deadline: int
    request_text: str
    request_sha256: str
    kids: tuple[str, ...]
    claims: Claims | None
    requirement: Requirement | None
    history: History = field(default_factory=lambda: History(0))
    confirmations: tuple[Confirmation, ...] = ()
    denial: Denial | None = None
    claim: Claim | None = None
    ending: Ending | None = None
    decided_at: int = 0
    assurance: Literal["verified", "detected", "none"] = "verified"
    broken: BrokenGlass | None = None
    reminded_at: int = 0
    escalated: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()
    held: Held | None = None
    released_at: int = 0
    untold: bool = False

    @property
    def jti(self) -> str:
        """`<gate_id>.<generation>`: the receipt's id, and the value that buttons carry."""
        return f"{self.id}.{self.generation}"
