"""A gate as one page: header, state, facts, the pipeline's words. Built from the stored state and nothing else.

What the pipeline says comes last, in the page and in its `text`, so that nothing it says can be followed by, or taken
for, words of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core.model import Gate, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import compared, facts, people, render, state
from jenkins_mfa.words.parts import Fact, Line, Parts, say

HEADER = 150  #: characters, escaped
TEXT = 3_900  #: bytes of UTF-8 for all of `text`: an update with more than 4,000 is refused
STATE = 700  #: bytes of `text` for header and state (contract)
STEPS = (10, 3, 1, 0)  #: how many names stand in a row, from roomy to tight


@dataclass(frozen=True, slots=True)
class Page:
    """What people see of a gate. `box` are the pipeline's own lines; none where its request could not be read."""

    header: Parts
    state: tuple[Line, ...]
    facts: tuple[facts.Row, ...]
    box: tuple[str, ...]


def page(gate: Gate, roster: Roster, others: int = 0, most: int = people.MOST, trouble: Trouble | None = None) -> Page:
    """The page of a gate's present state."""
    return Page(
        header(gate, trouble),
        state.lines(gate, roster, others, most, trouble),
        facts.rows(gate.facts, roster, gate.history),
        tuple(compared.box(gate)),
    )


def header(gate: Gate, trouble: Trouble | None = None) -> Parts:
    """As in "Needs confirmation: “team one/deploy” #17"; a job too long for a header stands with the facts only."""
    word = say(state.word(gate, trouble))
    full = say("{word}: {job} {number}", word=word, job=Fact(gate.run.pipeline), number=_bare(gate))
    if len(render.escape(render.terminal(full))) <= HEADER:
        return full
    return say("{word}: {number}", word=word, number=_bare(gate))


def _bare(gate: Gate) -> Parts:
    number = people.number(gate.run)
    return number if len(gate.run.id) <= 40 else say("a run with a long id")


def text(gate: Gate, roster: Roster, others: int = 0, trouble: Trouble | None = None) -> str:
    """The page for the ear, at most TEXT bytes: header, state, facts, the pipeline's words to the end. Old values are
    in it all or none.
    """
    said = ""
    for old, marked in ((True, True), (False, True), (False, False)):
        left_out = say(f"Old values: /mfa show {state.short(gate)}.") if not old and compared.has_old(gate) else ()
        intro = _intro(gate, roster, others, trouble, left_out)
        said = _spoken(gate, roster, intro, compared.box(gate, old=old, marked=marked))
        if len(said.encode(errors="replace")) <= TEXT:
            break
    return said


def _spoken(gate: Gate, roster: Roster, intro: str, box: list[str]) -> str:
    kept, rest = facts.fitting(facts.rows(gate.facts, roster, gate.history), facts.ROOM, lambda row: row.size)
    lines = [intro, *(render.text(row.spoken) for row in kept)]
    if rest:
        lines.append(render.text(say(f"{facts.FROM_SOURCE}: {{rest}}", rest=rest)))
    if box:
        lines += [facts.SAYS_ALOUD, *map(render.escape, box)]
    return "\n".join(lines)


def _intro(gate: Gate, roster: Roster, others: int, trouble: Trouble | None, last: Parts) -> str:
    """Header and state in one line, with as many names as there is room for; `last` ends it."""
    found = ""
    for most in STEPS:
        shown = page(gate, roster, others, most, trouble)
        said = [line.shown if line.spoken is None else line.spoken for line in shown.state]
        said += [last]
        for head in (shown.header, say(state.word(gate, trouble))):
            found = " ".join([f"{render.text(head)}.", *(render.text(line) for line in said if line)])
            if len(found.encode(errors="replace")) <= STATE:
                return found
    return found
