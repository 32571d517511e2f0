"""What Jenkins' remote API exports, as far as we read it: typed shapes, and one strict decoder. Pure.

Plugins add actions of their own to every build, also such that use the same field names for something else.
So the fields of an action stay undecoded until its `_class` says that it is one of those that we know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from jenkins_mfa import shapes
from jenkins_mfa.errors import UntrustedInputError

_STEPS = "org.jenkinsci.plugins.workflow.support.steps.input"
INPUT = f"{_STEPS}.InputAction"
APPROVER = f"{_STEPS}.ApproverAction"
REJECTION = f"{_STEPS}.Rejection"
TIMEOUT = "org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution$ExceededTimeout"
STOPPED = "jenkins.model.CauseOfInterruption$UserInterruption"
INTERRUPTED = "jenkins.model.InterruptedBuildAction"
CAUSES = "hudson.model.CauseAction"
PARAMETERS = "hudson.model.ParametersAction"
FLOW = "org.jenkinsci.plugins.workflow.job.views.FlowGraphAction"
LIBRARIES = "org.jenkinsci.plugins.workflow.libs.LibrariesAction"
BUILD_DATA = "hudson.plugins.git.util.BuildData"
#: Only builds of branch jobs carry it.
BRANCH_REVISION = "jenkins.scm.api.SCMRevisionAction"

_NONE = msgspec.Raw(b"null")

T = TypeVar("T")


class Action(msgspec.Struct, frozen=True):
    """One action of a build, its known fields still undecoded."""

    kind: str = msgspec.field(name="_class", default="")
    executions: msgspec.Raw = _NONE
    libraries: msgspec.Raw = _NONE
    causes: msgspec.Raw = _NONE
    nodes: msgspec.Raw = _NONE
    parameters: msgspec.Raw = _NONE
    lastBuiltRevision: msgspec.Raw = _NONE  # noqa: N815 - Jenkins' own names in this module
    remoteUrls: msgspec.Raw = _NONE  # noqa: N815
    userId: msgspec.Raw = _NONE  # noqa: N815


Actions = Sequence[Action | None]


class Value(msgspec.Struct, frozen=True):
    """A parameter's value; absent for passwords, files, runs and credentials."""

    name: str = ""
    value: msgspec.Raw = _NONE


class Definition(msgspec.Struct, frozen=True):
    """A parameter of an input."""

    name: str
    defaultParameterValue: Value | None = None  # noqa: N815


class Input(msgspec.Struct, frozen=True):
    """What an input step was given."""

    message: str | None = None
    submitter: str | None = None
    parameters: list[Definition] | None = None


class Execution(msgspec.Struct, frozen=True):
    """One input that waits, or has just been settled."""

    id: str
    settled: bool = False
    input: Input | None = None


class Cause(msgspec.Struct, frozen=True):
    """Why a build was started."""

    kind: str = msgspec.field(name="_class", default="")
    shortDescription: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
    upstreamProject: str | None = None  # noqa: N815
    upstreamBuild: int | None = None  # noqa: N815


class User(msgspec.Struct, frozen=True):
    """A Jenkins account."""

    id: str | None = None


class Interruption(msgspec.Struct, frozen=True):
    """Why a build was interrupted."""

    kind: str = msgspec.field(name="_class", default="")
    user: User | None = None


class LoadedLibrary(msgspec.Struct, frozen=True):
    """A shared library that the build loaded."""

    name: str
    version: str | None = None
    trusted: bool = False
    variables: list[str] | None = None


class Branch(msgspec.Struct, frozen=True):
    """A branch that a revision was found on."""

    name: str


class BuiltRevision(msgspec.Struct, frozen=True):
    """A commit that was checked out."""

    SHA1: str
    branch: list[Branch] | None = None


class Author(msgspec.Struct, frozen=True):
    """Who Jenkins guesses that wrote a commit."""

    id: str | None = None


class Change(msgspec.Struct, frozen=True):
    """One commit since the build before, with what it claims about itself."""

    commitId: str | None = None  # noqa: N815
    author: Author | None = None
    authorEmail: str | None = None  # noqa: N815
    affectedPaths: list[str] | None = None  # noqa: N815


class ChangeSet(msgspec.Struct, frozen=True):
    """The commits of one checkout, oldest first."""

    items: list[Change] | None = None


class Number(msgspec.Struct, frozen=True):
    """A build by its number."""

    number: int


class Build(msgspec.Struct, frozen=True):
    """A build's record."""

    number: int = 0
    timestamp: int = 0
    building: bool = True
    result: str | None = None
    description: str | None = None
    actions: list[Action | None] | None = None
    changeSets: list[ChangeSet] | None = None  # noqa: N815
    previousBuild: Number | None = None  # noqa: N815


def decode(data: bytes | msgspec.Raw, shape: type[T]) -> T:
    """JSON of exactly that shape. Raises UntrustedInputError, whose text holds none of the data."""
    try:
        return shapes.decode(data, shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        problem = str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
    raise UntrustedInputError(f"Jenkins' answer does not have the expected shape: {problem}")


def of_kind(actions: Actions | None, kind: str) -> Iterator[Action]:
    """The actions of one class, in their order."""
    return (action for action in actions or () if action is not None and action.kind == kind)


def gather(actions: Actions | None, kind: str, field: str, shape: type[list[T]]) -> list[T]:
    """The elements of a list field over all actions of one class. Raises UntrustedInputError."""
    found: list[T] = []
    for action in of_kind(actions, kind):
        raw = getattr(action, field)
        if bytes(raw) != b"null":
            found += decode(raw, shape)
    return found
