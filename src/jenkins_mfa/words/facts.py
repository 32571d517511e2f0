"""What a source's records say about a run, and what its pipeline says, as rows; and whether that fits one message.

Facts may be counted, never cut: rows that a reader must see come first, and where even those do not fit nobody is
asked (S20). The pipeline's words were limited when the request was read (contract: 2,200), so they always fit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from jenkins_mfa.core.model import Change, Claims, Facts, History, Parameter, Revision
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Fact, Parts, Word, join, listing, say

BUDGET = 900  #: bytes of `text` for all rows of facts (contract)
ROOM = BUDGET - 60  #: bytes for the rows themselves; the rest is for the line that counts those left out
MEASURED = 40  #: characters of a needed value that are shown where nothing whole fits
WHOLE = 200  #: characters of one value that are shown; a longer one is shown by its length and SHA-256 (contract)
AUTHORS = 5  #: commit authors named before the rest is counted

NOTHING = History(0)  #: nothing is compared
FROM_SOURCE = "From Jenkins"
SAYS = "The Jenkinsfile says (not checked by anyone)"
SAYS_ALOUD = "The Jenkinsfile says, not checked by anyone, to the end of this message:"

_USERINFO = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of facts: "Branch: `main`". `needed` ones are shown, or nobody is asked."""

    label: Parts
    value: Parts
    needed: bool = False

    @property
    def shown(self) -> Parts:
        """As a line of its own under the heading."""
        return say("{label}: {value}", label=self.label, value=self.value)

    @property
    def spoken(self) -> Parts:
        """As a line that can be told from all others by ear."""
        first, *rest = self.label
        if isinstance(first, Word):
            first = Word(first.text[0].lower() + first.text[1:])
        return say(f"{FROM_SOURCE}, {{label}}: {{value}}", label=(first, *rest), value=self.value)

    @property
    def size(self) -> int:
        """Its bytes in `text`, with the line's end."""
        return len(render.text(self.spoken).encode(errors="replace")) + 1


def rows(facts: Facts, roster: Roster, history: History = NOTHING) -> tuple[Row, ...]:
    """All rows, those that are needed first, then parameters, those that have changed before the others. Where the
    needed ones do not fit, their long values are only measured.
    """
    needed = _needed(facts, roster, len)
    if sum(row.size for row in needed) > ROOM:
        needed = _needed(facts, roster, lambda _: MEASURED)
    found = [*needed, *_parameters(facts, history)]
    return (*found, _commits(facts)) if facts.commits else tuple(found)


def _needed(facts: Facts, roster: Roster, whole: Callable[[str], int]) -> list[Row]:
    """Build, started by, branch and commit of each repository; `whole` says how much of a value is shown as it is."""

    def shown(text: str) -> Parts:
        return chip(text, whole(text))

    build = say("{job} {number}", job=shown(facts.run.pipeline), number=people.number(facts.run))
    starters = [people.starter(start, roster) for start in facts.starters]
    # Whatever is read of a build names somebody, or says that nobody is named.
    started = join(starters, between="; ") or say("not read, since nobody is asked")
    if not facts.revisions and facts.branch:
        revisions = [Row(say("Branch"), shown(facts.branch), needed=True)]
    else:
        # A library's checkout cannot be told from the build's own where both are of one name.
        alike = {r.branch for r in facts.revisions} & {library.version for library in facts.libraries}
        several = len(facts.revisions) > 1 or bool(alike)
        revisions = [_revision(revision, several, shown) for revision in facts.revisions]
    return [Row(say("Build"), build, needed=True), Row(say("Started by"), started, needed=True), *revisions]


def _revision(revision: Revision, several: bool, shown: Callable[[str], Parts]) -> Row:
    value = shown(revision.commit)
    label = say("Commit")
    if revision.branch:
        label = say("Branch")
        value = say("{branch}, commit {commit}", branch=shown(revision.branch), commit=value)
    if several:
        # A repository's address may carry a login.
        where = shown(_USERINFO.sub("//", revision.repository))
        value = say("{value}, of {where}", value=value, where=where)
    return Row(label, value, needed=True)


