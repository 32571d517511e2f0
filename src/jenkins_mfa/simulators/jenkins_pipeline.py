"""The steps of a small pipeline. A pipeline is a function that takes a `Build` and runs in its own thread:

    def deploy(build: Build) -> None:
        with build.stage("Deploy"):
            answer = build.input(id="gate", message="Deploy?", submitter="mfa-agent")
        build.sh("./deploy.sh")

The console gets the lines that the real steps write.
"""

from __future__ import annotations

import contextvars
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jenkins_mfa.simulators.jenkins_model import Checkout, Parameter
from jenkins_mfa.simulators.jenkins_run import (
    TIMEOUT,
    FlowInterruptedError,
    KilledError,
    PausedInput,
    PipelineError,
    Run,
    error_id,
)

Pipeline = Callable[["Build"], Any]

#: Seconds between two looks at the clock of a step inside `timeout`; the clock is the simulator's, not the wall's.
_LOOK = 0.05

_EXCEEDED = {"_class": TIMEOUT, "shortDescription": "Timeout has been exceeded"}

_blocks: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("blocks", default=())
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)
_env: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("env", default={})


class Build(Run):
    """A build that runs a pipeline: the record, and the steps."""

    @property
    def env(self) -> Mapping[str, str]:
        """The variables at this place, those of the blocks around it included."""
        return {
            "JOB_NAME": self.job.full_name,
            "BUILD_NUMBER": str(self.number),
            **self.job.env,
            **_env.get(),
        }

    @property
    def blocks(self) -> tuple[str, ...]:
        """The steps around this place, outermost first: `node`, `catchError`, `parallel`, ..."""
        return _blocks.get()

    @property
    def params(self) -> dict[str, Any]:
        """The build's parameters that have a value."""
        return {bean["name"]: bean["value"] for bean in self.values if "value" in bean}

    def echo(self, text: object) -> None:
        """Print a line."""
        self._step("echo")
        self.write(groovy(text))

    def sh(self, script: str) -> None:
        """Pretend to run a script; `ran` keeps it, so that a test sees what really would have run."""
        self._step("sh")
        with self.changed:
            self.ran.append(script)
            self.log.append(f"+ {script}")
            self.changed.notify_all()

    def error(self, message: str) -> None:
        """End the build with FAILURE, unless somebody catches it. Raises PipelineError."""
        self._step("error")
        raise PipelineError(message)

    def checkout(self, checkout: Checkout) -> None:
        """Record a revision and its commits, as `checkout scm` does."""
        self._step("checkout")
        with self.changed:
            self.checkouts.append(checkout)
            self.actions.append(checkout.bean())

    def input(
        self,
        message: str,
        id: str = "",  # noqa: A002 - the step's own name
        *,
        ok: str = "Proceed",
        submitter: str | None = None,
        submitter_parameter: str | None = None,
        parameters: tuple[Parameter, ...] = (),
    ) -> Any:
        """Wait for a person. Returns a map, a bare value or None, as the real one; raises FlowInterruptedError."""
        self._step("input")
        self.write("Input requested") if parameters else self.write(message, f"{ok} or Abort")
        asked = PausedInput(
            id or _default_id(message), message, ok, "Abort", submitter, submitter_parameter, parameters
        )
        self.open(asked)
        self._await(asked)
        if asked.error is not None:
            raise asked.error
        return asked.value

    def _await(self, asked: PausedInput) -> None:
        deadline = _deadline.get()
        with self.changed:
            while not (asked.settled or self.killed):
                if deadline is not None and self.controller.now() >= deadline:
                    self.log.append("Cancelling nested steps due to timeout")
                    self._settle(asked, None, FlowInterruptedError("ABORTED", [_EXCEEDED]))
                else:
                    self.changed.wait(None if deadline is None else _LOOK)
        self._check()
        self._hold_while_quieting()

    def _hold_while_quieting(self) -> None:
        if self.controller.running.is_set():
            return
        self.write("Pausing (Preparing for shutdown)")
        self.controller.running.wait()
        self.write("Resuming (Shutdown was canceled)")

    def _step(self, name: str) -> None:
        self._check()
        self.write(f"[Pipeline] {name}")

    def _check(self) -> None:
        if self.killed:
            raise KilledError
        with self.changed:
            interruption, self.interruption = self.interruption, None
        if interruption is not None:
            raise interruption

    @contextmanager
    def _block(self, name: str, opening: str = "{", *said: str) -> Iterator[list[str]]:
        """A block step; lines that the caller puts into the list are written between its end and its closing line."""
        self._step(name)
        self.write(*said, f"[Pipeline] {opening}")
        token = _blocks.set((*_blocks.get(), name))
        closing: list[str] = []
        try:
            yield closing
        finally:
            _blocks.reset(token)
            if not self.killed:
                self.write("[Pipeline] }", *closing, f"[Pipeline] // {name}")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A named stage."""
        with self._block("stage", f"{{ ({name})"):
            yield

    @contextmanager
    def node(self, label: str = "") -> Iterator[None]:
        """Hold an executor while the block runs."""
        with self._block("node", "{", f"Running on Jenkins in /srv/home/workspace/{label or self.job.name}"):
            with self.changed:
                self.busy_executors += 1
            try:
                yield
            finally:
                with self.changed:
                    self.busy_executors = max(0, self.busy_executors - 1)

    @contextmanager
    def with_env(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Add variables for the block."""
        with self._block("withEnv"):
            token = _env.set({**_env.get(), **variables})
            try:
                yield
            finally:
                _env.reset(token)

    @contextmanager
    def timeout(self, seconds: float) -> Iterator[None]:
        """Interrupt an input in the block when the simulator's clock has passed."""
        with self._block("timeout", "{", f"Timeout set to expire in {_span(seconds)}"):
            ours = self.controller.now() + seconds
            outer = _deadline.get()
            token = _deadline.set(ours if outer is None else min(ours, outer))
            try:
                yield
            finally:
                _deadline.reset(token)

    @contextmanager
    def catch_error(self, result: str = "FAILURE", *, catch_interruptions: bool = True) -> Iterator[None]:
        """Go on after a failure of the block; the build gets the result."""
        with self._block("catchError") as closing:
            try:
                yield
            except FlowInterruptedError as error:
                if not catch_interruptions:
                    raise
                self.set_result(error.result)
                closing.extend((str(error), error_id(), f"Setting overall build result to {error.result}"))
            except PipelineError as error:
                self.set_result(result)
                closing.append(f"ERROR: {error}")

    def retry(self, times: int, body: Callable[[], Any]) -> Any:
        """Run the body again after a failure; interruptions are not retried."""
        with self._block("retry"):
            for left in range(times - 1, -1, -1):
                try:
                    return body()
                except PipelineError as error:
                    self.write(f"ERROR: {error}")
                    if not left:
                        raise
                    self.write("Retrying")

    def parallel(self, branches: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Run all branches at once; returns their values, or raises the first one's failure when all have ended."""
        self._step("parallel")
        self.write(*(f"[Pipeline] {{ (Branch: {name})" for name in branches))
        values: dict[str, Any] = {}
        errors: list[BaseException] = []
        context = contextvars.copy_context()
        threads = [
            threading.Thread(
                target=context.copy().run, args=(self._branch, name, body, values, errors), daemon=True
            )
            for name, body in branches.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        self.write("[Pipeline] // parallel")
        return values

    def _branch(
        self, name: str, body: Callable[[], Any], values: dict[str, Any], errors: list[BaseException]
    ) -> None:
        token = _blocks.set((*_blocks.get(), "parallel"))
        try:
            values[name] = body()
        except (Exception, KilledError) as error:  # noqa: BLE001 - the step's caller gets it
            errors.append(error)
        finally:
            _blocks.reset(token)
        if not self.killed:
            self.write("[Pipeline] }")

    def execute(self, pipeline: Pipeline) -> None:
        """Run a pipeline to its end and record how it ended."""
        self.waits_for_pipeline = True
        try:
            self._execute(pipeline)
        finally:
            self.waits_for_pipeline = False

    def _execute(self, pipeline: Pipeline) -> None:
        self.write("[Pipeline] Start of Pipeline")
        end = "[Pipeline] End of Pipeline"
        try:
            pipeline(self)
        except KilledError:
            return
        except FlowInterruptedError as error:
            said = [str(c["shortDescription"]) for c in error.causes]
            self.finish(error.result, end, *said, error_id(), causes=error.causes)
        except PipelineError as error:
            self.finish("FAILURE", end, f"ERROR: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a pipeline raises ends its build, as in Jenkins
            self.finish("FAILURE", end, f"{type(error).__name__}: {error}")
        else:
            self.finish(self.result or "SUCCESS", end)


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


def _span(seconds: float) -> str:
    """A time span as Jenkins writes it: `3 sec`, `4 min 32 sec`, `40 min`, `1 hr 10 min`."""
    left = int(seconds)
    for size, big, small_size, small in ((3600, "hr", 60, "min"), (60, "min", 1, "sec")):
        if left >= size:
            text = f"{left // size} {big}"
            return text if left // size >= 10 else f"{text} {left % size // small_size} {small}"
    return f"{left} sec"
