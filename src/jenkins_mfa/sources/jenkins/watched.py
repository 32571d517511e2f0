"""The last builds of a watched job, in one request. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from jenkins_mfa.core.model import Library
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.sources.jenkins import changes, exported, records
from jenkins_mfa.sources.jenkins.exported import Build, LoadedLibrary
from jenkins_mfa.sources.jenkins.inputs import run_of

#: The newest 100 builds, which is all that Jenkins tells without reading old ones from its disk.
TREE = (
    "builds[number,building,result,timestamp,actions["
    "causes[shortDescription,userId,upstreamProject,upstreamBuild]{0,20},lastBuiltRevision[SHA1,branch[name]],"
    "remoteUrls,libraries[name,version,trusted,variables]{0,20}]]{0,100}"
)


#: What a build went through: its stages are among them. One that went through more is told as unreadable.
MOST_NODES = 5_000
NODES = f"actions[nodes[displayName]{{0,{MOST_NODES + 1}}}]"


class Node(msgspec.Struct, frozen=True):
    """One step or block that a build went through."""

    displayName: str = ""  # noqa: N815 - Jenkins' own name


class Job(msgspec.Struct, frozen=True):
    """A job's record."""

    builds: list[Build] | None = None


def read(build: Build, source: str, job: str, public_url: str, who: records.Who) -> Ran:
    """One build. Plugins and Pipelines write into its record: what cannot be read hides no other build."""
    run = run_of(source, job, build.number, public_url, build.timestamp)
    ran = Ran(run, build.number, not build.building, build.result in records.WELL)
    try:
        found = exported.gather(build.actions, exported.LIBRARIES, "libraries", list[LoadedLibrary])
        return replace(
            ran,
            starters=tuple(records.starters(records.causes(build), job, who)),
            revisions=tuple(changes.revisions(build, records.own_branch(build, run))),
            libraries=tuple(
                Library(one.name, one.version or "", one.trusted, tuple(one.variables or ())) for one in found
            ),
        )
    except UntrustedInputError:
        return replace(ran, readable=False)


def stages(build: Build) -> frozenset[str]:
    """The names of all that a build went through, stages among them. Raises UntrustedInputError for too much of it."""
    nodes = exported.gather(build.actions, exported.FLOW, "nodes", list[Node])
    if len(nodes) > MOST_NODES:
        raise UntrustedInputError(f"the build went through more than {MOST_NODES} steps")
    return frozenset(node.displayName for node in nodes)
