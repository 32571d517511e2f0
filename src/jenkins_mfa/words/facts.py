"""What a source's records say about a run, and what its pipeline says, as rows; and whether that fits one message.

Facts may be counted, never cut: rows that a reader must see come first, and where even those do not fit nobody is
asked (S20). The pipeline's words were limited when the request was read (contract: 2,200), so they always fit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from jenkins_mfa.core.model import Claims, Facts, Parameter, Revision
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Fact, Parts, Word, join, listing, say

BUDGET = 900  #: bytes of `text` for all rows of facts (contract)
ROOM = BUDGET - 60  #: bytes for the rows themselves; the rest is for the line that counts those left out
MEASURED = 40  #: characters of a needed value that are shown where nothing whole fits
WHOLE = 200  #: characters of one value that are shown; a longer one is shown by its length and SHA-256 (contract)
AUTHORS = 5  #: commit authors named before the rest is counted

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


def claimed(claims: Claims) -> list[str]:
    """The pipeline's words, one line each, for the box that nothing of ours follows.

    Their characters were judged when the request was read; what could hide is written visibly all the same.
    """
    pairs = [("message", claims.message), ("action", claims.action), ("environment", claims.environment)]
    pairs += [("subject", claims.subject_name)] if claims.subject_name else []
    pairs += [("digest", claims.subject_digest)] if claims.subject_digest else []
    pairs += [*claims.details, *claims.variables]
    lines = [f"{name}: {render.visible(value, quoted=False)}" for name, value in pairs]
    return [*lines, *(f"{name} is not set" for name in claims.unset)]
