"""Where the time of a gate goes: a port that a tracer stands behind, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

About = Callable[[str], None]


class Spans(Protocol):
    """Measures what is done for a gate. Nothing but names, gates and codes is ever handed to it."""

    def span(self, name: str, jti: str = "") -> AbstractContextManager[About]:
        """What is done within is the step `name` of the gate. Where that is not known from the beginning, it is told by
        calling what the context gives; a step that is of no gate in the end was none.
        """


class Untraced:
    """Nothing is measured."""

    def span(self, name: str, jti: str = "") -> AbstractContextManager[About]:  # noqa: ARG002
        """Nothing."""
        return nullcontext(_nothing)


def _nothing(_jti: str) -> None:
    pass
