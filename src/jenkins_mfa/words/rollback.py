"""What an operator reads who takes an older store for the true one."""

from __future__ import annotations

from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.checkpoint import Change, Checkpoint
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.usecases.rollback import Accepted
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Parts, Time, Word, say

NOTHING = "The store is not behind its checkpoints: there is nothing to accept."

_DID = {
    "authenticator:enrolled": "was enrolled, and is not in this store: enrol anew",
    "authenticator:revoked": "was switched off",
    "authenticator:suspended": "was suspended",
}


def problem(code: str) -> Parts:
    """What is wrong with the store, and what is to be done, as the rest of a sentence."""
    accept = "find out why, then jenkins-mfa store accept-rollback"
    match code:
        case "behind":
            return say(f"its trail ends before an event that was seen; {accept}")
        case "broken":
            return say("its trail does not hold; see jenkins-mfa audit verify")
    return say(f"its trail is another one than was seen; {accept}")


def found(at: Head, newest: Checkpoint | None, gates: int) -> list[Parts]:
    """What is to be accepted."""
    lines = [say("The trail of this store ends with event {seq}.", seq=at.seq)]
    if newest is not None:
        known = "The newest checkpoint outside it: event {seq}, {at}. What happened since is not in this store."
        lines.append(say(known, seq=newest.seq, at=Time(newest.at)))
    return [*lines, say("Gates that are open in it, and will be denied: {n}.", n=gates)]


def done(accepted: Accepted, roster: Roster) -> list[Parts]:
    """What was done, and what became of authenticators meanwhile."""
    lines = [
        say("Taken up. Gates closed: {n}. Their builds are aborted when an agent runs.", n=len(accepted.gates)),
        say("Codes of this moment and the next step count no more. One-time addresses of before have ended."),
    ]
    if not accepted.changes:
        return [*lines, say("The checkpoints tell of no change of an authenticator that this store lacks.")]
    lines.append(say("Changes of authenticators that this store lacks:"))
    return lines + [_change(change, change.authenticator in accepted.suspended, roster) for change in accepted.changes]


def _change(change: Change, suspended: bool, roster: Roster) -> Parts:
    did = _DID.get(change.event, "changed") + ("; suspended now" if suspended else "")
    which = Word(change.authenticator or "all")
    whose = people.person(roster, change.person)
    return say(f"  {{at}}  {{whose}}: {{which}} {did}.", at=Time(change.at), whose=whose, which=which)
