"""`/mfa break-glass` and `/mfa review`: the two commands that do something. The rest of `/mfa` only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jenkins_mfa.core.model import Gate, ReviewsRecord
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.slack.payloads import Typed
from jenkins_mfa.slack.replies import Gates, Sentences
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import answers, glass
from jenkins_mfa.words.parts import Parts, say

MOST = 10  #: open reviews in one answer


class BreakGlass(Protocol):
    """The use case (usecases/break_glass.py)."""

    def open(self, jti: str, who: Who, reason: str, cause: str) -> Gate:
        """Put a pending gate under the break-glass rule."""

    def review(self, jti: str, who: Who, note: str, cause: str) -> Gate:
        """A third person has looked at it."""


class Reviews(Gates, Protocol):
    """What is read of reviews."""

    def reviews(self) -> ReviewsRecord:
        """Those that are open. Raises DamagedError."""


@dataclass(frozen=True)
class GlassCommands:
    """Command → use case → the sentence that answers it."""

    use: BreakGlass
    sentences: Sentences

    def begin(self, gate: Gate, typed: Typed, reason: str) -> Parts:
        """Break the glass of a gate."""
        unfit = answers.unfit(reason)
        if unfit:
            return unfit
        try:
            broken = self.use.open(gate.jti, typed.who, reason, typed.cause)
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.sentences.about(error, gate.jti, typed.who.subject)
        return glass.broken(broken, self.sentences.messenger.roster)

    def review(self, gate: Gate, typed: Typed, note: str) -> Parts:
        """Sign a review off; the note may be left out."""
        unfit = answers.unfit(note) if note else ()
        if unfit:
            return unfit
        try:
            return glass.reviewed(self.use.review(gate.jti, typed.who, note, typed.cause))
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.sentences.about(error, gate.jti, typed.who.subject)


def waiting(reading: Reviews) -> list[Parts]:
    """The reviews that are open, oldest first; none where nothing is to be reviewed."""
    try:
        found = reading.reviews().open
    except DamagedError:
        return [say("The list of open reviews is not what jenkins-mfa wrote. Tell ops.")]
    lines = [glass.waiting(_gate(reading, one.gate), one.gate) for one in found[:MOST]]
    return [*lines, say("{n} more: jenkins-mfa pending", n=len(found) - MOST)] if len(found) > MOST else lines


def _gate(reading: Reviews, gate_id: str) -> Gate | None:
    try:
        return reading.gate(gate_id)
    except DamagedError:
        return None
