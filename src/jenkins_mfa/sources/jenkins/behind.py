"""The builds behind a build: those that it came from, and those of its job before it.

Each is read by a function that gives None for a build that may not be seen, never was, or is too large.
"""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core.model import Starter, Trigger
from jenkins_mfa.sources.jenkins import changes, records
from jenkins_mfa.sources.jenkins.exported import Build

#: Builds behind a build that are looked into, in all and in a row; beyond, somebody unknown stands behind it.
ORIGINS, HOPS = 10, 5
#: Builds of one job that are looked into for the last one that we let go on, the one that asks included.
HISTORY = 20

#: Job, number and what to ask of the build → its record.
Read = Callable[[str, int, str], Build | None]


def starters(build: Build, job: str, who: records.Who, read: Read) -> tuple[list[Starter], list[str]]:
    """Who is behind a build, and which jobs started it or one that it came from, `HOPS` of them in a row.

    Raises SourceError and UntrustedInputError.
    """
    found = records.causes(build)
    people, jobs = records.starters(found, job, who), records.upstream(found)
    waiting = [(origin, 1) for origin in records.origins(found, job)]
    seen: set[records.Origin] = set()
    while waiting:
        origin, hop = waiting.pop(0)
        if origin in seen:
            continue
        if hop > HOPS or len(seen) == ORIGINS:
            people.append(Starter(Trigger.UNKNOWN))
            break
        seen.add(origin)
        record = read(*origin, records.CAUSES)
        causes = None if record is None else records.causes(record)
        people += records.behind(origin, causes, who)
        jobs += records.upstream(causes or [])
        waiting += [(further, hop + 1) for further in records.origins(causes or [], origin[0])]
    return people, jobs


def history(job: str, number: int, us: str, read: Read) -> tuple[list[Build], Build | None]:
    """A build and each one before it, down to the last one that we let go on, which comes apart.

    That one is None where there is none, or it lies further back than is looked. Raises SourceError and
    UntrustedInputError.
    """
    found: list[Build] = []
    while len(found) < HISTORY:
        build = read(job, number, changes.TREE)
        if build is None:
            break
        if records.let_go_on(build, us):
            return found, build
        found.append(build)
        if build.previousBuild is None or build.previousBuild.number >= number:
            break
        number = build.previousBuild.number
    return found, None
