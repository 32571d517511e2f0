"""What an operator reads who revokes a receipt key: which builds have to do with it, and what is to be done next."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.usecases.revoke import WHAT, Concerned, Revoked
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say

MOST = 50  #: builds of one kind that are shown in text; all are in the JSON
#: Where the store cannot be asked which keys are revoked, and what is to be done then.
NOT_ASKED = "It has to say which receipt keys are revoked: nothing was published."
ASK = "start it, or correct [store] url; where it is lost for good, restore it first"

#: By what a build has to do with the key: a line above those builds, and what is to be done about each.
KINDS = {
    "bypassed": ("Let go on in Jenkins without jenkins-mfa, and believe this key. Look at these first:", "look"),
    "waits_only": ("Wait, and know no other key that is in use. They are denied, and aborted by the agent:", "aborted"),
    "waits": ("Wait, and believe this key beside another one. Abort them in Jenkins:", "abort"),
    "passed": ("Were let go on by a receipt of this key. Ask the approvers whether they confirmed:", "look"),
}


def concerned(found: Sequence[Concerned], damaged: int, roster: Roster) -> list[Parts]:
    """The builds, kind by kind."""
    lines: list[Parts] = []
    for what in WHAT:
        some = [one for one in found if one.what == what]
        if some:
            lines += [say(KINDS[what][0]), *(_line(one, roster) for one in some[:MOST])]
        if len(some) > MOST:
            lines.append(say("  and {n} more, with --json", n=len(some) - MOST))
    if damaged:
        lines.append(say("Damaged gates, of which nobody knows: {n}. See jenkins-mfa check.", n=damaged))
    return lines or [say("No build that is known has to do with this key.")]


def _line(one: Concerned, roster: Roster) -> Parts:
    who = people.names(roster, one.approvers) if one.approvers else say("nobody")
    return say(
        "  {at}  {source}: {build}, approved by {who}",
        at=Time(one.at),
        source=Word(one.gate.run.source),
        build=people.build(one.gate.run),
        who=who,
    )


def left_out(kid: str) -> Parts:
    """Beside published keys: a revoked one that the files still have is not among them."""
    return say(
        "{kid} is revoked, and left out; the files here still have it. Mend: jenkins-mfa keys revoke {kid}",
        kid=Word(kid),
    )


def done(revoked: Revoked, left: Sequence[str]) -> list[Parts]:
    """That the key is out of use, and the steps that only people can do; `left` are the kids that still sign."""
    by = Fact(revoked.key.by)
    word = "is revoked" if revoked.fresh else "was revoked before"
    lines = [say(f"{{kid}} {word}, by {{by}}, {{at}}.", kid=Word(revoked.key.kid), by=by, at=Time(revoked.key.at))]
    if revoked.denied:
        lines.append(say("Denied: {all}.", all=join([people.build(gate.run) for gate in revoked.denied])))
    steps = [] if left else ["jenkins-mfa keys generate: no other key signs, and every build is denied until one does."]
    steps += [
        "In the library's repository: jenkins-mfa keys public --library . Commit, tag, push; set the tag in Jenkins.",
        "Abort the builds named above, and those that began before the new tag and still have a gate before them.",
        "Give deploy targets that keep the key set as a file the new one: jenkins-mfa keys public",
        "Where agents have key files of their own: run this there, too. jenkins-mfa check names what is left to do.",
    ]
    return [*lines, say("Next:"), *(say(f"  {number}. {step}") for number, step in enumerate(steps, 1))]
