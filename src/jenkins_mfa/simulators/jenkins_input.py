"""One waiting `input` step, and the ways in which a pipeline ends before its time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_model import Parameter
from jenkins_mfa.simulators.jenkins_tree import Bean

_STEPS = "org.jenkinsci.plugins.workflow"
REJECTION = f"{_STEPS}.support.steps.input.Rejection"
TIMEOUT = f"{_STEPS}.steps.TimeoutStepExecution$ExceededTimeout"
USER_INTERRUPTION = "jenkins.model.CauseOfInterruption$UserInterruption"


class PipelineError(Exception):
    """The pipeline ends here with FAILURE, like Jenkins' AbortException: a sentence, no stack trace."""


class FlowInterruptedError(Exception):
    """The pipeline was interrupted. The `_class` of `causes` tells rejection, timeout and stop apart."""

    def __init__(self, result: str, causes: Sequence[Bean], user: str | None = None) -> None:
        super().__init__("; ".join(str(c["shortDescription"]) for c in causes))
        self.result = result
        self.causes = list(causes)
        self.user = user


class KilledError(BaseException):
    """The build was killed: no wrapper survives it, so it is no Exception."""


@dataclass(slots=True, eq=False)
class PausedInput:
    """One `input` step that waits. Its answer is a value, or an exception to raise in the pipeline."""

    id: str
    message: str
    ok: str = "Proceed"
    cancel: str = "Abort"
    submitter: str | None = None
    submitter_parameter: str | None = None
    parameters: tuple[Parameter, ...] = ()
    settled: bool = False
    value: Any = None
    error: FlowInterruptedError | None = None

    def bean(self) -> Bean:
        """The execution as InputAction exports it."""
        asked = {
            "cancel": self.cancel,
            "id": self.id,
            "message": self.message,
            "ok": self.ok,
            "parameters": [p.definition() for p in self.parameters],
            "submitter": self.submitter,
            "submitterParameter": self.submitter_parameter,
        }
        short = self.message if len(self.message) <= 32 else self.message[:32] + "..."
        return {"displayName": short, "id": self.id, "input": asked, "settled": False}

    def answer(self, given: dict[str, Any], user: User) -> Any:
        """What the step returns: a map, with one entry the bare value, with none None; no defaults."""
        values = dict(given)
        if self.submitter_parameter:
            values[self.submitter_parameter] = user.id
        if not values:
            return None
        return next(iter(values.values())) if len(values) == 1 else values


def error_id() -> str:
    """The line with which Jenkins refers to the failed step."""
    return f"{_STEPS}.actions.ErrorAction$ErrorId: {uuid.uuid4()}"
