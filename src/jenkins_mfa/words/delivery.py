"""An answer that Jenkins does not take: why, how often it was tried, when the next try is."""

from __future__ import annotations

import re

from jenkins_mfa.core.model import Trouble
from jenkins_mfa.words.parts import Line, Parts, Time, duration, say, sentences

STATUS = re.compile("[1-5][0-9]{2}")
SOON = 60_000  #: ms

#: What `Trouble.reason` means, as the rest of a sentence; a status of HTTP stands for itself.
REASONS = {
    "unreachable": "Jenkins cannot be reached, or its answer cannot be read",
    "401": "Jenkins does not accept the agent's token, or is starting",
    "starting": "Jenkins has just started, and its builds may not be complete",
    "gone": "the build, or its input, is not there at the moment; it may have been moved or deleted",
    "shutdown": "Jenkins prepares for a shutdown, so builds would not go on",
    "clock": "by Jenkins' clock the receipt is not valid now, so the build would refuse it",
    "forbidden": "the agent's account may not do that in Jenkins",
    "still_waits": "Jenkins took the answer, but the build still waits",
    "accounts": "Slack does not tell whether the approvers' accounts are active",
    "seal_broken": "what the store holds is not what was written, so nothing is sent",
    "revoked_key": "the key of its receipt was revoked, so nothing is sent",
    "key_ended": "the key of its receipt was taken out of use or has ended, so nothing is sent",
    "receipt_changed": "its receipt would not be the one that was claimed, so nothing is sent",
    "rolled_back": "the store is not the one that is known, so nothing is sent until an operator has looked",
    "unforeseen": "something unforeseen, which the agent's log tells",
}


def why(reason: str) -> Parts:
    """The reason as the rest of a sentence."""
    known = REASONS.get(reason)
    if known is None:
        known = f"Jenkins answers {reason}" if STATUS.fullmatch(reason) else REASONS["unforeseen"]
    return say(known)


def why_not(reason: str) -> Parts:
    """That a decision has not reached its build, and why."""
    return say("The answer has not reached the build: {why}.", why=why(reason))


def brief(trouble: Trouble, now: int) -> Parts:
    """For a list of the moment: why, how often, how long until the next try."""
    then = f"in {duration(trouble.next - now)}" if trouble.next else "now"
    return say(f"{{why}}; tries: {{n}}, next {then}", why=why(trouble.reason), n=trouble.tries)


def lines(trouble: Trouble) -> list[Line]:
    """How often it was tried, and what then. A message has this when its reason was new, so it names the moment."""
    at = Time(trouble.at)
    tried = (
        say("Tried once: {at}.", at=at)
        if trouble.tries == 1
        else say("Tried {n} times, the last time: {at}.", n=trouble.tries, at=at)
    )
    soon = trouble.next - trouble.at <= SOON
    then = say("within a minute") if soon else (Time(trouble.next),)
    rest = say("Nothing to do for approvers; ops are told if it lasts a minute.")
    return [Line(sentences([tried, say("Next try: {then}.", then=then)])), Line(rest, ())]
