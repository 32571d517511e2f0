"""The weekly digest for ops: figures of the week, and what stands still until somebody does something about it."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Parts, Time, Word, say

MOST = 5  #: people who are named of each kind
NOTHING = "Nothing else to do: no delivery was given up, nobody's codes wait, and all have what they are asked for."
NO_KEY = "No receipt key signs: every build is denied. Mend: jenkins-mfa keys generate"


def lines(values: Mapping[str, str], roster: Roster) -> list[Parts]:
    """The whole message; `values` are those of usecases/digest.py and of the report."""
    since, until = Time(int(values["since"])), Time(int(values["until"]))
    head = say("The week from {since} to {until}: {told}", since=since, until=until, told=Word(values["summary"]))
    return [
        head,
        *(_to_do(values, roster) or [say(NOTHING)]),
        _key(values),
        say("All figures: jenkins-mfa report --since 7d"),
    ]


def _to_do(values: Mapping[str, str], roster: Roster) -> list[Parts]:
    found: list[Parts] = []
    if parked := int(values["parked"]):
        found.append(say("Deliveries that were given up: {n}. Which, and why: jenkins-mfa deliveries list", n=parked))
    if values["throttled"]:
        text = "Their codes wait after too many misses: {who}. Ask whether it was them, then /mfa unlock."
        found.append(say(text, who=_named(values["throttled"], roster)))
    if values["lacking"]:
        text = "Asked for more than they have enrolled: {who}. See jenkins-mfa roster check."
        found.append(say(text, who=_named(values["lacking"], roster)))
    return found


def _named(ids: str, roster: Roster) -> Parts:
    return people.names(roster, ids.split(","), most=MOST)


def _key(values: Mapping[str, str]) -> Parts:
    if not values["key_age"]:
        return say(NO_KEY)
    age, left = int(values["key_age"]), int(values["key_left"])
    return say("The newest receipt key is {age} days old, and ends in {left} days.", age=age, left=left)
