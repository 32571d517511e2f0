"""A world with the pages on which people enrol."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desk_world import World
from jenkins_mfa.core import totp
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import Refusal
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.enrolment import Enrolment, OwnActs
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.wiring import SystemRandomness

PARTY = RelyingParty("mfa.example.com", "https://mfa.example.com")


class Place(World):
    """A world with pages."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.desk = replace(self.desk, randomness=SystemRandomness())
        self.page = Enrolment(self.desk, WebAuthnKeys(PARTY, "jenkins-mfa"))
        self.own = OwnActs(self.desk)

    def invite(self, person: str = "bob", by: str = "alice") -> str:
        return tickets.make(self.desk, For.ENROL, person, by)[0]

    def opened(self, person: str = "bob", by: str = "alice") -> str:
        """A page stands open; the ticket's id."""
        return tickets.turn_in(self.desk, self.invite(person, by)).id

    def vouched(self, person: str = "bob", by: str = "alice") -> str:
        found = self.opened(person, by)
        self.own.vouch(found, self.who(person), True, "tap")
        return found

    def code(self, seed: str, steps: int = 0) -> str:  # type: ignore[override]
        return totp.code_at(seed, self.clock.now() // 1000 + steps * totp.STEP)

    def register(self, ticket: str, key: SecurityKey, options: dict[str, Any] | None = None) -> Any:
        made = key.register(options or self.page.begin_key(ticket), PARTY.origin)
        return self.page.finish_key(ticket, json.dumps(made).encode(), "blue key")

    def usable(self, person: str = "bob") -> list[Factor]:
        return [one.kind for one in self.store.person(person).authenticators if one.usable]

    @property
    def alerts(self) -> list[tuple[str, str]]:
        return [(alert.code, alert.to) for alert in self.store.waiting_alerts]

    @property
    def events(self) -> list[tuple[str, str]]:
        entries = [linked.entry for linked in self.store.trail]
        return [(one.event, str(one.details.get("reason", ""))) for one in entries]


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
