"""What the demo's page sends: one JSON object for each action, read strictly."""

from __future__ import annotations

import json
from typing import Any

from jenkins_mfa.demo import files
from jenkins_mfa.errors import UntrustedInputError

#: Slack users whom the page may act for.
USERS = {user for _, _, _, user, _ in files.PEOPLE}


class Form:
    """One action of the page. Raises UntrustedInputError for anything that the page does not send."""

    def __init__(self, raw: bytes) -> None:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            raise UntrustedInputError("The action is not JSON.") from None
        if not isinstance(found, dict):
            raise UntrustedInputError("The action is not a JSON object.")
        self._found: dict[str, Any] = found

    @property
    def me(self) -> str:
        """The Slack user who acts."""
        return known_user(self.text("as"))

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self.optional(name)
        if value is None:
            raise UntrustedInputError(f"{name} is missing.")
        return value

    def optional(self, name: str) -> str | None:
        """A text that may be missing."""
        value = self._found.get(name)
        if value is not None and not isinstance(value, str):
            raise UntrustedInputError(f"{name} must be a text.")
        return value

    def flag(self, name: str) -> bool:
        """True if it is there and true."""
        return self._found.get(name) is True

    def number(self, name: str) -> int:
        """A whole number that must be there."""
        value = self._found.get(name)
        if type(value) is not int:
            raise UntrustedInputError(f"{name} must be a whole number.")
        return value

    def values(self) -> dict[str, str | list[str]]:
        """The fields of a modal or of a job: a text, or a list of chosen options."""
        found = self._found.get("values")
        if not isinstance(found, dict) or not all(map(_is_value, found.values())):
            raise UntrustedInputError("values must be an object of texts and lists of texts.")
        return found


def known_user(user: str) -> str:
    """The same id. Raises UntrustedInputError for somebody who is not in the demo."""
    if user not in USERS:
        raise UntrustedInputError("Nobody in this demo has that id.")
    return user


def _is_value(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
