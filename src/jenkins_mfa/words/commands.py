"""What `/mfa` answers: what waits, one gate's history, help, and what is said to a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from jenkins_mfa.core.model import Entry, Factor, Gate, State, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import delivery, facts, holding, people, render, state
from jenkins_mfa.words import history as trail
from jenkins_mfa.words.parts import Channel, Fact, Parts, Word, duration, join, listing, say, sentences

_READING = ("pending", "show", "why", "me", "help")
_DOING = ("approve", "deny", "retract", "lost", "break-glass", "review", "release", "unlock", "invite", "confirm")
KNOWN = (*_READING, *_DOING)
PAGE = 10  #: gates on one page
LINE = 340  #: bytes of `text` for one gate, so that a page fits
DAMAGED = 3  #: damaged gates that are named
HISTORY = 20  #: events shown, the newest
STALE = 60_000  #: ms after which a source's last reading is no longer the present
_WORD = 40  #: characters of an unknown word that are repeated


def pending(
    gates: Sequence[Gate],
    page: int,
    roster: Roster,
    now: int,
    me: str,
    troubles: Mapping[str, Trouble],
    stuck: Callable[[Gate], Sequence[str]],
) -> list[Parts]:
    """One page of what waits, oldest first; `me` is the roster id of who asks, `troubles` are by gate id. `stuck` tells
    who would have to enrol before a gate can be answered.
    """
    total = len(gates)
    first = (page - 1) * PAGE
    shown = gates[first : first + PAGE]
    if not shown:
        return [say("Nothing waits.") if not total else say("{n} builds wait; this page is empty.", n=total)]
    if total == 1:
        head = say("1 build waits.")
    elif total <= PAGE:
        head = say("{n} builds wait. Oldest first.", n=total)
    else:
        head = say("{n} builds wait; {a} to {b}, oldest first.", n=total, a=first + 1, b=first + len(shown))
    found = [head, *(_waiting(gate, roster, now, me, troubles.get(gate.id), stuck(gate)) for gate in shown)]
    if first + PAGE < total:
        found.append(say(f"Next: /mfa pending {page + 1}"))
    return found


def damaged(records: Sequence[str]) -> list[Parts]:
    """Gates that cannot be read any more, by the names of their records; what there is no room for is counted."""
    text = "Damaged: {record} is not what jenkins-mfa wrote, so nobody can answer it. Ops are told."
    lines = [say(text, record=Word(render.visible(one, quoted=False))) for one in records[:DAMAGED]]
    rest = len(records) - DAMAGED
    return [*lines, say("{n} more are damaged: jenkins-mfa pending", n=rest)] if rest > 0 else lines


def nobody(gate: Gate, lacking: Sequence[str], roster: Roster, most: int = 3) -> Parts:
    """That a gate cannot be answered by those who may: "nobody can answer: Carol Diaz has no key"."""
    clauses = gate.requirement.clauses if gate.requirement else ()
    asked = max((clause.factor for clause in clauses), key=lambda factor: factor.strength, default=Factor.TOTP)
    verb = "has" if len(lacking) == 1 else "have"
    who = people.names(roster, lacking, most=most)
    return say(f"nobody can answer: {{who}} {verb} no {people.GAVE[asked]}", who=who)


def _waiting(gate: Gate, roster: Roster, now: int, me: str, trouble: Trouble | None, lacking: Sequence[str]) -> Parts:
    """One gate in one line of at most LINE bytes: names and job are shortened where they do not fit."""
    line: Parts = ()
    for whole, most in ((facts.WHOLE, 3), (facts.WHOLE, 0), (facts.MEASURED, 0)):
        asks = gate.state is State.PENDING and gate.held is None
        missing = people.opens(gate, roster, more=True, most=most) if asks else ()
        who = listing(people.requesters(gate, roster), max(most, 1), "and", "people") or say("nobody named")
        age, left = duration(now - gate.opened_at), duration(gate.deadline - now)
        line = say(
            f"{{number}} {{job}}: {{missing}}. Started by {{who}} {age} ago, {left} left. "
            f"/mfa show {state.short(gate)}",
            number=people.number(gate.run),
            job=facts.chip(gate.run.pipeline, whole),
            missing=missing or standing(gate, roster, trouble, now),
            who=who,
        )
        if lacking:
            line = say("{line} ({nobody})", line=line, nobody=nobody(gate, lacking, roster, most))
        elif gate.state is State.PENDING and me in people.others(gate, roster):
            line = say("{line} (you can answer)", line=line)
        if len(render.text(line).encode(errors="replace")) <= LINE:
            break
    return line


def standing(gate: Gate, roster: Roster, trouble: Trouble | None, now: int) -> Parts:
    """Where a gate stands that asks nobody (any more): its state, why it is held, what keeps its answer from it."""
    if gate.state is State.PENDING and gate.held is not None:
        return say("held: {why}", why=holding.why(gate.held, roster))
    word = say(state.word(gate, trouble))
    return say("{word}: {why}", word=word, why=delivery.brief(trouble, now)) if trouble else word


def sources(beats: Mapping[str, Mapping[str, object]], now: int) -> Parts:
    """How fresh the list is: a source that cannot be read may have more."""
    found: list[Parts] = []
    for name, beat in sorted(beats.items()):
        kind, _, source = name.partition(":")
        at = beat.get("at")
        if kind != "source" or not isinstance(at, int):
            continue
        label = Word(source)
        age = duration(now - at)
        if not beat.get("ok"):
            found.append(say("{source} cannot be read now: there may be more.", source=label))
        elif now - at > STALE:
            found.append(say(f"{{source}} was last read {age} ago: there may be more.", source=label))
        else:
            found.append(say(f"{{source}} read {age} ago.", source=label))
    return say("Sources: {found}", found=join(found, between=" ")) if found else ()


def history(gate: Gate, entries: Sequence[Entry], roster: Roster) -> list[Parts]:
    """The newest events of a gate, oldest first."""
    shown = entries[-HISTORY:]
    head = say("History, UTC")
    if len(entries) > HISTORY:
        rest = say(f"{{n}} earlier: jenkins-mfa show {state.short(gate)}", n=len(entries) - HISTORY)
        head = say("{head}. {rest}", head=head, rest=rest)
    return [head, *(event(entry, roster) for entry in shown)]


def event(entry: Entry, roster: Roster) -> Parts:
    """One event with its time of day."""
    clock = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%H:%M:%S")
    return say(f"{clock} {{what}}", what=trail.sentence(entry, roster))


def none_found(prefix: str) -> Parts:
    """No gate has an id that begins so."""
    return say("No gate begins with {prefix}.", prefix=_repeated(prefix))


def ambiguous(ids: Sequence[str]) -> Parts:
    """Several gates' ids begin so."""
    length = next((n for n in range(5, 33) if len({one[:n] for one in ids}) == len(ids)), 32)
    both = join([(Word(one[:length]),) for one in ids], last=" and ")
    return say(f"{{both}} {'both' if len(ids) == 2 else 'all'} match: one character more.", both=both)


