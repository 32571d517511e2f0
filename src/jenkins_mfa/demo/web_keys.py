"""Security keys and enrolment in the demo's page: a simulated browser opens the agent's real pages, and acts there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from jenkins_mfa.demo import files
from jenkins_mfa.demo.keys import LABEL, newest_link
from jenkins_mfa.demo.web_form import Form
from jenkins_mfa.simulators.browser import Browser, Page, SaidError
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import SlackSimulator

Json = dict[str, Any]

PEOPLE = {user: person for person, _, _, user, _ in files.PEOPLE}
NAMES = {user: name for _, name, _, user, _ in files.PEOPLE}
#: What can be chosen on the agent's pages, and what is offered for it.
OFFERS = {"approve": "approve", "deny": "deny", "show": "scan", "register": "register", "sign": "sign"}
VERBS = frozenset({"invite", "look", "leave", *OFFERS.values()})


class Held(Protocol):
    """People's phones and keys by roster id, the operator's terminal, and the Slack in which addresses stand."""

    slack: SlackSimulator
    seeds: dict[str, str]
    keys: dict[str, SecurityKey]

    def invite(self, person: str) -> str:
        """A one-time address for an enrolment. Raises RuntimeError."""

    def scan(self, person: str, browser: Browser, page: Page) -> str:
        """Give the phone the key that the page shows. Raises SaidError."""


@dataclass
class _Window:
    """One person's browser, and what it shows; the addresses that it opened, and the one that they were handed."""

    browser: Browser
    opened: set[str] = field(default_factory=set)
    invited: str = ""
    page: Page | None = None
    says: str = ""
    right: bool = True


class Keys:
    """The keys and the browsers before them; `changed` is called when a page has changed by itself."""

    def __init__(self, world: Held, changed: Callable[[], None]) -> None:
        self._world = world
        self._changed = changed
        self._windows = {user: _Window(Browser(world.keys[person])) for user, person in PEOPLE.items()}
        self._one_touch = threading.Lock()

    def view(self, me: str) -> Json:
        """What this person's key and browser show."""
        window, person = self._windows[me], PEOPLE[me]
        page, address = window.page, self._address(me)
        return {
            "person": person,
            "enrolled": bool(self._world.keys[person].held),
            "complete": bool(self._world.keys[person].held) and person in self._world.seeds,
            "invited": window.invited,
            "waiting": address not in {"", *window.opened},
            "lines": list(page.lines) if page else [],
            "choices": sorted(OFFERS[one] for one in page.choices & set(OFFERS)) if page else [],
            "says": window.says,
            "right": window.right,
        }

    def act(self, verb: str, form: Form) -> Json:
        """`invite` asks the operator for an address, `look` opens the one that came last, `leave` closes the page; the
        others are done on it.
        """
        window = self._windows[form.me]
        with self._one_touch:
            window.says, window.right = "", True
            try:
                self._do(verb, form, window)
            except (SaidError, RuntimeError) as error:
                window.says, window.right = str(error), False
        return {}

    def _do(self, verb: str, form: Form, window: _Window) -> None:
        if verb == "invite":
            window.invited = self._world.invite(PEOPLE[form.me])
        elif verb == "look":
            address, window.invited, window.page = self._address(form.me), "", None
            window.opened.add(address)
            window.page = window.browser.open(address)
            self._follow(window, window.page)
        elif verb == "leave":
            window.page = None
        elif window.page is not None:
            window.says = self._choose(verb, form, window.browser, window.page)
            window.page = None

    def _choose(self, verb: str, form: Form, browser: Browser, page: Page) -> str:
        if verb == "scan":
            return self._world.scan(PEOPLE[form.me], browser, page)
        if verb == "register":
            return browser.register(page, LABEL)
        if verb == "sign":
            says, address = browser.act(page)
            self._hand_over(form.me, page, address)
            return says
        return browser.answer(page, verb, form.optional("reason") or "")

    def _hand_over(self, me: str, page: Page, address: str) -> None:
        """The address of an invitation goes to whom its page names beside whoever reads it: outside Slack."""
        text = " ".join(said for _, said in page.lines)
        for user, window in self._windows.items():
            if address and user != me and NAMES[user] in text:
                window.invited = address

    def _follow(self, window: _Window, page: Page) -> None:
        """Show an enrolment's page anew once its person has answered in Slack, as the page's own script does."""

        def follow() -> None:
            if window.browser.changed(page) and window.page is page:
                window.page = window.browser.show(page.path)
                self._changed()

        if page.words.get("seen") == "opened":
            threading.Thread(target=follow, name="demo-enrolment", daemon=True).start()

    def _address(self, me: str) -> str:
        """Where this person was sent last: by the operator, or by a button in Slack; empty for nowhere."""
        link = newest_link(self._world.slack, me)
        return self._windows[me].invited or (link[1] if link else "")
