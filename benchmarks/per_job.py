"""The baseline: how paused builds are usually looked for, one request for each job, with python-jenkins."""

from __future__ import annotations

from collections.abc import Iterable

import jenkins

INPUT = "org.jenkinsci.plugins.workflow.support.steps.input.InputAction"


def paused(server: jenkins.Jenkins, jobs: Iterable[str]) -> list[str]:
    """Those of the jobs whose newest build has come to an input and still runs."""
    found = []
    for job in jobs:
        build = server.get_build_info(job, "lastBuild")
        if build["building"] and any(action.get("_class") == INPUT for action in build["actions"]):
            found.append(job)
    return found
