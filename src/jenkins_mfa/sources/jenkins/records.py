"""The record of one build: who started it, what it checked out, who settled inputs, how it ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import unquote

import msgspec

from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Facts, Library, Parameter, Run, Starter, Trigger
from jenkins_mfa.sources.jenkins import changes, exported
from jenkins_mfa.sources.jenkins.changes import Changes
from jenkins_mfa.sources.jenkins.exported import (
    Build,
    Cause,
    Interruption,
    LoadedLibrary,
    Value,
)
from jenkins_mfa.sources.jenkins.inputs import LONGEST_USER, SEEN, open_refs, settlers

#: From a source's user id to the roster id, or None.
Who = Callable[[str], str | None]

#: What to ask of a build for its facts; the inputs' texts stay out, as they may be large.
FACTS = (
    "actions[causes[shortDescription,userId,upstreamProject,upstreamBuild],parameters[name,value],"
    "lastBuiltRevision[SHA1,branch[name]],remoteUrls,libraries[name,version,trusted,variables],userId,"
    f"executions[id,settled,input[submitter]]{SEEN}]"
)
CAUSES = "actions[causes[shortDescription,userId,upstreamProject,upstreamBuild]]"
OUTCOME = f"building,result,timestamp,actions[userId,executions[id,settled]{SEEN},causes[user[id]]]"

_REPLAY = "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause"
_RESTART = "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause"
_TRIGGERS = {
    "hudson.model.Cause$UserIdCause": Trigger.PERSON,
    "hudson.cli.BuildCommand$CLICause": Trigger.PERSON,
    "hudson.triggers.TimerTrigger$TimerTriggerCause": Trigger.SCHEDULE,
    "hudson.triggers.SCMTrigger$SCMTriggerCause": Trigger.SCM,
    "jenkins.branch.BranchIndexingCause": Trigger.SCM,
    "jenkins.branch.BranchEventCause": Trigger.SCM,
    "hudson.model.Cause$RemoteCause": Trigger.API,
}
_AGAIN = {_REPLAY: Trigger.REPLAY, _RESTART: Trigger.RESTART}
WELL = frozenset({"SUCCESS", "UNSTABLE"})  #: results of a build that no abort has reached
_BUILD_NUMBER = re.compile(r"#([1-9][0-9]{0,9})")

#: A build that a starter refers to: job full name and number.
Origin = tuple[str, int]


def causes(build: Build) -> list[Cause]:
    """All causes of a build. Raises UntrustedInputError."""
    return exported.gather(build.actions, exported.CAUSES, "causes", list[Cause])


def starters(found: Iterable[Cause], job: str, who: Who) -> list[Starter]:
    """Who and what started a build of `job`; without a cause it is something that cannot be told.

    Who replays or restarts stands in a cause of their own beside the one that says so.
    """
    found = list(found)
    again = next((cause for cause in found if cause.kind in _AGAIN), None)
    named = [_starter(cause, who) for cause in found if cause.kind not in _AGAIN]
    if again is not None:
        trigger, via = _AGAIN[again.kind], _via(_origin(again, job))
        people = [s for s in named if s.trigger is Trigger.PERSON] or [Starter(trigger)]
        rest = [s for s in named if s.trigger is not Trigger.PERSON]
        named = [*(replace(s, trigger=trigger, via=via) for s in people), *rest]
    return list(dict.fromkeys(named)) or [Starter(Trigger.UNKNOWN)]


def origins(found: Iterable[Cause], job: str) -> list[Origin]:
    """The builds behind a build: upstream, replayed, restarted. Who started those is behind this one too."""
    return list(dict.fromkeys(o for cause in found for o in [_origin(cause, job)] if o is not None))


def upstream(found: Iterable[Cause]) -> list[str]:
    """Full names of the jobs that started a build."""
    return [cause.upstreamProject for cause in found if cause.upstreamProject is not None]


def behind(origin: Origin, found: list[Cause] | None, who: Who) -> list[Starter]:
    """Starters of an origin; somebody unknown where it cannot be read."""
    if found is None:
        return [Starter(Trigger.UNKNOWN, via=_via(origin))]
    return [replace(s, via=_via(origin)) for s in starters(found, origin[0], who)]


def own_branch(build: Build, run: Run) -> str:
    """The branch of a branch job, which is named as it also before any checkout; empty for other jobs.

    No other job's name has a `%`.
    """
    name = run.pipeline.rpartition("/")[2]
    return unquote(name) if "%" in name or any(exported.of_kind(build.actions, exported.BRANCH_REVISION)) else ""


def read_facts(
    build: Build, run: Run, who_started: Sequence[Starter], upstream: Sequence[str], changed: Changes
) -> Facts:
    """All that the record says. Raises UntrustedInputError."""
    libraries = exported.gather(build.actions, exported.LIBRARIES, "libraries", list[LoadedLibrary])
    own = own_branch(build, run)
    revisions = changes.revisions(build, own)
    return Facts(
        run=run,
        branch=own or (revisions[0].branch if revisions else ""),
        starters=tuple(dict.fromkeys(who_started)),
        revisions=tuple(revisions),
        commits=changed.commits,
        authors=changed.authors,
        paths=changed.paths,
        upstream=tuple(dict.fromkeys(upstream)),
        since=changed.since,
        parameters=tuple(_parameters(build)),
        libraries=tuple(
            Library(item.name, item.version or "", item.trusted, tuple(item.variables or ())) for item in libraries
        ),
        settlers=settlers(build.actions),
    )


def let_go_on(build: Build, us: str) -> bool:
    """Whether a build ended well after we let it go on: people saw what was in it. Raises UntrustedInputError."""
    return build.result == "SUCCESS" and not build.building and us in settlers(build.actions)


def read_outcome(build: Build, job: str, number: int, us: str) -> Outcome:
    """How the build's inputs stand, and how it ended. Raises UntrustedInputError."""
    found = exported.gather(build.actions, exported.INTERRUPTED, "causes", list[Interruption])
    kinds = {interruption.kind: interruption for interruption in found}
    ended, by = build.result or "", ""
    if exported.REJECTION in kinds:
        user = kinds[exported.REJECTION].user
        ended, by = "aborted", ((user.id if user else None) or "")[:LONGEST_USER]
    elif exported.TIMEOUT in kinds:
        ended = "timeout"
    elif exported.STOPPED in kinds:
        ended = "stopped"
    finished = not build.building
    return Outcome(
        open_refs=frozenset() if finished else open_refs(job, number, build),
        settlers=settlers(build.actions),
        us=us,
        finished=finished,
        ended=ended if finished else "",
        by=by if finished else "",
        well=finished and build.result in WELL,
    )


