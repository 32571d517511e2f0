"""The controller: accounts, jobs, builds and the clock, without HTTP."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from jenkins_mfa.simulators.jenkins_accounts import Profile, User
from jenkins_mfa.simulators.jenkins_gate import Trust
from jenkins_mfa.simulators.jenkins_input import PausedInput
from jenkins_mfa.simulators.jenkins_model import Checkout, Library, Parameter, user_cause
from jenkins_mfa.simulators.jenkins_pipeline import Build, Pipeline
from jenkins_mfa.simulators.jenkins_run import Run
from jenkins_mfa.simulators.jenkins_tree import Bean

R = TypeVar("R", bound=Run)

#: The library that a pipeline with `mfa_gate` has loaded.
TRUSTED_LIBRARY = Library("jenkins-mfa", "v0.1.0", variables=("mfaGate",))


@dataclass(eq=False)
class Job:
    """A pipeline job, by its full name (`team one/deploy`, `team one/mb/feature%2Fx`)."""

    full_name: str
    pipeline: Pipeline | None = None
    parameters: tuple[Parameter, ...] = ()
    libraries: tuple[Library, ...] = (TRUSTED_LIBRARY,)
    checkouts: Callable[[int], Sequence[Checkout]] = lambda _: ()
    env: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    builds: dict[int, Run] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last part of the full name."""
        return self.full_name.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Path below the root, encoded: `job/team%20one/job/deploy/`."""
        return job_path(self.full_name)

    @property
    def display_name(self) -> str:
        """The full name for people: `team one » mb » feature/x`."""
        return " » ".join(unquote(part) for part in self.full_name.split("/"))

    @property
    def last(self) -> Run | None:
        """The newest build."""
        return self.builds[max(self.builds)] if self.builds else None


def job_path(full_name: str) -> str:
    """Path of a job or folder below the root, encoded."""
    return "".join(f"job/{quote(part, safe='')}/" for part in full_name.split("/"))


class Controller:
    """What runs and who may see it.

    `now` gives Unix seconds; `running` is cleared while it prepares for shutdown.
    """

    def __init__(self, profile: Profile, now: Callable[[], float], accounts: Iterable[User] = ()) -> None:
        self.profile = profile
        self.session = profile.session
        self.root_url = ""
        self.now = now
        self.running = threading.Event()
        self.running.set()
        self.users: dict[str, User] = {u.id: u for u in accounts} or default_accounts(profile)
        self.jobs: dict[str, Job] = {}
        self.folders: dict[str, str] = {}
        self.queue: dict[int, Run] = {}
        self.active: list[Run] = []
        self.hidden_after_restart: set[Run] = set()
        self.trust: Trust | None = None
        self.plugins = {"pipeline-input-step": "551", "workflow-cps": "4303", "workflow-job": "1571"}
        self._lock = threading.Lock()

    def job(self, full_name: str, pipeline: Pipeline | None = None, **settings: Any) -> Job:
        """Add a job, its folders included, or replace its pipeline and settings and keep its builds."""
        old = self.jobs.get(full_name)
        job = Job(full_name, pipeline, **settings)
        if old is not None:
            job.builds = old.builds
        self.jobs[full_name] = job
        parts = full_name.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            self.folders.setdefault("/".join(parts[:end]), "com.cloudbees.hudson.plugin.folder.Folder")
        return job

    def multibranch(self, full_name: str) -> None:
        """Say that a folder is a multibranch project; its branches are jobs below it."""
        self.folders[full_name] = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"

    def start(
        self,
        full_name: str,
        user: str = "dev",
        *,
        causes: Sequence[Bean] | None = None,
        parameters: Mapping[str, str | bool] | None = None,
        only_given: bool = False,
    ) -> Build:
        """Start a build in its own thread. `causes` replaces "started by user"; defaults fill in the rest."""
        job = self.jobs[full_name]
        given = parameters or {}
        known = {p.name: p for p in job.parameters}
        if only_given:
            values = [known[name].value(value) for name, value in given.items()]
        else:
            values = [p.value(given.get(name, p.default)) for name, p in known.items() if p.kind != "File"]
        build: Build = self._record(Build, job, user, causes, values)
        thread = threading.Thread(target=build.execute, args=(job.pipeline,), name=build.name, daemon=True)
        thread.start()
        return build

    def paused(
        self, full_name: str, *inputs: PausedInput, user: str = "dev", causes: Sequence[Bean] | None = None
    ) -> Run:
        """Add a build without a pipeline that waits in these inputs and ends with them."""
        job = self.jobs.get(full_name) or self.job(full_name)
        run = self._record(Run, job, user, causes, [])
        for asked in inputs:
            run.open(asked)
        return run

    def _record(self, kind: type[R], job: Job, user: str, causes: Sequence[Bean] | None, values: list[Bean]) -> R:
        if causes is None:
            causes = [user_cause(user, self.users[user].full_name)]
        with self._lock:
            number = max(job.builds, default=0) + 1
            checkouts = list(job.checkouts(number))
            run = kind(self, job, number, list(causes), values, list(job.libraries), checkouts, started=self.now())
            run.actions = _first_actions(run)
            run.log = [str(c["shortDescription"]) for c in causes]
            job.builds[number] = run
            self.queue[len(self.queue) + 1] = run
        self.began(run)
        return run

    def began(self, run: Run) -> None:
        """Show a build on an executor."""
        with self._lock:
            self.active.append(run)

    def ended(self, run: Run) -> None:
        """Take a build off its executor."""
        with self._lock:
            if run in self.active:
                self.active.remove(run)

    def new_session(self) -> None:
        """A start of the controller gives a new session id."""
        self.session = secrets.token_hex(4)


def default_accounts(profile: Profile) -> dict[str, User]:
    """The recorded accounts: the password is the id, the token `token-of-<id>`."""
    return {
        name: User(name, profile.full_names.get(name, name), f"token-of-{name}", name, permissions)
        for name, permissions in profile.accounts.items()
    }


def _first_actions(run: Run) -> list[Bean | Callable[[], Bean]]:
    actions: list[Bean | Callable[[], Bean]] = []
    if run.values:
        actions.append({"_class": "hudson.model.ParametersAction", "parameters": run.values})
    if run.causes:
        actions.append({"_class": "hudson.model.CauseAction", "causes": run.causes})
    actions.append(lambda: _queue_times(run))
    for checkout in run.checkouts:
        actions.extend((checkout.bean(run.number), {}))
    libraries = [library.bean() for library in run.libraries]
    actions.append({"_class": "org.jenkinsci.plugins.workflow.libs.LibrariesAction", "libraries": libraries})
    actions.extend(library.checkout.bean(run.number) for library in run.libraries if library.checkout)
    return actions


def _queue_times(run: Run) -> Bean:
    built = int((run.ended - run.started) * 1000) if run.ended is not None else 0
    zero = ("blockedDurationMillis", "blockedTimeMillis", "buildableDurationMillis", "buildableTimeMillis")
    return {
        "_class": "jenkins.metrics.impl.TimeInQueueAction",
        **dict.fromkeys(zero, 0),
        "buildingDurationMillis": built,
        "executingTimeMillis": built,
        "executorUtilization": 1.0,
        "queuingDurationMillis": 3,
        "queuingTimeMillis": 3,
        "subTaskCount": 0,
        "totalDurationMillis": built + 3,
        "waitingDurationMillis": 3,
        "waitingTimeMillis": 3,
    }
