"""Whether Slack accounts may answer now: active, full members of our workspace, and people (S14)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from jenkins_mfa.core.roster_join import Standing
from jenkins_mfa.errors import MessageGoneError
from jenkins_mfa.slack.calls import call, told

FRESH = 60.0  #: seconds for which an answer of Slack is believed
MOST = 10_000  #: accounts remembered


class Accounts:
    """Looks accounts up, and remembers the answer for FRESH seconds. Safe to use from many threads."""

    def __init__(self, client: WebClient, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._team = team
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    def active(self, user: str) -> bool:
        """Whether the account may answer. Raises MessengerUnavailableError where Slack does not tell: never assumed."""
        now = self._clock()
        with self._lock:
            known = self._known.get(user)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        answer = self._ask(user)
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[user] = (now, answer)
        return answer

    def _ask(self, user: str) -> bool:
        try:
            found = told(call(self._client.users_info, user=user), "user", dict)
        except MessageGoneError:
            return False
        return found.get("id") == user and standing(found, self._team) is Standing.MEMBER


def standing(found: Mapping[str, Any], team: str) -> Standing:
    """What an account of Slack is to this workspace; only a member may answer (S14)."""
    if found.get("deleted"):
        return Standing.LEFT
    if found.get("is_bot") or found.get("id") == "USLACKBOT":
        return Standing.BOT
    if found.get("is_stranger") or found.get("team_id") != team:
        return Standing.ELSEWHERE
    if found.get("is_restricted") or found.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.MEMBER
