"""How long until the first byte of the console's pages, for somebody who has signed in with Slack."""

from __future__ import annotations

import time

import requests

from benchmarks.figures import Figure, percentile
from benchmarks.stage import Stage, slack_id

SECONDS = 30  #: that any answer may take


def first_byte(here: Stage, jti: str, gates: int, looks: int) -> Figure:
    """One page after the other, each in a visit of its own, while the agent polls and all its gates wait; the slowest
    page counts.
    """
    pages = {"what waits": "", "a gate": f"/gates/{jti}", "history": "/history", "health": "/health"}
    taken = {name: _taken(here, _signed_in(here), path, looks) for name, path in pages.items()}
    slowest = max(taken, key=lambda name: percentile(taken[name], 50))
    each = ", ".join(
        f"{name} {percentile(of, 50):.1f} ms (95th percentile {percentile(of, 95):.1f} ms)"
        for name, of in taken.items()
    )
    how = f"{gates} open gates, {looks} looks at each page while the agent polls them all; medians: {each}"
    return Figure(f"first byte of the console, {gates} open gates", percentile(taken[slowest], 50), "ms", 50, how)


def _signed_in(here: Stage) -> requests.Session:
    """The first of the approvers, in a browser that goes where it is sent."""
    browser = requests.Session()
    asked = browser.get(f"{here.url}/console/sign-in/slack", allow_redirects=False, timeout=SECONDS).headers["Location"]
    allowed = f"{asked.replace('/authorize?', '/allow?')}&user={slack_id(here.people[0])}"
    back = browser.get(allowed, allow_redirects=False, timeout=SECONDS).headers["Location"]
    assert 'id="out"' in browser.get(back, timeout=SECONDS).text
    return browser


def _taken(here: Stage, browser: requests.Session, path: str, looks: int) -> list[float]:
    """Milliseconds from asking to the first byte of the answer."""
    taken = []
    for _ in range(looks):
        began = time.perf_counter()
        with browser.get(f"{here.url}/console{path}", stream=True, timeout=SECONDS) as answer:
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.ok
            assert answer.content
    return taken
