"""The listing of all paused builds, and the request text of one input. Pure: bytes in, values out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from jenkins_mfa.core.model import Run
from jenkins_mfa.errors import SourceGoneError, UntrustedInputError
from jenkins_mfa.sources.jenkins import exported
from jenkins_mfa.sources.jenkins.exported import Action, Build, Execution, Input, LoadedLibrary
from jenkins_mfa.sources.jenkins.refs import Ref, build_path, read_build_url
from jenkins_mfa.usecases.ports import Paused

KIND = "jenkins"

#: The inputs of one build that are looked at, oldest first, wherever they are asked for; further ones move up as those
#: end. Jenkins adds at the end only, so none that was seen is lost from sight.
SEEN = "{0,20}"
#: Ids only, and ranges: a hostile build cannot make the answer large with its texts or its number of inputs.
LISTING = (
    "computer[oneOffExecutors[currentExecutable[url,number,timestamp,actions["
    f"userId,executions[id,settled,input[submitter]]{SEEN},libraries[name,version,trusted,variables]"
    "{0,20}]]]]"
)
#: Another input has the same id: in the same build (Jenkins would settle the older one) or copied to another build.
TWIN = "twin"
#: Names in the contract between the library and the agent.
REQUEST, RECEIPT = "MFA_REQUEST", "MFA_RECEIPT"

#: Characters of a user id that are kept of who settled an input: the trail and messages must take it in any case.
LONGEST_USER = 255

_ID = re.compile(r"Mfa-[0-9a-f]{32}")
#: What Jenkins makes of the message where a Pipeline gives no id: the same for every input with these words.
_MADE = re.compile(r"[0-9A-Fa-f]{32}")
#: An id that a Pipeline has given; none that could be mistaken for one of ours.
_GIVEN = re.compile(r"(?!mfa-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.IGNORECASE)
_NONE = msgspec.Raw(b"null")

#: Digest of what each build of a listing said, byte for byte → what it meant.
Known = dict[bytes, tuple[Paused, ...]]


class _Executable(msgspec.Struct, frozen=True):
    url: str | None = None
    timestamp: int = 0
    actions: list[Action | None] | None = None


class _Executor(msgspec.Struct, frozen=True):
    currentExecutable: msgspec.Raw = _NONE  # noqa: N815 - Jenkins' own names in this module


class _Computer(msgspec.Struct, frozen=True):
    oneOffExecutors: list[_Executor | None] | None = None  # noqa: N815


class _Listing(msgspec.Struct, frozen=True):
    computer: list[_Computer | None]


@dataclass(frozen=True, slots=True)
class Agents:
    """Our account there, and those of other installations' agents, whose gates are none of our business."""

    user: str
    others: frozenset[str] = frozenset()


def read_listing(data: bytes, source: str, agents: Agents, public_url: str, known: Known | None = None) -> list[Paused]:
    """All inputs that wait for exactly our user, in the listing's order, and those with an id of our library's that
    wait for somebody else, too.

    `known` is what the last listing of this source held, and holds this one afterwards: nearly all builds say the
    same again, and reading it again would be most of a poll's work. Raises UntrustedInputError for a listing that
    cannot be read whole: half of one would look like settled inputs.
    """
    before, now = known or {}, Known()
    for said in _executables(data):
        digest = hashlib.sha256(said).digest()
        meant = before.get(digest)
        now[digest] = _waiting(said, source, agents, public_url) if meant is None else meant
    if known is not None:
        known.clear()
        known.update(now)
    found = {paused.ref: paused for build in now.values() for paused in build}
    builds = Counter(paused.nonce for paused in found.values() if not paused.plain and paused.settled_by is None)
    return [replace(p, problem=TWIN) if builds[p.nonce] > 1 else p for p in found.values()]


def _waiting(said: msgspec.Raw, source: str, agents: Agents, public_url: str) -> tuple[Paused, ...]:
    """The inputs of one build that wait for us, or should."""
    executable = exported.decode(said, _Executable)
    executions = _open(executable.actions)
    times = Counter(e.id for e in executions)
    ours = sorted({e.id for e in executions if _waits_for(e, agents.user)})
    others = {e.id: _submitter(e) for e in executions if e.id not in ours and _misdirected(e, agents)}
    if not ours and not others:
        return ()
    job, build = read_build_url(executable.url or "")
    run = run_of(source, job, build, public_url, executable.timestamp)
    settled = settlers(executable.actions)
    pauses = [
        Paused(Ref(job, build, id_).text, id_, run, TWIN if times[id_] > 1 else "", settled, is_plain(id_))
        for id_ in ours
    ]
    return (*pauses, *(Paused(Ref(job, build, id_).text, id_, run, settled_by=by) for id_, by in others.items()))


