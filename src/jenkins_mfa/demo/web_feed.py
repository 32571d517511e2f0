"""Wakes the demo's page when something changes in Slack or Jenkins."""

from __future__ import annotations

import threading
from collections.abc import Callable

from jenkins_mfa.demo import web_jenkins
from jenkins_mfa.simulators.jenkins import JenkinsSimulator, Run
from jenkins_mfa.simulators.slack import SlackSimulator

#: Seconds after which a running build is looked at although it did not say that it changed: descriptions do not.
LOOK = 1.0


class Feed:
    """A number that grows with every change. `start`, then `wait`; `stop` wakes all who wait for good."""

    def __init__(self, slack: SlackSimulator, jenkins: JenkinsSimulator) -> None:
        self._slack = slack
        self._jenkins = jenkins
        self._changed = threading.Condition()
        self._followed: set[Run] = set()
        self._threads: list[threading.Thread] = []
        self.number = 0
        self.stopped = False

    def start(self) -> None:
        """Begin to listen."""
        self._spawn("demo-slack", self._follow_slack)

    def stop(self) -> None:
        """End all threads."""
        self.stopped = True
        self.bump()
        with self._slack.workspace.changed:
            self._slack.workspace.changed.notify_all()
        for thread in self._threads:
            thread.join(LOOK * 2)

    def bump(self) -> None:
        """Say that something changed."""
        with self._changed:
            self.number += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """The number, as soon as it is not `seen` any more, or after `timeout` seconds."""
        self._follow_builds()
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self.number != seen, timeout)
            return self.number

    def _follow_builds(self) -> None:
        running = [run for job in web_jenkins.jobs(self._jenkins) for run in list(job.builds.values()) if run.building]
        with self._changed:
            new = [run for run in running if run not in self._followed]
            self._followed.update(new)
        for run in new:
            self._spawn(run.name, self._follow, run)

    def _follow(self, run: Run) -> None:
        while run.building and not self.stopped:
            with run.changed:
                run.changed.wait(LOOK)
            self.bump()

    def _follow_slack(self) -> None:
        workspace = self._slack.workspace
        seen = (-1, -1)
        while not self.stopped:
            with workspace.changed:
                while not self.stopped and seen == (self._slack.revision, self._slack.connections):
                    workspace.changed.wait()
                seen = (self._slack.revision, self._slack.connections)
            self.bump()

    def _spawn(self, name: str, work: Callable[..., None], *args: Run) -> None:
        thread = threading.Thread(target=work, args=args, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
