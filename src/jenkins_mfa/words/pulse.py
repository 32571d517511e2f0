"""How agents, sources, deliveries and the trail's keepers fare, one line for each."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core import beats
from jenkins_mfa.core.model import Backlog
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Fact, Parts, Word, duration, say, sentences


def agent(name: str, beat: beats.Beat, now: int) -> Parts:
    """One agent: its version, when it was last seen, and what it did not take over."""
    age = duration(beats.age(beat, now))
    head = say(
        f"{{name}}, version {{version}}, last seen {age} ago.", name=_text(name), version=_text(beat.get("version"))
    )
    refused, kept = beat.get("refused"), beat.get("not_taken")
    policy = say("Policy not taken over: {why}", why=Fact(str(refused))) if refused else ()
    files = [say("{what} not taken over: {why}", what=_text(what), why=Fact(str(why))) for what, why in _pairs(kept)]
    silent = say("It does not run, or hangs.") if beats.age(beat, now) >= beats.FRESH else ()
    return sentences([head, silent, policy, *files])


def sources(told: Mapping[str, beats.Beat], now: int) -> list[Parts]:
    """One line for each source: when it was read, how many pauses it had, why it cannot be read."""
    found = [(name.partition(":")[2], beat) for name, beat in sorted(told.items()) if name.startswith("source:")]
    return [_source(name, beat, duration(beats.age(beat, now))) for name, beat in found]


def _source(name: str, beat: beats.Beat, age: str) -> Parts:
    if not beat.get("ok"):
        return say(
            f"{{name}} cannot be read, {age} ago: {{why}}", name=_text(name), why=Fact(str(beat.get("problem", "")))
        )
    pending, ms = beat.get("pending"), beat.get("ms")
    return say(
        f"{{name}} was read {age} ago in {{ms}} ms: {{n}} wait.", name=_text(name), ms=_text(ms), n=_text(pending)
    )


def backlog(found: Backlog, now: int) -> Parts:
    """What is to be delivered, and what is not."""
    first = say("{n} to be delivered, {parked} given up.", n=found.waiting, parked=found.parked)
    if not found.failing:
        return first
    return sentences([first, say(f"Tried in vain for {duration(now - found.failing)}: jenkins-mfa pending")])


def keeper(name: str, beat: beats.Beat, now: int) -> Parts:
    """The checkpoints or the copies of the trail, or a destination that it is sent to, by the heartbeat's name. What an
    agent tells of a destination names it already where it fails.
    """
    kind, to, age = beats.kind_of(name), name.split(":")[1], duration(beats.age(beat, now))
    problem = str(beat.get("problem", ""))
    if kind == "forward":
        fails = say("The trail is not sent to {to}: {why}", to=_text(to), why=Fact(problem.removeprefix(f"{to}: ")))
        return say(f"The trail is sent to {{to}}, seen {age} ago.", to=_text(to)) if beat.get("ok") else fails
    what = {"trail": "Checkpoints", "export": "Copies"}.get(kind, kind)
    if beat.get("ok"):
        return say(f"{what} were written {age} ago.")
    return say(f"{what} are not written: {{why}}", why=Fact(problem))


def _text(found: object) -> Word:
    return Word(render.visible(str(found), quoted=False)[:80])


def _pairs(found: object) -> list[tuple[str, str]]:
    return [(str(name), str(why)) for name, why in found.items()] if isinstance(found, dict) else []
