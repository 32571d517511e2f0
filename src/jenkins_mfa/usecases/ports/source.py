"""A source: where runs pause, and how they are answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Facts, Run, Starter
from jenkins_mfa.core.watched import Ran


@dataclass(frozen=True, slots=True)
class Paused:
    """One pause as a source lists it: our handle for it, the verifier's nonce, and the run it belongs to.

    `problem` is a code when the pause must not be answered although it is listed (twin ids, for instance); `settlers`
    are those who have settled pauses of the run so far. A `plain` pause is not of our library: it checks no receipt,
    and is answered only where a rule of the policy selects it. One that others than we alone may settle is told, and
    never answered: `settled_by` is whom the source names for it, empty for everybody; None for all other pauses.
    """

    ref: str
    nonce: str
    run: Run
    problem: str = ""
    settlers: tuple[str, ...] = ()
    plain: bool = False
    settled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What is read once for each new gate: the exact request text, as bytes of UTF-8, and the facts.

    A plain pause has no request: there it is what the pause says to people.
    """

    request: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Proceed:
    """Answer: go on, with this receipt (a secret: it never reaches a log); a plain pause takes none.

    By its own clock the run takes it from the first to before the second of `valid` (Unix seconds); None: at any time.
    """

    receipt: str = field(repr=False)
    valid: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """Answer: stop. `says` is the line for the run's own page, without a prefix."""

    says: str


class Source(Protocol):
    """One CI system. All verbs raise SourceUnavailableError (retry), SourceForbiddenError (operator) or
    SourceGoneError (look again).
    """

    @property
    def id(self) -> str:
        """The configured id."""

    @property
    def kind(self) -> str:
        """`jenkins`, later others."""

    def pending(self) -> list[Paused]:
        """All pauses that wait for us, and those that look like it but may be settled by others, in one request."""

    def facts(self, paused: Paused) -> Opened:
        """The request text and the run's records. Raises UntrustedInputError for what cannot be read whole."""

    def starters(self, run: Run) -> tuple[Starter, ...]:
        """Who started a run, by the run's own record. Raises UntrustedInputError."""

    def outcome(self, run: Run) -> Outcome:
        """A fresh reading of the run. A run that is no longer visible comes back as finished, `ended="invisible"`."""

    def ran(self, pipeline: str) -> list[Ran]:
        """The newest runs of a pipeline, in one request; SourceGoneError where the account does not see it."""

    def stages(self, run: Run) -> frozenset[str]:
        """The names of the stages that a run has reached. Raises UntrustedInputError where it does not tell all."""

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        """Send an answer. Returning means that it was taken on the wire, not that it decided (see outcome)."""

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        """Write our line on the run's own page where the account may; quietly nothing where it may not. What is said of
        a pause that `ended` by itself only takes the place of a line that says that the run waits.
        """

    def owner(self, installation: str) -> str:
        """The other installation whose name stands at our account there; empty where it is ours, or where none stood
        and ours stands now.
        """
