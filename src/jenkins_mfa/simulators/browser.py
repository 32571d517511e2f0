"""A browser with a security key and without a screen: it opens the agent's pages, and answers on them as people do.

It sends what the pages' own script sends (web/static/page.js), and shows what stands there to be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import requests

from jenkins_mfa.simulators.security_key import BrowserError, SecurityKey

SECONDS = 10  #: that any answer may take
PAGE = "Mfa-Page"  #: the header with which a page says in which session it was shown
LONGEST = 60  #: seconds that the agent may hold a request that waits for a change
_READ = frozenset({"h1", "h2", "p", "li", "pre"})  #: elements whose text is a line
_UNREAD = frozenset({"noscript", "details", "button", "label"})


class SaidError(Exception):
    """What a page says where it does not do what was asked of it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is seen of a page: `lines` are (element, text) from its heading on, `choices` the ids of its buttons.

    `keys` are those that its person may choose among, `words` what its script says and knows.
    """

    path: str
    lines: tuple[tuple[str, str], ...]
    choices: frozenset[str]
    keys: tuple[str, ...]
    words: Mapping[str, str]


class Browser:
    """One person's window, with cookies of its own."""

    def __init__(self, key: SecurityKey) -> None:
        self._key = key
        self._http = requests.Session()
        self._origin = ""
        self._session = ""  # that of the page which is shown, as it says with all that it sends

    def open(self, address: str) -> Page:
        """Use a one-time address up, and show where it leads. Raises SaidError."""
        parts = urlsplit(address)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        return self.show(str(self._post(parts.path, {"token": parts.fragment})["to"]))

    def show(self, path: str) -> Page:
        """A page as it stands now."""
        page = read(path, self._http.get(self._origin + path, timeout=SECONDS).text)
        self._session = page.words.get("session", "")
        return page

    def answer(self, page: Page, decision: str, reason: str = "") -> str:
        """Choose `approve` or `deny` on a gate's page, and touch the key; what the page says. Raises SaidError."""
        return self.send(page, self.sign(page, decision, reason))

    def sign(self, page: Page, decision: str, reason: str = "") -> dict[str, Any]:
        """The key's answer, as the page sends it. Raises SaidError."""
        for key in page.keys:
            chosen = {"decision": decision, "key": key}
            begun = self._post(f"{page.path}/begin", {**chosen, "asks": page.words["asks"]})
            try:
                signed = json.dumps(self._key.sign(begun["options"], self._origin))
            except BrowserError:
                continue  # another key of the same person
            return {**chosen, "nonce": begun["nonce"], "answer": signed, "reason": reason, "report": False}
        raise SaidError(page.words["unused"])

    def send(self, page: Page, given: dict[str, Any]) -> str:
        """Send what `sign` gave; what the page says. Raises SaidError."""
        return str(self._post(f"{page.path}/finish", given)["says"])

    def act(self, page: Page) -> tuple[str, str]:
        """Touch the key on the page of an administrator's act: what the page says, and the address that it shows once
        (empty where it shows none). Raises SaidError.
        """
        for key in page.keys:
            options = self._post(f"{page.path}/begin", {"key": key})["options"]
            try:
                signed = json.dumps(self._key.sign(options, self._origin))
            except BrowserError:
                continue  # another key of the same person
            done = self._post(f"{page.path}/sign", {"answer": signed})
            return str(done["says"]), str(done.get("address", ""))
        raise SaidError(page.words["unused"])

    def changed(self, page: Page) -> bool:
        """Wait until a page is to be shown anew; False once it has ended."""
        while True:
            address = f"{self._origin}/wait?seen={page.words['seen']}"
            try:
                found = self._http.get(address, timeout=LONGEST).json()
            except (requests.RequestException, ValueError):
                return False
            if found.get("ended") or found.get("changed"):
                return bool(found.get("changed"))

    def scan(self, page: Page) -> str:
        """Have an enrolment's page show the code app's key, which it does once; base32. Raises SaidError."""
        return str(self._post(f"{page.path}/code", {})["key"]).replace(" ", "")

    def prove(self, page: Page, code: str) -> str:
        """Type one code of the app; what the page says. Raises SaidError."""
        return str(self._post(f"{page.path}/prove", {"code": code})["says"])

    def register(self, page: Page, label: str) -> str:
        """Have the key make a credential; what the page says. Raises SaidError."""
        options = self._post(f"{page.path}/key", {})["options"]
        try:
            made = json.dumps(self._key.register(options, self._origin))
        except BrowserError:
            raise SaidError(page.words["wrong"]) from None
        return str(self._post(f"{page.path}/register", {"label": label, "answer": made})["says"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Origin": self._origin, "Sec-Fetch-Site": "same-origin", PAGE: self._session}
        try:
            response = self._http.post(self._origin + path, json=body, headers=headers, timeout=SECONDS)
            answer: dict[str, Any] = response.json()
        except requests.RequestException as error:
            raise SaidError(f"The page did not answer ({type(error).__name__}).") from None
        if not response.ok:
            raise SaidError(str(answer.get("says", "")))
        return answer


def read(path: str, text: str) -> Page:
    """A page's HTML, as a person sees it: without what is hidden or folded away."""
    reader = _Reader()
    reader.feed(text)
    lines = tuple((tag, " ".join(said.split()) if tag != "pre" else said) for tag, said in reader.lines)
    shown = tuple(line for line in lines if line[1])
    return Page(path, shown, frozenset(reader.choices), tuple(reader.keys), reader.words)


@dataclass
class _Reader(HTMLParser):
    """Gathers the lines inside `main`; `_stack` holds for each open element whether its text is read."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    choices: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    _stack: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.words = {name.removeprefix("data-"): value for name, value in found.items()}
        if tag == "button" and "id" in found:
            self.choices.add(found["id"])
        if tag == "option" or (tag == "input" and found.get("id") == "key"):
            self.keys.append(found.get("value", ""))
        if tag in {"input", "meta", "link", "br"}:
            return
        inside = tag == "main" or bool(self._stack and self._stack[-1][1])
        seen = inside and tag not in _UNREAD and "hidden" not in found
        self._stack.append((tag, seen))
        if seen and tag in _READ:
            self.lines.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1][1] and any(tag in _READ for tag, _ in self._stack):
            tag, said = self.lines[-1]
            self.lines[-1] = (tag, said + data)
