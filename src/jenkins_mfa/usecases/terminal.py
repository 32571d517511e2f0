"""Confirming at a terminal of the agent's host: with a code, whatever weaker would do elsewhere."""

from __future__ import annotations

from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, eligible
from jenkins_mfa.usecases.answer import NeedsCode
from jenkins_mfa.usecases.decisions import asked_of, audited
from jenkins_mfa.usecases.desk import Desk, Who, load


def ask_code(desk: Desk, jti: str, who: Who, cause: str) -> NeedsCode:
    """A challenge for this login's person and gate: a login alone confirms nothing, since it may be shared.

    Raises Refusal; `needs_key` where only a security key would count.
    """

    def attempt() -> NeedsCode:
        now = desk.store.now()
        gate = load(desk, jti)
        person, _ = eligible.confirming(desk, gate, who, cause, now)
        if asked_of(gate, person.id) is Factor.WEBAUTHN:
            raise Refusal("needs_key")
        issued = codes.issue(desk, gate, person.id, cause, now)
        return NeedsCode(gate, issued.id, issued.expires)

    return audited(desk, jti, who, cause, attempt)
