"""The agent's own pages: titles, labels, and what the page's script says. Sentences about gates are those of Slack."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.model import Authenticator, Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people, refusals
from jenkins_mfa.words.parts import Parts, Time, Word, duration, say

NAME = "jenkins-mfa"
SKIP = "To the page"  #: past what leads to other pages

OPEN_TITLE = "One moment"
OPEN_TEXT = "This address is being opened."
GONE_TITLE = "There is no such page"
GONE_TEXT = "Open the page from Slack again, or ask ops for an address."
AWAY_TITLE = "Not possible now"
AWAY_TEXT = "The store cannot be reached. Nothing changed; open the page again in a minute. Nothing goes on meanwhile."
ENDED_TITLE = "This page has ended"
ENDED_TEXT = "It is open for ten minutes at most, for one person. Open it from Slack again."

ANSWER_TITLE = "Your answer"
APPROVE = "Approve with your key"
DENY = "Deny with your key"
CHANNEL = "the channel in Slack"
KEY_LABEL = "Which key"
NO_KEY = "You have no security key or passkey yet. An administrator gives you an address to enrol one."
SIGN_IN_TITLE = "Sign in"
SIGN_IN_TEXT = "With the security key or passkey that you have enrolled here. Nothing else is needed."
SIGN_IN = "Sign in with a passkey"
SIGN_OUT = "Sign out"
LOOK = "Look at it and answer"

ELSEWHERE_TITLE = "This browser has no security keys"
ELSEWHERE_TEXT = (
    "Copy this address and open it in the browser that you use otherwise: Chrome, Edge, Firefox or Safari. "
    "It has not been used yet."
)
ADDRESS_LABEL = "Address"
COPY = "Copy the address"
NO_SCRIPT = "This page needs JavaScript: it asks the security key."

#: What the page's own script says, by the name under which it finds it.
SCRIPT = {
    "copied": "Copied.",
    "lost": "The answer did not arrive. Nothing is known about it: open the page again and look how it stands.",
    "missing": "This address is not whole: what stands behind # is missing. Copy it once more.",
    "key": "Use your security key now.",
    "unused": "The key was not used, and nothing was sent. Choose the button again when you are ready.",
    "changed": "How this build stands has changed. Open this page anew before you answer.",
    "newer": "There is something newer. Open this page anew to see it.",
    "wrong": "This browser did not let the key answer. Nothing was sent.",
}


def unreadable() -> Parts:
    """A request that no page of ours sends."""
    return say("jenkins-mfa does not know what this page sends. Nothing changed.")


def too_much(seconds: int) -> str:
    """More came from one page, or from one address, than people send."""
    return f"Not possible yet: too much came from here in a short time. Nothing changed. Go on in {seconds} s."


def answer_hint(until: int) -> Parts:
    """Until when the page can be used; the key may be asked as often as it takes."""
    return say("This page is for you only, until {until}. The key signs exactly what stands on it.", until=Time(until))


def key(shown: Authenticator) -> Parts:
    """A key in a list: the name that its person gave it, and since when it is there."""
    return say("{label}, since {since}", label=Word(shown.label or "Key"), since=Time(shown.since))


def waiting_title(count: int) -> str:
    """Above what waits for one person."""
    if not count:
        return "Nothing waits for you"
    return "1 build waits for you" if count == 1 else f"{count} builds wait for you"


def signed_in(roster: Roster, person: str, until: int) -> Parts:
    """Who is signed in, until when."""
    return say("You are {who}, until {until}.", who=people.person(roster, person), until=Time(until))


def waits(gate: Gate, roster: Roster, now: int) -> Parts:
    """What is still needed, and for how long."""
    still = people.opens(gate, roster, more=True)
    return say(f"{{still}}; {duration(gate.deadline - now)} left.", still=still)


def refusal(code: str, values: Mapping[str, str], gate: Gate | None, roster: Roster, now: int, me: str = "") -> Parts:
    """Why an answer was not counted: as in Slack, but for its forms, whose buttons no page has."""
    if code == "challenge_over":
        return say("A code was asked for too long ago. Open this page from Slack again.")
    if code == "no_tries":
        until = values.get("wait_until", "")
        left = max(0, int(until) - now) if until.isascii() and until.isdigit() else 0
        wait = f"Wait {duration(left)}, then open" if left else "Open"
        return say(f"No tries left here. {wait} this page from Slack again.")
    return refusals.refusal(code, values, gate, roster, now, me)
