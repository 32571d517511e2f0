"""Answers at a terminal: what differs there from what Slack says."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import refusals
from jenkins_mfa.words.parts import Fact, Parts, Word, say

STOPPED = "Stopped. Nothing was recorded."
NO_TERMINAL = "An answer needs a terminal: nobody else can see there what it is given for."
CODE = "Code (it does not show)"
REASON = "Reason"

_HERE = {
    "challenge_over": "That took more than ten minutes, or the gate has changed. Begin again.",
    "no_tries": "That code does not match. Not confirmed; begin again after the wait.",
    "needs_key": (
        "Not counted: this asks you for a security key, and a terminal takes codes alone. Sign in to the agent's own "
        "page with your key, and answer there."
    ),
    "retracted": "Not counted: you have taken this answer back.",
}


def refusal(code: str, values: Mapping[str, str], gate: Gate, roster: Roster, now: int, me: str) -> Parts:
    """Why an answer was not counted. `values["account"]` is the login where the roster does not know it."""
    if code == "not_in_roster":
        text = "Not counted: the login {login} is nobody's in the roster. Ops add it there, under {key}."
        return say(text, login=Fact(values.get("account", "")), key=Word('"operator:local"'))
    if code in _HERE:
        return say(_HERE[code])
    return refusals.refusal(code, values, gate, roster, now, me)
