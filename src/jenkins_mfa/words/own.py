"""People's own authenticators: the page that lists, adds and removes them, and why something there was not done."""

from __future__ import annotations

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Parts, Time, say

OPEN = "Manage your authenticators"
TITLE = "Your authenticators"
ENDED = "It is open for ten minutes at most, for one person. Type /mfa me in Slack again, or sign in with a key."
NONE = "You have none. An administrator gives you a one-time address to enrol the first."
REMOVE = "Remove"
ADD_TITLE = "Add another"
ADD = {Factor.TOTP: "Add a code app", Factor.WEBAUTHN: "Add a security key"}
PROOF_TITLE = "Prove that it is you"
PROOF = {
    Factor.TOTP: "Type a code of your code app here, then choose. Each change takes a code of its own.",
    Factor.WEBAUTHN: "Choose what to do, then use your security key: each change takes its signature.",
}
CODE_LABEL = "Code that your app shows"
REMOVED = "Removed. What it had confirmed on builds that wait does not count any more."

#: Why something was not done.
REFUSALS = {
    "nothing_to_prove": (
        "Not done: you have no authenticator that could prove that it is you. "
        "An administrator gives you a one-time address."
    ),
    "first_key": (
        "A code does not vouch for a security key, which is stronger. "
        "For the first one an administrator gives you a one-time address."
    ),
    "last_one": "This is your last one, so it stays. Is it lost? Type /mfa lost in Slack.",
    "not_yours": "Not done: you have no such authenticator in use. Open the page again.",
}

#: The same in the trail: what its person did or is.
REFUSED = {
    "nothing_to_prove": "has no authenticator to prove who they are",
    "first_key": "wanted a first security key without an administrator",
    "last_one": "wanted to remove their last authenticator",
    "not_yours": "wanted to remove what they do not have",
}

#: Acts, in a sentence of the trail.
NAMES = {"add": "adding an authenticator", "remove": "removing an authenticator"}


def hint(roster: Roster, person: str, until: int) -> Parts:
    """Whose page it is, and until when."""
    return say("For {who} only, until {until}.", who=people.person(roster, person), until=Time(until))