def read_libraries(data: bytes) -> list[LoadedLibrary]:
    """The libraries of all builds that run now. Raises UntrustedInputError."""
    actions = (exported.decode(said, _Executable).actions for said in _executables(data))
    return [
        library
        for of_build in actions
        for library in exported.gather(of_build, exported.LIBRARIES, "libraries", list[LoadedLibrary])
    ]


def find(build: Build, input_id: str, user: str) -> int:
    """Position of an input in its build.

    Raises SourceGoneError, and UntrustedInputError if it must not be answered.
    """
    executions = exported.gather(build.actions, exported.INPUT, "executions", list[Execution])
    places = [place for place, e in enumerate(executions) if e.id == input_id and not e.settled]
    if not places:
        raise SourceGoneError("the input no longer waits")
    if len(places) > 1:
        raise UntrustedInputError("two inputs of the build share one id")
    if not _waits_for(executions[places[0]], user):
        raise UntrustedInputError(f"the input's submitter is not exactly {user}")
    return places[0]


def request_tree(place: int) -> str:
    """What to ask of a build for the request text of one input."""
    asked = "id,input[message,submitter,parameters[name,defaultParameterValue[name,value]]]"
    return f"actions[executions[{asked}]{{{place},{place + 1}}}]"


def read_request(build: Build, input_id: str, user: str) -> bytes:
    """The request text as UTF-8.

    Raises SourceGoneError when another input has moved to this place, and UntrustedInputError.
    """
    executions = exported.gather(build.actions, exported.INPUT, "executions", list[Execution])
    if len(executions) != 1 or executions[0].id != input_id:
        raise SourceGoneError("the input moved while it was read")
    asked = executions[0].input
    if asked is None or not _waits_for(executions[0], user):
        raise UntrustedInputError(f"the input's submitter is not exactly {user}")
    if is_plain(input_id):
        return _plain_text(asked)
    values = {name: [p for p in asked.parameters or () if p.name == name] for name in (REQUEST, RECEIPT)}
    for name, definitions in values.items():
        if len(definitions) != 1:
            raise UntrustedInputError(f"the input has {len(definitions)} parameters {name} instead of one")
    default = values[REQUEST][0].defaultParameterValue
    if default is None:
        raise UntrustedInputError(f"the input's parameter {REQUEST} has no value")
    return exported.decode(default.value, str).encode()


def _plain_text(asked: Input) -> bytes:
    """What a plain input says. One with parameters is not ours: whoever proceeds has to fill them in."""
    if asked.parameters:
        raise UntrustedInputError("a plain input with parameters is not answered")
    return (asked.message or "").encode()


def is_plain(input_id: str) -> bool:
    """Whether an input with this id is one of another step than ours, with an id that its Pipeline has given."""
    return _ID.fullmatch(input_id) is None


def run_of(source: str, job: str, build: int, public_url: str, started: int = 0) -> Run:
    """A build as the core knows it; Jenkins has no attempts of one build."""
    return Run(source, KIND, job, str(build), 1, public_url + build_path(job, build), started)


def open_refs(job: str, build: int, record: Build) -> frozenset[str]:
    """Handles of all inputs of a build that still wait. Raises UntrustedInputError."""
    return frozenset(Ref(job, build, e.id).text for e in _open(record.actions))


def settlers(actions: exported.Actions | None) -> tuple[str, ...]:
    """Who proceeded inputs of the build, in order. Raises UntrustedInputError."""
    approvals = exported.of_kind(actions, exported.APPROVER)
    return tuple((exported.decode(a.userId, str | None) or "")[:LONGEST_USER] for a in approvals)  # type: ignore[arg-type]


def _open(actions: exported.Actions | None) -> list[Execution]:
    return [e for e in exported.gather(actions, exported.INPUT, "executions", list[Execution]) if not e.settled]


def _waits_for(execution: Execution, user: str) -> bool:
    """Jenkins would also take another spelling, a list or a group: those inputs are not for us alone."""
    asked = execution.input
    if asked is None or asked.submitter != user:
        return False
    ours = _ID.fullmatch(execution.id) is not None
    return ours or (_GIVEN.fullmatch(execution.id) is not None and _MADE.fullmatch(execution.id) is None)


def _misdirected(execution: Execution, agents: Agents) -> bool:
    """Whether an input with an id of our library's may be settled by others than an agent alone."""
    return _ID.fullmatch(execution.id) is not None and _submitter(execution) not in {agents.user, *agents.others}


def _submitter(execution: Execution) -> str:
    """Whom an input names, as it is written there; empty for everybody who may build."""
    return ((execution.input.submitter if execution.input else None) or "")[:LONGEST_USER]


def _executables(data: bytes) -> Iterable[msgspec.Raw]:
    """Each build that runs, as the listing has it."""
    listing = exported.decode(data, _Listing)
    executors = (e for computer in listing.computer if computer for e in computer.oneOffExecutors or ())
    return (e.currentExecutable for e in executors if e is not None and e.currentExecutable != _NONE)
