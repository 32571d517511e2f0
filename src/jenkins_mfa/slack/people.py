"""Accounts of the workspace as `jenkins-mfa roster` looks at them: what each is, and its address.

An address takes the scope users:read.email; without it Slack tells none, and none is made up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from jenkins_mfa.core.roster_join import Account, Standing
from jenkins_mfa.errors import MessageGoneError, MessengerUnavailableError
from jenkins_mfa.slack.accounts import standing
from jenkins_mfa.slack.calls import call, told

PATIENCE = 90.0  #: seconds of one pause that Slack asks for which a command waits
PAUSES = 20  #: of them, for one account


@dataclass(frozen=True)
class People:
    """Looks accounts up, one call each; where Slack limits calls it waits as long as Slack says, with `sleep`."""

    client: WebClient
    team: str
    sleep: Callable[[float], None] = time.sleep

    def account(self, user: str) -> Account:
        """The account with this id. Raises MessengerError."""
        try:
            return self._read(self._call(self.client.users_info, user=user), user)
        except MessageGoneError:
            return Account(user, "", Standing.GONE)

    def by_email(self, email: str) -> Account | None:
        """The account with this address; None where there is none. Raises MessengerError."""
        try:
            answer = self._call(self.client.users_lookupByEmail, email=email)
        except MessageGoneError:
            return None
        return self._read(answer, str(told(answer, "user", dict).get("id")))

    def _call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        for _ in range(PAUSES):
            try:
                return call(method, **arguments)
            except MessengerUnavailableError as error:
                if not error.retry_after or error.retry_after > PATIENCE:
                    raise
                self.sleep(error.retry_after)
        return call(method, **arguments)

    def _read(self, answer: Any, user: str) -> Account:
        """Raises MessengerUnavailableError where the answer is about somebody else."""
        found = told(answer, "user", dict)
        if found.get("id") != user:
            raise MessengerUnavailableError("Slack: no readable answer")
        profile = found.get("profile")
        email = str((profile if isinstance(profile, dict) else {}).get("email") or "").strip().lower()
        confirmed = found.get("is_email_confirmed") is True
        name = str(found.get("real_name") or "")
        return Account(user, name, standing(found, self.team), email if confirmed else "", confirmed or not email)
