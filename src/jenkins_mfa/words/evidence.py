"""What a security key has signed, in words for an auditor: what does not hold, and where trail and key disagree."""

from __future__ import annotations

from collections.abc import Collection

from jenkins_mfa.core.audit_evidence import Judged
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.words import history, keys
from jenkins_mfa.words.parts import Fact, Parts, Word, join, say

#: By `Judged.why`: where the trail says something else than the key has signed, which is {signed}.
DISAGREE = {
    "missing": "the trail holds no evidence of that",
    "factor": "it is a key that has signed this",
    "act": "the key has signed something else, {signed}",
    "gate": "the key has signed an answer to another gate, {signed}",
    "run": "the key has signed an answer to another run, {signed}",
    "person": "the key has signed as {signed}",
    "decision": "the key has signed the opposite, {signed}",
    "request": "the gate was opened with another request than the key has signed, {signed}",
    "time": "the key was asked for other minutes than those of the event",
    "enrolled": "the trail names no enrolment of this key before, SHA-256 {signed}",
    "owner": "the key that has signed as {signed} was enrolled for somebody else",
    "authenticator": "the key that has signed is another authenticator, {signed}",
    "unconfirmed": "no second administrator had confirmed the key, {signed}, before",
    "switched_off": "the key, {signed}, had been switched off before",
    "site": "the key was used on {signed}, and [web] url says another address",
    "doubled": "the question was answered before",
}

MEND = 'keep this store as evidence; docs/operations.md, "Evidence that does not hold".'


def problem(judged: Judged) -> Parts:
    """What does not hold about a key's answer; a clause."""
    return say(DISAGREE.get(judged.why) or keys.means(judged.why), signed=Fact(judged.signed))


def finding(judged: Judged, roster: Roster) -> Parts:
    """An answer that does not hold: which event, what it says, and why that is not proved."""
    gate = say(" ({about})", about=history.about(judged.entry)) if judged.entry.gate else ()
    return say(
        "Not right: event {seq}{gate}: {said} But {problem}.",
        seq=Word(str(judged.seq)),
        gate=gate,
        said=history.sentence(judged.entry, roster),
        problem=problem(judged),
    )


def hold(answers: int, origins: Collection[str], site: RelyingParty | None) -> Parts:
    """All of them hold; on which pages they were given, if nothing says which those should be."""
    if not answers:
        return say("Right: no answer was given with a security key.")
    count = "the one answer" if answers == 1 else f"all {answers:,} answers"
    right = f"Right: the evidence of {count} given with security keys holds"
    if site is not None:
        return say(f"{right}, on {{origin}}.", origin=Word(site.origin))
    pages = join([(Fact(origin),) for origin in sorted(origins)])
    return say(
        f"{right}, on {{pages}}. Whether these are your pages is not compared: the configuration has no [web].",
        pages=pages,
    )
