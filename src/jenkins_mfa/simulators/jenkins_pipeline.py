"""Small pipelines: functions that take a `Build` and run in their own thread.

    def deploy(build: Build) -> None:
        with build.stage("Deploy"):
            answer = build.input(id="gate", message="Deploy?", submitter="mfa-agent")
        build.sh("./deploy.sh")

The console gets the lines that the real steps write.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jenkins_mfa.simulators.jenkins_gate import run_gate
from jenkins_mfa.simulators.jenkins_input import (
    USER_INTERRUPTION,
    FlowInterruptedError,
    KilledError,
    PipelineError,
    error_id,
)
from jenkins_mfa.simulators.jenkins_steps import Steps, blocks_var, deadline_var, env_var

Pipeline = Callable[["Build"], Any]


class Build(Steps):
    """A build that runs a pipeline: the record, and the steps."""

    @contextmanager
    def _block(self, name: str, opening: str = "{", *said: str) -> Iterator[list[str]]:
        """A block step; what the caller puts into the list is written before the closing line."""
        self.step(name)
        self.write(*said, f"[Pipeline] {opening}")
        token = blocks_var.set((*blocks_var.get(), name))
        closing: list[str] = []
        try:
            yield closing
        finally:
            blocks_var.reset(token)
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
            token = env_var.set({**env_var.get(), **variables})
            try:
                yield
            finally:
                env_var.reset(token)

    @contextmanager
    def timeout(self, seconds: float) -> Iterator[None]:
        """Interrupt an input in the block when the simulator's clock has passed."""
        with self._block("timeout", "{", f"Timeout set to expire in {_span(seconds)}"):
            ours = self.controller.now() + seconds
            outer = deadline_var.get()
            token = deadline_var.set(ours if outer is None else min(ours, outer))
            try:
                yield
            finally:
                deadline_var.reset(token)

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
                self.record_interruption(error.causes)
                said = [str(error)] if error.causes else []
                closing.extend((*said, error_id(), f"Setting overall build result to {error.result}"))
            except PipelineError as error:
                self.set_result(result)
                closing.append(f"ERROR: {error}")

    def retry(self, times: int, body: Callable[[], Any]) -> Any:
        """Run the body again after a failure; interruptions are not retried."""
        with self._block("retry"):
            for left in reversed(range(times)):
                try:
                    return body()
                except PipelineError as error:
                    self.write(f"ERROR: {error}")
                    if not left:
                        raise
                    self.write("Retrying")
        raise PipelineError("retry needs at least one try")

    def mfa_gate(self, body: Callable[[], Any] | None = None, /, **args: Any) -> Any:
        """The gate step, with the arguments of `mfaGate`. Needs the simulator's `trust`."""
        if self.controller.trust is None:
            raise PipelineError("mfaGate is not known here: the simulator has no trust")
        return run_gate(self, self.controller.trust, args, body)

    def parallel(self, branches: Mapping[str, Callable[[], Any]], *, fail_fast: bool = False) -> dict[str, Any]:
        """Run all branches at once; returns their values, or raises the first failure when all have ended."""
        self.step("parallel")
        self.write(*(f"[Pipeline] {{ (Branch: {name})" for name in branches))
        values: dict[str, Any] = {}
        errors: list[BaseException] = []

        def run(name: str, body: Callable[[], Any]) -> None:
            blocks_var.set((*blocks_var.get(), "parallel"))
            try:
                values[name] = body()
            except (Exception, KilledError) as error:  # noqa: BLE001 - the step's caller gets it
                errors.append(error)
                if fail_fast:
                    self._end_inputs(FlowInterruptedError("FAILURE", []))
            if not self.killed:
                self.write("[Pipeline] }")

        copies = [(contextvars.copy_context(), name, body) for name, body in branches.items()]
        threads = [threading.Thread(target=c.run, args=(run, name, body), daemon=True) for c, name, body in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0] if fail_fast else max(errors, key=_weight)
        self.write("[Pipeline] // parallel")
        return values

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
            said = [str(c["shortDescription"]) for c in error.causes if c["_class"] != USER_INTERRUPTION]
            self.finish(error.result, end, *said, error_id(), causes=error.causes)
        except PipelineError as error:
            self.finish("FAILURE", end, f"ERROR: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a pipeline raises ends its build, as in Jenkins
            self.finish("FAILURE", end, f"{type(error).__name__}: {error}")
        else:
            self.finish(self.result or "SUCCESS", end)


def _weight(error: BaseException) -> int:
    """Which failure of parallel branches counts: the worst, and of these the first."""
    return isinstance(error, FlowInterruptedError) + 2 * isinstance(error, KilledError)


def _span(seconds: float) -> str:
    """A time span as Jenkins writes it: `3 sec`, `4 min 32 sec`, `40 min`, `1 hr 10 min`."""
    left = int(seconds)
    for size, big, small_size, small in ((3600, "hr", 60, "min"), (60, "min", 1, "sec")):
        if left >= size:
            text = f"{left // size} {big}"
            return text if left // size >= 10 else f"{text} {left % size // small_size} {small}"
    return f"{left} sec"
