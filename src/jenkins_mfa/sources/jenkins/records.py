"""The record of one build: who started it, what it checked out, who settled inputs, how it ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import unquote

import msgspec

from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Author, Facts, Library, Parameter, Revision, Run, Starter, Trigger
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.sources.jenkins import exported
from jenkins_mfa.sources.jenkins.exported import (
    Build,
    BuiltRevision,
    Cause,
    Interruption,
    LoadedLibrary,
    Value,
)
from jenkins_mfa.sources.jenkins.inputs import open_refs

#: From a source's user id to the roster id, or None.
Who = Callable[[str], str | None]

#: What to ask of a build for its facts; the inputs' texts stay out, as they may be large.
FACTS = (
    "actions[causes[shortDescription,userId,upstreamProject,upstreamBuild],parameters[name,value],"
    "lastBuiltRevision[SHA1,branch[name]],remoteUrls,libraries[name,version,trusted,variables],userId,"
    "executions[id,settled,input[submitter]]],"
    "changeSets[items[commitId,author[id]]],previousBuild[number]"
)
CAUSES = "actions[causes[shortDescription,userId,upstreamProject,upstreamBuild]]"
OUTCOME = "building,result,actions[userId,executions[id,settled],causes[user[id]]]"

#: Characters of a user id that are kept of who settled an input: the trail and messages must take it in any case.
LONGEST_USER = 255

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
_BUILD_NUMBER = re.compile(r"#([1-9][0-9]{0,9})")
_COMMIT = re.compile(r"[0-9a-f]{12,64}")

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


def behind(origin: Origin, found: list[Cause] | None, who: Who) -> list[Starter]:
    """Starters of an origin; somebody unknown where it cannot be read."""
    if found is None:
        return [Starter(Trigger.UNKNOWN, via=_via(origin))]
    return [replace(s, via=_via(origin)) for s in starters(found, origin[0], who)]


def read_facts(build: Build, run: Run, who_started: Sequence[Starter]) -> Facts:
    """All that the record says. Raises UntrustedInputError."""
    libraries = exported.gather(build.actions, exported.LIBRARIES, "libraries", list[LoadedLibrary])
    own = _own_branch(build, run)
    revisions, foreign = _revisions(build, libraries, own)
    sets = [s.items or [] for s in build.changeSets or ()]
    changes = [c for items in sets if not foreign & {c.commitId for c in items} for c in items]
    return Facts(
        run=run,
        branch=own or (revisions[0].branch if revisions else ""),
        starters=tuple(dict.fromkeys(who_started)),
        revisions=tuple(revisions),
        commits=len(changes),
        authors=tuple(Author(a) for a in sorted({c.author.id for c in changes if c.author and c.author.id})),
        since=str(build.previousBuild.number) if build.previousBuild else "",
        parameters=tuple(_parameters(build)),
        libraries=tuple(
            Library(item.name, item.version or "", item.trusted, tuple(item.variables or ())) for item in libraries
        ),
        settlers=settlers(build),
    )


def settlers(build: Build) -> tuple[str, ...]:
    """Who proceeded inputs of the build, in order. Raises UntrustedInputError."""
    approvals = exported.of_kind(build.actions, exported.APPROVER)
    return tuple((exported.decode(a.userId, str | None) or "")[:LONGEST_USER] for a in approvals)  # type: ignore[arg-type]


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
        settlers=settlers(build),
        us=us,
        finished=finished,
        ended=ended if finished else "",
        by=by if finished else "",
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


def _revisions(build: Build, libraries: Iterable[LoadedLibrary], own: str) -> tuple[list[Revision], set[str]]:
    """What was checked out, and the commits that were checked out only to load a trusted library.

    BuildData does not say what it is for: a library's is on a branch named as the library's version. If more
    checkouts than libraries fit, or a branch job's own branch is named so (a cached library leaves no BuildData),
    none is left out, so that nothing can hide behind a library.
    """
    versions = [library.version for library in libraries if library.trusted]
    actions = exported.of_kind(build.actions, exported.BUILD_DATA)
    found = list(dict.fromkeys(revision for action in actions for revision in _revision(action)))
    branches = [revision.branch for revision in found]
    foreign = {b for b in branches if 0 < branches.count(b) <= versions.count(b)} - {own}
    ours = [replace(r, branch=_short(r.branch)) for r in found if r.branch not in foreign]
    return ours, {r.commit for r in found if r.branch in foreign} - {r.commit for r in ours}


def _revision(action: exported.Action) -> Iterable[Revision]:
    built = exported.decode(action.lastBuiltRevision, BuiltRevision | None)  # type: ignore[arg-type]
    remotes = exported.decode(action.remoteUrls, list[str] | None)  # type: ignore[arg-type]
    if built is None:
        return
    if not _COMMIT.fullmatch(built.SHA1):
        raise UntrustedInputError("Jenkins recorded a commit that is none")
    yield Revision(remotes[0] if remotes else "", built.branch[0].name if built.branch else "", built.SHA1)


def _short(branch: str) -> str:
    return branch.removeprefix("refs/remotes/").removeprefix("origin/").removeprefix("refs/heads/")


def _own_branch(build: Build, run: Run) -> str:
    """A branch job is named as its branch, also before any checkout; no other job's name has a `%`."""
    name = run.pipeline.rpartition("/")[2]
    return unquote(name) if "%" in name or any(exported.of_kind(build.actions, exported.BRANCH_REVISION)) else ""


def _parameters(build: Build) -> Iterable[Parameter]:
    for given in exported.gather(build.actions, exported.PARAMETERS, "parameters", list[Value]):
        yield Parameter(given.name, _text(given.value))


def _text(raw: msgspec.Raw) -> str | None:
    """Strings as they are, everything else as its JSON: no value that Jenkins tells is left out."""
    value = exported.decode(raw, object)
    return value if isinstance(value, str) or value is None else msgspec.json.encode(value).decode()
