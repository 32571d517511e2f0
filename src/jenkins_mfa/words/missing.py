"""What is said of runs of watched pipelines that went past their gate."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Link, Parts, Word, say, sentences

_WHY = {
    "ungated": "It ended well, and no gate of it was let go on.",
    "replayed": "It was replayed: its script need not be the one in the repository.",
    "restarted": "It was restarted from a stage: what stands before that stage did not run again.",
    "foreign": "It loaded a library that is not trusted in the place of ours.",
    "stage": "It reached a stage that none may reach without a gate.",
    "unreadable": "Its record cannot be read.",
    "misdirected": "One of its inputs looks like a gate, and others than the agent may settle it. It is not answered.",
}


def reasons(codes: str) -> Parts:
    """Sentences for the codes, which a space separates."""
    return sentences([say(_WHY[code]) for code in codes.split() if code in _WHY])


def started(values: Mapping[str, str], roster: Roster) -> Parts:
    """Who and from what: "Started by Dan Fox, commit `4f2c…`."."""
    person, by, commit = (values.get(key, "") for key in ("person", "by", "commit"))
    who = people.person(roster, person) if person else ((Fact(by),) if by else say("nobody who is named"))
    what = say("commit {commit}", commit=Fact(commit)) if commit else say("no commit is known")
    return say("Started by {who}, {what}.", who=who, what=what)


def submitter(values: Mapping[str, str]) -> Parts:
    """Whom an input that is not for the agent alone names."""
    if values.get("reason") != "misdirected":
        return ()
    named = values.get("named", "")
    return say("Submitter: {named}.", named=Fact(named)) if named else say("It names no submitter: everybody may.")


def told(values: Mapping[str, str], roster: Roster) -> Parts:
    """Why, whom an input names, who started the run and from what."""
    return sentences([reasons(values.get("reason", "")), submitter(values), started(values, roster)])


def alert(code: str, values: Mapping[str, str], roster: Roster) -> Parts:
    """`gate_missing`, `runs_unseen` or `unwatched`, to ops."""
    pipeline = Fact(values.get("pipeline", ""))
    if code == "unwatched":
        return say(
            "The watched job {pipeline} cannot be seen: deleted, renamed, or hidden from the agent's account. Nothing "
            "tells whether its builds have gates. See jenkins-mfa check.",
            pipeline=pipeline,
        )
    if code == "runs_unseen":
        return say(
            "Of the watched job {pipeline}, builds up to #{upto} were not looked at: {count}. They were deleted, or "
            "there were too many at once. See what they did.",
            pipeline=pipeline,
            upto=Word(values.get("upto", "")),
            count=Word(values.get("count", "")),
        )
    number = values.get("run", "")
    link = Link(values.get("url", ""), f"#{number}")
    head = say("Gate missing: {pipeline} {number}.", pipeline=pipeline, number=link)
    return sentences([head, told(values, roster)])