def _parameters(facts: Facts, history: History) -> list[Row]:
    known = {c.name: c for c in history.changes if c.kind == "parameter" and c.changed and history.compared}
    gone = [Row(_label(c.name), _then(say("not given any more"), c)) for c in known.values() if not c.sent]
    changed = [_parameter(one, known[one.name]) for one in facts.parameters if one.name in known]
    return [*changed, *gone, *(_parameter(one, None) for one in facts.parameters if one.name not in known)]


def _parameter(parameter: Parameter, change: Change | None) -> Row:
    if parameter.value is None:
        return Row(_label(parameter.name), say("changed, value hidden" if change else "value hidden"))
    value = chip(parameter.value)
    return Row(_label(parameter.name), _then(value, change) if change else value)


def _label(name: str) -> Parts:
    return say("Parameter {name}", name=chip(name))


def _then(now: Parts, change: Change) -> Parts:
    """The new value and the old one, where that is known."""
    if change.was is None:
        return say("{now}, changed", now=now) if change.sent else now
    return say("{now}, was {was}", now=now, was=chip(change.was))


def _commits(facts: Facts) -> Row:
    since = Word(facts.since) if re.fullmatch(r"[0-9]{1,12}", facts.since) else Fact(facts.since)
    label = say("Since build {since}", since=since) if facts.since else say("Changes")
    names = dict.fromkeys(author.subject for author in facts.authors)
    authors = [chip(name) if name else say("somebody unnamed") for name in names]
    found = _counted(facts.commits, "commit")
    if authors:
        found = say("{count} by {by}", count=found, by=listing(authors, AUTHORS, "", "people"))
    if facts.paths:
        found = say("{found}; {files} changed", found=found, files=_counted(len(facts.paths), "file"))
    return Row(label, found)


def _counted(number: int, noun: str) -> Parts:
    return say(f"1 {noun}") if number == 1 else say(f"{{n}} {noun}s", n=number)


def chip(text: str, whole: int = WHOLE) -> Parts:
    """A foreign value; letters that can be taken for others are pointed out, a very long value is only measured."""
    if len(text) > whole:
        digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
        return say(f"{{n}} characters, SHA-256 {digest}", n=len(text))
    if text.isascii():
        return (Fact(text),)
    return say("{fact} (contains letters outside a-z)", fact=Fact(text))


def fitting(rows: tuple[Row, ...], room: int, size: Callable[[Row], int]) -> tuple[list[Row], Parts]:
    """The rows that fit into `room`, in order, and what stands for those that do not."""
    found: list[Row] = []
    for row in rows:
        if size(row) <= room:
            found.append(row)
            room -= size(row)
    left = len(rows) - len(found)
    if left <= 1:
        return found, say("1 more fact, see the build") if left else ()
    return found, say("{n} more facts, see the build", n=left)


def misfit(facts: Facts, roster: Roster) -> Parts:
    """Which needed fact is too long to be shown whole with the others; empty when all fit (S20)."""
    needed = _needed(facts, roster, len)
    if sum(row.size for row in needed) <= ROOM:
        return ()
    longest = max(needed, key=lambda row: row.size)
    return say("{what} is {n} characters", what=longest.label, n=len(render.terminal(longest.value)))


def overfull() -> Parts:
    """All parts fit by themselves, but not together."""
    return say("all of it together is too long for one message")


def claimed(claims: Claims) -> list[str]:
    """The pipeline's words but for its variables (words/compared.py has those), one line each, for the box.

    Their characters were judged when the request was read; what could hide is written visibly all the same.
    """
    pairs = [("message", claims.message)]
    pairs += [("action", claims.action), ("environment", claims.environment)] if claims.action else []
    pairs += [("subject", claims.subject_name)] if claims.subject_name else []
    pairs += [("digest", claims.subject_digest)] if claims.subject_digest else []
    return [f"{name}: {render.visible(value, quoted=False)}" for name, value in [*pairs, *claims.details]]
