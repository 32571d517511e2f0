"""The record of one build: what the remote API and the console tell of it, and how its inputs are settled.

Settling is not atomic in Jenkins: two requests that meet can both be taken. `Run.race`, a barrier, makes them
meet. A run without a pipeline ends with its inputs, so that a benchmark may hold thousands without a thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_input import REJECTION, FlowInterruptedError, PausedInput
from jenkins_mfa.simulators.jenkins_model import Checkout, Library
from jenkins_mfa.simulators.jenkins_tree import Bean

if TYPE_CHECKING:
    from jenkins_mfa.simulators.jenkins_state import Controller, Job

_STEPS = "org.jenkinsci.plugins.workflow"
_SEVERITY = ("SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED")


@dataclass(eq=False)
class Run:
    """One build. `actions` holds what was recorded on it, in order; changes are announced on `changed`."""

    controller: Controller
    job: Job
    number: int
    causes: list[Bean]
    values: list[Bean] = field(default_factory=list)
    libraries: list[Library] = field(default_factory=list)
    checkouts: list[Checkout] = field(default_factory=list)
    started: float = 0.0
    ended: float | None = None
    result: str | None = None
    description: str | None = None
    busy_executors: int = 0
    inputs: list[PausedInput] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    actions: list[Bean | Callable[[], Bean]] = field(default_factory=list)
    interruption: FlowInterruptedError | None = None
    killed: bool = False
    waits_for_pipeline: bool = False
    race: threading.Barrier | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def building(self) -> bool:
        """Whether the build has not ended."""
        return self.ended is None

    @property
    def name(self) -> str:
        """Job and number, as people write it: `team one/deploy #1`."""
        return f"{self.job.full_name} #{self.number}"

    @property
    def path(self) -> str:
        """Path below the root: `job/team%20one/job/deploy/1/`."""
        return f"{self.job.path}{self.number}/"

    @property
    def console(self) -> str:
        """The console log so far."""
        return "".join(line + "\n" for line in self.log)

    def write(self, *lines: str) -> None:
        """Append lines to the console."""
        with self.changed:
            self.log.extend(lines)
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout: float = 20) -> None:
        """Block until the record says so. Raises TimeoutError, with the console in it."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                raise TimeoutError(f"{self.name} did not get there:\n{self.console}")

    def wait_paused(self, inputs: int = 1) -> PausedInput:
        """Block until that many inputs wait; returns the newest."""
        self.wait(lambda: len(self.inputs) >= inputs)
        return self.inputs[-1]

    def wait_finished(self) -> str:
        """Block until the build has ended; returns its result."""
        self.wait(lambda: not self.building)
        return self.result or ""

    def open(self, asked: PausedInput) -> PausedInput:
        """Let an input wait. The id's first letter becomes a capital, as the real step does."""
        asked.id = asked.id[:1].upper() + asked.id[1:]
        with self.changed:
            if self.input_action not in self.actions:
                self.actions.append(self.input_action)
            self.inputs.append(asked)
            self.changed.notify_all()
        return asked

    def input_action(self) -> Bean:
        """InputAction, which stays on the build when nothing waits any more."""
        return {
            "_class": f"{_STEPS}.support.steps.input.InputAction",
            "displayName": "Paused for Input" if self.inputs else None,
            "executions": [i.bean() for i in self.inputs],
            "waitingForInput": bool(self.inputs),
        }

    def find(self, input_id: str) -> PausedInput | None:
        """The oldest waiting input of that id (two may share one), or None."""
        return next((i for i in self.inputs if i.id == input_id and self.building), None)

    def proceed(self, asked: PausedInput, given: dict[str, Any], user: User) -> None:
        """Take a Proceed, also one that came too late for another: then only the record shows it."""
        self._meet()
        with self.changed:
            self.log.append(f"Approved by {user.full_name}")
            approver = {"_class": f"{_STEPS}.support.steps.input.ApproverAction", "userId": user.id}
            self.actions.extend([{}, approver])
            self._settle(asked, asked.answer(given, user), None)

    def abort(self, asked: PausedInput, user: User) -> None:
        """Take an Abort."""
        self._meet()
        who = {"absoluteUrl": f"{self.controller.root_url}user/{user.id}", "fullName": user.full_name, "id": user.id}
        cause = {
            "_class": REJECTION,
            "shortDescription": f"Rejected by {user.full_name}",
            "timestamp": int(self.controller.now() * 1000),
            "user": who,
        }
        with self.changed:
            self._settle(asked, None, FlowInterruptedError("ABORTED", [cause], user.id))

    def _meet(self) -> None:
        if self.race is not None:
            self.race.wait(timeout=20)

    def _settle(self, asked: PausedInput, value: Any, error: FlowInterruptedError | None) -> None:
        if asked in self.inputs:
            self.inputs.remove(asked)
        if not asked.settled:
            asked.settled, asked.value, asked.error = True, value, error
        self.changed.notify_all()
        if not self.waits_for_pipeline and not self.inputs:
            self.finish("ABORTED" if error else "SUCCESS", causes=error.causes if error else ())

    def interrupt(self, error: FlowInterruptedError) -> None:
        """End every waiting input like this, or the next step of a pipeline that does not wait."""
        with self.changed:
            self.interruption = error
            self._end_inputs(error)

    def _end_inputs(self, error: FlowInterruptedError) -> None:
        with self.changed:
            for asked in list(self.inputs):
                self._settle(asked, None, error)

    def set_result(self, result: str) -> None:
        """A result only gets worse."""
        if self.result is None or _SEVERITY.index(result) > _SEVERITY.index(self.result):
            self.result = result

    def terminate(self) -> None:
        """Interrupt the build by force: its inputs stay listed as open on the ended build, as in Jenkins."""
        with self.changed:
            left = list(self.inputs)
            self.log.append("Terminating input")
            self.interrupt(FlowInterruptedError("ABORTED", []))
            self.inputs.extend(left)

    def kill(self, *lines: str) -> None:
        """End the build at once, whatever its pipeline catches; its inputs stay listed too."""
        self.killed = True
        self.finish("ABORTED", *lines, "Hard kill!")

    def bring_back(self, asked: PausedInput) -> None:
        """Let a settled input wait again, as a controller does that was restored from a backup."""
        with self.changed:
            self.ended = self.result = None
            self.actions = [a for a in self.actions if callable(a) or "InterruptedBuild" not in a.get("_class", "")]
            asked.settled, asked.value, asked.error = False, None, None
            self.open(asked)
        self.controller.began(self)

    def record_interruption(self, causes: Sequence[Bean]) -> None:
        """Note on the build who or what interrupted it, each once."""
        noted = [cause for action in self.actions if not callable(action) for cause in action.get("causes", ())]
        new = [cause for cause in causes if cause not in noted]
        if new:
            self.actions.append({"_class": "jenkins.model.InterruptedBuildAction", "causes": new})

    def finish(self, result: str, *lines: str, causes: Sequence[Bean] = ()) -> None:
        """End the build, unless it has been killed before."""
        with self.changed:
            if not self.building:
                return
            self.record_interruption(causes)
            self.set_result(result)
            self.busy_executors = 0
            self.ended = self.controller.now()
            self.log.extend((*lines, f"Finished: {self.result}"))
            self.changed.notify_all()
        self.controller.ended(self)