def no_prefix(word: str) -> Parts:
    """A command needs to know which gate."""
    return say(f"/mfa {word} needs 4 characters of a gate's id or more; its message and /mfa pending have them.")


def help_text(ops_channel: str) -> Parts:
    """What can be asked."""
    return say(
        "/mfa pending: what waits · /mfa show ID: one gate with its history · "
        "/mfa why ID: what it needs, who can answer, which rules ask · "
        "/mfa approve ID, /mfa deny ID: as the buttons of its message · /mfa retract ID: take your confirmation back · "
        "/mfa me: your authenticators · /mfa lost: your phone or key is lost, so nothing of yours counts any more · "
        "/mfa break-glass ID REASON: put it under the policy's break-glass rule · "
        "/mfa review ID NOTE: say afterwards that you looked at it · "
        "/mfa release @person: let builds be asked again that a report holds (administrators, with a code) · "
        "/mfa unlock @person: let their codes count again (administrators, with a code) · "
        "/mfa invite @person: make them an address to enrol with (administrators, on a page) · "
        "/mfa confirm @person: let count what another administrator let them enrol · /mfa help. "
        "Trouble: {ops}.",
        ops=Channel(ops_channel),
    )


def unknown(word: str) -> Parts:
    """A word that is no command: the nearest one, and all that there are."""
    near = difflib.get_close_matches(word.lower()[:_WORD], KNOWN, 1, 0.5)
    first = say("/mfa {word} is not known.", word=_repeated(word))
    if len(word) > _WORD:
        first = say("That word is not known.")
    nearest = say(f"Nearest: /mfa {near[0]}.") if near else ()
    return sentences([first, nearest, say(f"Known: {', '.join(KNOWN)}. What they do: /mfa help.")])


def no_codes() -> Parts:
    """A code was typed where everybody's client may keep it."""
    return say("Never type a code here. Tap Approve; the form asks for it. Use the next code there.")


def unread() -> Parts:
    """The store cannot be reached."""
    return say("The store cannot be reached, so nothing can be shown now. Nothing goes on meanwhile.")


def strangers(account: str, team: str) -> Parts:
    """Who is not in the roster sees no builds."""
    return say(
        "This is for people of the roster. Ask ops to add {account} of team {team}.",
        account=Fact(account),
        team=Fact(team),
    )


def _repeated(word: str) -> Parts:
    return (Fact(word),) if len(word) <= _WORD else say("that")
