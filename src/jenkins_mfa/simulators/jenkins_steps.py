"""The plain steps of a pipeline: echo, sh, error, checkout, input. They write the real ones' lines."""

from __future__ import annotations

import contextvars
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jenkins_mfa.simulators.jenkins_input import (
    TIMEOUT,
    FlowInterruptedError,
    KilledError,
    PausedInput,
    PipelineError,
)
from jenkins_mfa.simulators.jenkins_model import Checkout, Parameter
from jenkins_mfa.simulators.jenkins_run import Run

#: Seconds between two looks at the clock of a step inside `timeout`: the simulator's, not the wall's.
_LOOK = 0.05

_EXCEEDED = {"_class": TIMEOUT, "shortDescription": "Timeout has been exceeded"}

blocks_var: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("blocks", default=())
deadline_var: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)
env_var: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("env", default=MappingProxyType({}))


class Steps(Run):
    """A build's record with the steps that hold no block."""

    @property
    def env(self) -> Mapping[str, str]:
        """The variables at this place, those of the blocks around it included."""
        return {
            "JOB_NAME": self.job.full_name,
            "BUILD_NUMBER": str(self.number),
            **self.job.env,
            **{name: groovy(value) for name, value in self.params.items() if value is not None},
            **env_var.get(),
        }

    @property
    def blocks(self) -> tuple[str, ...]:
        """The steps around this place, outermost first: `node`, `catchError`, `parallel`, ..."""
        return blocks_var.get()

    @property
    def params(self) -> dict[str, Any]:
        """The build's parameters that have a value."""
        return {bean["name"]: bean["value"] for bean in self.values if "value" in bean}

    def echo(self, text: object) -> None:
        """Print a line."""
        self.step("echo")
        self.write(groovy(text))

    def sh(self, script: str) -> None:
        """Pretend to run a script; `ran` keeps it, so that a test sees what really would have run."""
        self.step("sh")
        with self.changed:
            self.ran.append(script)
            self.log.append(f"+ {script}")
            self.changed.notify_all()

    def error(self, message: str) -> None:
        """End the build with FAILURE, unless somebody catches it. Raises PipelineError."""
        self.step("error")
        raise PipelineError(message)

    def checkout(self, checkout: Checkout) -> None:
        """Record a revision and its commits, as `checkout scm` does."""
        self.step("checkout")
        with self.changed:
            self.checkouts.append(checkout)
            self.actions.append(checkout.bean(self.number))

    def input(
        self,
        message: str,
        id: str = "",  # noqa: A002 - the step's own name
        *,
        ok: str = "Proceed",
        cancel: str = "Abort",
        submitter: str | None = None,
        submitter_parameter: str | None = None,
        parameters: tuple[Parameter, ...] = (),
    ) -> Any:
        """Wait for a person. Returns a map, a bare value or None; raises FlowInterruptedError."""
        self.step("input")
        self.write("Input requested") if parameters else self.write(message, f"{ok} or {cancel}")
        asked = PausedInput(id or _default_id(message), message, ok, cancel, submitter, submitter_parameter, parameters)
        self.open(asked)
        self._await(asked)
        if asked.error is not None:
            raise asked.error
        return asked.value

    def _await(self, asked: PausedInput) -> None:
        deadline = deadline_var.get()
        with self.changed:
            while not (asked.settled or self.killed):
                if deadline is not None and self.controller.now() >= deadline:
                    self.log.append("Cancelling nested steps due to timeout")
                    self._settle(asked, None, FlowInterruptedError("ABORTED", [_EXCEEDED]))
                else:
                    self.changed.wait(None if deadline is None else _LOOK)
        self.check()
        self._hold_while_quieting()

    def _hold_while_quieting(self) -> None:
        if self.controller.running.is_set():
            return
        self.write("Pausing (Preparing for shutdown)")
        self.controller.running.wait()
        self.write("Resuming (Shutdown was canceled)")

    def step(self, name: str) -> None:
        """Begin a step: write its line, unless the build has been interrupted."""
        self.check()
        self.write(f"[Pipeline] {name}")

    def check(self) -> None:
        """Raise what has interrupted the build since the last step."""
        if self.killed:
            raise KilledError
        with self.changed:
            interruption, self.interruption = self.interruption, None
        if interruption is not None:
            raise interruption


def _default_id(message: str) -> str:
    """Jenkins hashes the message: the same in every branch and build."""
    return hashlib.md5(message.encode(), usedforsecurity=False).hexdigest()


def groovy(value: object) -> str:
    """A value as Groovy prints it."""
    if isinstance(value, Mapping):
        return "[" + (", ".join(f"{k}:{groovy(v)}" for k, v in value.items()) or ":") + "]"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(groovy(v) for v in value) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