def _starter(cause: Cause, who: Who) -> Starter:
    if cause.upstreamProject is not None:
        return Starter(Trigger.UPSTREAM, via=f"{cause.upstreamProject} #{cause.upstreamBuild}")
    trigger = _TRIGGERS.get(cause.kind, Trigger.UNKNOWN)
    user = cause.userId if trigger is Trigger.PERSON else None
    return Starter(trigger, user, who(user) if user else None)


def _origin(cause: Cause, job: str) -> Origin | None:
    if cause.upstreamProject is not None and cause.upstreamBuild is not None:
        return cause.upstreamProject, cause.upstreamBuild
    if cause.kind not in _AGAIN:
        return None
    number = _BUILD_NUMBER.search(cause.shortDescription or "")
    return (job, int(number[1])) if number else (job, 0)


def _via(origin: Origin | None) -> str:
    return f"{origin[0]} #{origin[1]}" if origin and origin[1] else ""


def _parameters(build: Build) -> Iterable[Parameter]:
    for given in exported.gather(build.actions, exported.PARAMETERS, "parameters", list[Value]):
        yield Parameter(given.name, _text(given.value))


def _text(raw: msgspec.Raw) -> str | None:
    """Strings as they are, everything else as its JSON: no value that Jenkins tells is left out."""
    value = exported.decode(raw, object)
    return value if isinstance(value, str) or value is None else msgspec.json.encode(value).decode()
