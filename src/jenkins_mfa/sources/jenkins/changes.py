"""What a build has checked out, and what changed since the last build of its job that we let go on. Pure.

Jenkins lists only the commits since the build before. Who could push, be denied and build once more would have a
build without any change, so the lists of all builds since the last one that people let go on are put together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jenkins_mfa.core.model import Author, Revision
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.sources.jenkins import exported
from jenkins_mfa.sources.jenkins.exported import Build, BuiltRevision, Change, LoadedLibrary

#: Jenkins' git plugin itself lists no more commits of one checkout.
COMMITS = 1024
#: What is read of one build, and kept in all: change sets, paths, characters of one path and of all, authors.
SETS, PATHS, PATH, CHARACTERS, AUTHORS = 20, 2000, 1024, 1 << 17, 200
#: Characters of an author's id and address that are kept.
NAME = 255

TREE = (
    "number,building,result,previousBuild[number],actions[userId,lastBuiltRevision[SHA1,branch[name]],remoteUrls,"
    "libraries[name,version,trusted]],changeSets[items[commitId,author[id],authorEmail,"
    f"affectedPaths{{0,{PATHS + 1}}}]{{0,{COMMITS}}}]{{0,{SETS}}}"
)

_COMMIT = re.compile(r"[0-9a-f]{12,64}")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))

#: From an author's id and address, in lower case, to the roster id, or None.
Writer = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Changes:
    """Commits, their authors and paths since build `since`; `paths` is None where not all of it is told."""

    commits: int = 0
    authors: tuple[Author, ...] = ()
    paths: tuple[str, ...] | None = None
    since: str = ""


def read(builds: Sequence[Build], base: Build | None, own: str, wrote: Writer) -> Changes:
    """What changed in `builds`: the one that asks, then each one before it, down to `base`, which we let go on.

    Without a base nothing that people saw is there to compare with: then only the build's own commits are counted,
    and the paths are not known. `own` is the branch of a branch job. Raises UntrustedInputError.
    """
    if not builds:
        return Changes()
    before = base or builds[0].previousBuild
    since = str(before.number) if before else ""
    commits = [c for b in (builds if base else builds[:1]) for items in change_sets(b, own) for c in items]
    writers = sorted({_author(c, wrote) for c in commits}, key=lambda a: (a.subject, a.email))
    told = base is not None and len(writers) <= AUTHORS and _told(builds, base, own)
    return Changes(len(commits), tuple(writers[:AUTHORS]), _paths(commits) if told else None, since)


def change_sets(build: Build, own: str) -> list[list[Change]]:
    """The commits of each checkout that is not only a trusted library's. Raises UntrustedInputError."""
    revisions, foreign = _sorted(build, own)
    ours = {r.commit for r in revisions}
    sets = [s.items or [] for s in build.changeSets or ()]
    listed = [({c.commitId for c in items}, items) for items in sets]
    return [items for ids, items in listed if ids & ours or not ids & foreign]


def revisions(build: Build, own: str) -> list[Revision]:
    """What was checked out, except to load a trusted library. Raises UntrustedInputError."""
    return [replace(r, branch=_short(r.branch)) for r in _sorted(build, own)[0]]


def _sorted(build: Build, own: str) -> tuple[list[Revision], set[str]]:
    """The build's own revisions, and the commits that were checked out only to load a trusted library.

    BuildData does not say what it is for: a library's is on a branch named as the library's version. If more
    checkouts than libraries fit, or a branch job's own branch is named so (a cached library leaves no BuildData), or
    the repository is also checked out as something else, none is left out: nothing can hide behind a library.
    """
    libraries = exported.gather(build.actions, exported.LIBRARIES, "libraries", list[LoadedLibrary])
    versions = [library.version for library in libraries if library.trusted]
    actions = exported.of_kind(build.actions, exported.BUILD_DATA)
    found = list(dict.fromkeys(revision for action in actions for revision in _revision(action)))
    branches = [revision.branch for revision in found]
    foreign = {b for b in branches if 0 < branches.count(b) <= versions.count(b)} - {own}
    repositories = {r.repository for r in found if r.branch not in foreign}
    ours = [r for r in found if r.branch not in foreign or r.repository in repositories]
    return ours, {r.commit for r in found if r not in ours}


def _revision(action: exported.Action) -> Iterator[Revision]:
    built = exported.decode(action.lastBuiltRevision, BuiltRevision | None)  # type: ignore[arg-type]
    remotes = exported.decode(action.remoteUrls, list[str] | None)  # type: ignore[arg-type]
    if built is None:
        return
    if not _COMMIT.fullmatch(built.SHA1):
        raise UntrustedInputError("Jenkins recorded a commit that is none")
    yield Revision(remotes[0] if remotes else "", built.branch[0].name if built.branch else "", built.SHA1)


def _short(branch: str) -> str:
    return branch.removeprefix("refs/remotes/").removeprefix("origin/").removeprefix("refs/heads/")


def _told(builds: Sequence[Build], base: Build, own: str) -> bool:
    """Whether the lists hold all that changed since `base`: no build is missing, no checkout is still to come, and
    each commit that was checked out is listed, or was checked out before.

    So a branch that was never built, one set back, a merge (Jenkins leaves merges out) and a checkout without a
    changelog count as not told. What no list shows: commits that a rewritten branch dropped, or that a merge below
    other commits added by itself.
    """
    known = {(r.repository, r.branch): r.commit for r in revisions(base, own)}
    places = set(known)
    for build in reversed(builds):
        listed = {c.commitId for items in change_sets(build, own) for c in items}
        for r in revisions(build, own):
            before = known.get((r.repository, r.branch))
            if before is None or (r.commit != before and r.commit not in listed):
                return False
            known[r.repository, r.branch] = r.commit
    now = {(r.repository, r.branch) for r in revisions(builds[0], own)}
    complete = bool(now) and places <= now and (not own or any(branch == own for _, branch in now))
    return complete and all(_whole(build) for build in builds)


def _whole(build: Build) -> bool:
    """Whether the build before it still exists, and none of its lists was longer than what is read."""
    sets = [s.items or () for s in build.changeSets or ()]
    follows = build.previousBuild is not None and build.previousBuild.number == build.number - 1
    return follows and len(sets) < SETS and all(len(items) < COMMITS for items in sets)


def _paths(commits: Iterable[Change]) -> tuple[str, ...] | None:
    """All paths, in order; None if a commit names none, or if all are too many to be kept."""
    found: set[str] = set()
    for commit in commits:
        if not commit.affectedPaths:
            return None
        found.update(_unquoted(path) for path in commit.affectedPaths)
    if len(found) > PATHS or sum(map(len, found)) > CHARACTERS or any(len(path) > PATH for path in found):
        return None
    return tuple(sorted(found))


def _unquoted(path: str) -> str:
    """Git writes a path with other than plain characters as a C string; a glob must meet the path itself."""
    if len(path) < 2 or not (path.startswith('"') and path.endswith('"')):
        return path
    return _ESCAPE.sub(_byte, path[1:-1].encode()).decode(errors="backslashreplace")


def _byte(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8) if len(code) == 3 else _ESCAPED.get(code[0], code[0])])


def _author(change: Change, wrote: Writer) -> Author:
    """Jenkins takes both from the commit's own words (its committer, unless the job says "use commit author"), and
    anybody can write any: that can only make somebody else ineligible, or the author unknown. It never makes anybody
    eligible, and is no proof against somebody who forges it.
    """
    subject = (change.author.id if change.author else "") or ""
    email = change.authorEmail or ""
    return Author(subject[:NAME], email[:NAME], wrote(subject, email.lower()))
