"""The security keys in the demo's page: a simulated browser opens the agent's real page, and the key is touched."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.demo import files
from jenkins_mfa.demo.keys import newest_link
from jenkins_mfa.demo.web_form import Form
from jenkins_mfa.simulators.browser import Browser, Page, SaidError
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import SlackSimulator

Json = dict[str, Any]

_PEOPLE = {user: person for person, _, _, user, _ in files.PEOPLE}


@dataclass
class _Window:
    """One person's browser, and what it shows; `opened` is the message whose address it opened last."""

    browser: Browser
    opened: str = ""
    page: Page | None = None
    says: str = ""
    right: bool = True


class Keys:
    """The keys and the browsers before them. No HTTP of the demo's own page here."""

    def __init__(self, slack: SlackSimulator, held: Mapping[str, SecurityKey]) -> None:
        self._slack = slack
        self._held = held
        self._windows = {user: _Window(Browser(held[person])) for user, person in _PEOPLE.items()}
        self._one_touch = threading.Lock()

    def view(self, me: str) -> Json:
        """What this person's key and browser show."""
        window, address = self._windows[me], newest_link(self._slack, me)
        page = window.page
        return {
            "enrolled": bool(self._held[_PEOPLE[me]].held),
            "waiting": address is not None and address[0] != window.opened,
            "lines": list(page.lines) if page else [],
            "choices": sorted(page.choices & {"approve", "deny"}) if page else [],
            "says": window.says,
            "right": window.right,
        }

    def act(self, verb: str, form: Form) -> Json:
        """`look` opens the address that Slack gave last; `approve` and `deny` touch the key; `leave` closes all."""
        window = self._windows[form.me]
        with self._one_touch:
            window.says, window.right = "", True
            try:
                self._do(verb, form, window)
            except SaidError as error:
                window.says, window.right = str(error), False
        return {}

    def _do(self, verb: str, form: Form, window: _Window) -> None:
        if verb == "look":
            address = newest_link(self._slack, form.me)
            if address is not None:
                window.opened = address[0]
                window.page = None
                window.page = window.browser.open(address[1])
        elif verb == "leave":
            window.page = None
        elif window.page is not None:
            window.says = window.browser.answer(window.page, verb, form.optional("reason") or "")
            window.page = None


VERBS = frozenset({"look", "approve", "deny", "leave"})
