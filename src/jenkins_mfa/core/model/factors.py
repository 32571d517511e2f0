"""Authentication factors, and what is kept of the people who give them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Factor(enum.StrEnum):
    """Authentication factors, named as in policies and receipts. Compare them by `strength`."""

    PUSH = "push"
    PUSH_NUMBER = "push+number"
    TOTP = "totp"
    WEBAUTHN = "webauthn"

    @property
    def strength(self) -> int:
        """Position in the order push < push+number < totp < webauthn."""
        return _STRENGTH[self]


_STRENGTH = {factor: position for position, factor in enumerate(Factor)}  # looked at very often


@dataclass(frozen=True, slots=True)
class Act:
    """What is done beside answering gates, and to whom or what: by an administrator (usecases/acts.py has the table of
    names), or by somebody with their own authenticators (usecases/own_authenticators.py).
    """

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """One person's attempt at one gate: issued at the tap, single use, `tries` left, never past the gate's deadline.

    `factor` is what is to be typed: a code, or the number that the run shows. A challenge for an `act` names no gate,
    so that neither serves in the other's place. `broken` says that the gate's glass was broken before: what was shown
    then is another requirement.
    """

    id: str
    gate: str
    generation: int
    issued: int
    expires: int
    tries: int
    factor: Factor = Factor.TOTP
    act: Act | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A question that a security key is to sign, once. Its challenge is bound to all of this and to what it is about.

    `nonce` (32 random bytes in hexadecimal) names it. `gate` is a jti, and `decision` `approve` or `deny`, where
    `purpose` is `answer`; for other purposes both are empty, and `act` says what for. `credential` is an
    authenticator's id. `session` names that of the page which asks, and alone may bring the answer.
    """

    nonce: str
    purpose: str
    credential: str
    issued: int
    expires: int
    gate: str = ""
    decision: str = ""
    act: Act | None = None
    session: str = ""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a person has enrolled. `sealed` holds the secret or the public key (core/seal.py).

    What changes with each use stays outside the seal: `last_step` of codes, `count` of a key's signatures. `by` is the
    roster id, or the operator's login, of whoever let it be set up, where that is known. A suspended one (lost, or
    perhaps copied) never comes back. One that waits for a second administrator counts for nothing, and ends at
    `waits_until` (ms UTC); 0 where nobody is waited for.
    """

    id: str
    kind: Factor
    sealed: str
    since: int
    last_used: int = 0
    last_step: int = 0
    revoked_at: int = 0
    by: str = ""
    count: int = 0
    suspended_at: int = 0
    label: str = ""
    waits_until: int = 0

    @property
    def ended(self) -> bool:
        """Whether it was switched off, for good."""
        return self.revoked_at > 0 or self.suspended_at > 0

    @property
    def waits(self) -> bool:
        """Whether a second administrator has to confirm it before it counts."""
        return self.waits_until > 0 and not self.ended

    @property
    def usable(self) -> bool:
        """Whether it may be used for answers."""
        return not self.ended and self.waits_until == 0


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody's authenticator that waits for a second administrator."""

    person: str
    authenticator: Authenticator


@dataclass(frozen=True, slots=True)
class Misses:
    """How many wrong numbers somebody typed for one gate (`jti`); kept until nothing can be typed for it any more."""

    gate: str
    count: int
    until: int


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person's authenticators, what they are being asked, and their throttle: failures count across gates, replicas,
    restarts (S4); `number_failures` of them were wrong numbers. `warned_at` is when they were last told that a used
    code was typed again.

    `lost_at` is when they, or others, last said that what they answer with may be in other hands: no tap and no ticket
    from before counts.
    """

    person: str
    version: int
    authenticators: tuple[Authenticator, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    failures: int = 0
    wait_until: int = 0
    ceremonies: tuple[Ceremony, ...] = ()
    misses: tuple[Misses, ...] = ()
    number_failures: int = 0
    warned_at: int = 0
    lost_at: int = 0

    @property
    def locked_out(self) -> bool:
        """Whether they answer nothing, not even by a tap, until they have enrolled anew."""
        return self.lost_at > 0 and not any(one.usable for one in self.authenticators)

    def usable(self, kind: Factor) -> Authenticator | None:
        """The person's first authenticator of that kind that may be used."""
        return next(iter(self.all_usable(kind)), None)

    def kept(self, kind: Factor) -> tuple[Authenticator, ...]:
        """All of that kind that were not switched off, also those that wait for a second administrator."""
        return tuple(a for a in self.authenticators if a.kind is kind and not a.ended)

    def all_usable(self, kind: Factor) -> tuple[Authenticator, ...]:
        """All of that kind that may be used, in the order in which they came."""
        return tuple(a for a in self.authenticators if a.kind is kind and a.usable)


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """Whose a security key is. `id` is the SHA-256 of its credential id, so that no key is enrolled twice."""

    id: str
    version: int
    person: str
    authenticator: str


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A one-time address of the agent's own pages. `id` is the SHA-256 (hexadecimal) of the token that only its holder
    has; `purpose` says what it is for, `person` (roster id) for whom alone, `by` who made it. It serves one `gate`, or
    one `act` of an administrator.

    `used_at` is when the token was turned in; what was begun with it must be over at `expires`. `nonce` is that of the
    question which a key is to sign, asked at `asked_at`; `authenticator` the key that is asked for an act; `done_at`,
    since when nothing more can be done with it. The rest is an enrolment's: `vouched_at`, when its person said in the
    messenger that it is them; the seed that was shown, `sealed` as `authenticator`'s, and how often a wrong code was
    typed for it. Where its person has opened it with an authenticator of theirs, that is `proof`, and `kind` is all
    that it enrols.
    """

    id: str
    version: int
    purpose: str
    person: str
    by: str
    issued: int
    expires: int
    gate: str = ""
    used_at: int = 0
    vouched_at: int = 0
    done_at: int = 0
    authenticator: str = ""
    sealed: str = ""
    tries: int = 0
    nonce: str = ""
    asked_at: int = 0
    act: Act | None = None
    proof: str = ""
    kind: str = ""
