"""What is told about somebody's codes, to them and to ops."""

from __future__ import annotations

from jenkins_mfa.core.model import Alert
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Parts, Word, say


def alert(given: Alert, roster: Roster) -> Parts:
    """That codes were switched off, or that one was typed again; to the person where the alert is for one."""
    person = given.values.get("person", "")
    if given.code == "code_reused":
        return say(
            "A code of yours that was used already was typed once more, and did not count. If that was not you, "
            "somebody has seen it: tell ops."
        )
    if given.to:
        return say(
            "Your codes are switched off after 50 misses. If those were not yours, somebody guesses: tell ops. An "
            "administrator lets them count again: {command}",
            command=Word(f"/mfa unlock {person}"),
        )
    return say("The codes of {who} are switched off after 50 misses.", who=people.person(roster, person))
