"""One Jenkins controller as a source of pauses."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from jenkins_mfa.core import judge
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Run, Starter
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import (
    SourceError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
    UntrustedInputError,
)
from jenkins_mfa.sources.jenkins import behind, changes, description, inputs, records, watched
from jenkins_mfa.sources.jenkins.client import (
    LISTING_BYTES,
    LISTING_SECONDS,
    RECORD_BYTES,
    REQUEST_BYTES,
    Client,
    Reply,
    TooLargeError,
)
from jenkins_mfa.sources.jenkins.exported import Build, decode
from jenkins_mfa.sources.jenkins.refs import Ref, build_path, job_path
from jenkins_mfa.usecases.ports import Abort, Opened, Paused, Proceed

#: ms after a start was noticed in which a build without open inputs may still be loading them.
STARTING = 20_000
#: Seconds until it is looked again whether Jenkins still prepares for a shutdown: that may be called off.
QUIET_SECONDS = 5.0
#: ms between two reads that do not find a run before it counts as gone.
INVISIBLE = 60_000

#: of what a build went through: 200 for each step, beside its name.
NODES_BYTES = 2_000_000

T = TypeVar("T")


class _Root(msgspec.Struct, frozen=True):
    quietingDown: bool = False  # noqa: N815 - Jenkins' own name


class _Me(msgspec.Struct, frozen=True):
    name: str
    anonymous: bool = True


@dataclass(slots=True)
class JenkinsSource:
    """The port `Source` for one controller. `now` gives ms UTC.

    `who` maps a user id there to a roster id, `by_address` the address (lower case) that a commit names.
    `public_url` is the controller's address for people, `other_agents` are the accounts there of other installations.
    Safe to share between threads.
    """

    id: str
    public_url: str
    client: Client
    who: Callable[[str], str | None]
    by_address: Callable[[str], str | None]
    now: Callable[[], int]
    other_agents: frozenset[str] = frozenset()
    _session: str = field(default="", init=False, repr=False)
    _started: int | None = field(default=None, init=False, repr=False)
    _absent: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    _builds: inputs.Known = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self.public_url = self.public_url.rstrip("/") + "/"

    @property
    def kind(self) -> str:
        """`jenkins`."""
        return inputs.KIND

    def pending(self) -> list[Paused]:
        """All inputs that wait for exactly our user, or should, in one request. Raises SourceError."""
        reply = self.client.get("computer/", inputs.LISTING, limit=LISTING_BYTES, seconds=LISTING_SECONDS)
        self._saw(reply)
        try:
            agents = inputs.Agents(self.client.user, self.other_agents)
            return inputs.read_listing(reply.body, self.id, agents, self.public_url, self._builds)
        except UntrustedInputError as error:
            raise SourceUnavailableError(f"the listing cannot be read: {error}") from None

    def facts(self, paused: Paused) -> Opened:
        """The exact request text and the build's records. Raises SourceError and UntrustedInputError."""
        ref = Ref.parse(paused.ref)
        path = build_path(ref.job, ref.build)
        try:
            build = self._read(path, records.FACTS, Build)
            place = inputs.find(build, ref.input, self.client.user)
            asked = self._read(path, inputs.request_tree(place), Build, limit=REQUEST_BYTES)
        except TooLargeError as error:
            raise UntrustedInputError(f"cannot be read whole: {error}") from None
        request = inputs.read_request(asked, ref.input, self.client.user)
        run = paused.run
        starters, upstream = behind.starters(build, ref.job, self.who, self._other)
        builds, base = behind.history(ref.job, ref.build, self.client.user, self._other)
        changed = changes.read(builds, base, records.own_branch(build, run), self._wrote)
        facts = records.read_facts(build, run, starters, upstream, changed)
        return Opened(request, replace(facts, plain=ref.input) if paused.plain else facts)

    def starters(self, run: Run) -> tuple[Starter, ...]:
        """Who started a build. Raises SourceError and UntrustedInputError."""
        build = self._read(build_path(run.pipeline, run.id), records.CAUSES, Build)
        return tuple(behind.starters(build, run.pipeline, self.who, self._other)[0])

    def outcome(self, run: Run) -> Outcome:
        """A fresh reading of the build.

        Raises SourceUnavailableError also while the controller has just started and the build shows no input, and
        SourceGoneError for a build that is not there, until that has been so for `INVISIBLE`.
        """
        try:
            build = self._read(build_path(run.pipeline, run.id), records.OUTCOME, Build)
            outcome = records.read_outcome(build, run.pipeline, int(run.id), self.client.user)
        except SourceGoneError:
            return self._invisible(run)
        except UntrustedInputError as error:
            raise SourceUnavailableError(f"the build's record cannot be read: {error}") from None
        with self._lock:
            self._absent.pop(run.key, None)
        if run.started and build.timestamp not in {0, run.started}:
            return self._gone()  # the job was made anew, and this is another build of the same number
        if not outcome.open_refs:
            self._refuse_while_starting()
        return outcome

    def ran(self, pipeline: str) -> list[Ran]:
        """The newest builds of a job, in one request. Raises SourceError."""
        try:
            job = self._read(job_path(pipeline), watched.TREE, watched.Job)
        except UntrustedInputError as error:
            raise SourceGoneError(str(error)) from None
        try:
            return [watched.read(build, self.id, pipeline, self.public_url, self.who) for build in job.builds or ()]
        except UntrustedInputError as error:
            raise SourceUnavailableError(f"the job's record cannot be read: {error}") from None

    def stages(self, run: Run) -> frozenset[str]:
        """The stages that a build has reached. Raises SourceError and UntrustedInputError."""
        try:
            build = self._read(build_path(run.pipeline, run.id), watched.NODES, Build, limit=NODES_BYTES)
        except TooLargeError as error:
            raise UntrustedInputError(f"cannot be read whole: {error}") from None
        return watched.stages(build)

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        """Send an answer; nothing is sent while Jenkins prepares for a shutdown, and no receipt that it would refuse by
        its clock. Raises SourceError.
        """
        at = Ref.parse(ref)
        root, clock = self._told("", "quietingDown", _Root)
        if root.quietingDown:
            says = "Jenkins prepares for a shutdown: builds would not go on"
            raise SourceUnavailableError(says, QUIET_SECONDS, "shutdown")
        if isinstance(answer, Proceed) and answer.valid and clock is not None:
            begins, ends = answer.valid
            if not begins <= clock < ends:
                raise SourceUnavailableError("by Jenkins' clock the receipt is not valid now", code="clock")
        if isinstance(answer, Proceed) and inputs.is_plain(at.input):
            self.client.post(f"{at.path}proceedEmpty", {})
            return
        if isinstance(answer, Proceed):
            given = [{"name": inputs.RECEIPT, "value": answer.receipt}]
            self.client.post(f"{at.path}proceed", {"json": msgspec.json.encode({"parameter": given}).decode()})
            return
        # The line is a courtesy: whatever stands in its way must not keep the build from being aborted.
        with contextlib.suppress(SourceError, UntrustedInputError):
            self._describe(build_path(at.job, at.build), answer.says)
        self.client.post(f"{at.path}abort", {})

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        """Write our line into the build's description, where the account has Run/Update. Raises SourceError."""
        with contextlib.suppress(SourceForbiddenError, SourceGoneError):
            self._describe(build_path(run.pipeline, run.id), says, ended=ended)

    def owner(self, installation: str) -> str:
        """Our line in the account's own description (`/me/`), which every account may write. Raises SourceError."""
        found = description.owner(self._read("me/", "description", Build).description or "")
        if not found:
            self._describe("me/", description.OWNER + installation)
        return "" if found == installation else found

    def _describe(self, path: str, says: str, *, ended: bool = False) -> None:
        old = self._read(path, "description", Build).description or ""
        if ended and not description.waits(old):
            return
        new = description.with_line(old, says)
        if new != old:
            self.client.post(f"{path}submitDescription", {"description": new})

    def _read(self, path: str, tree: str, shape: type[T], *, limit: int = RECORD_BYTES) -> T:
        """One exported object. Raises SourceUnavailableError where it has another shape, and SourceError."""
        return self._told(path, tree, shape, limit)[0]

    def _told(self, path: str, tree: str, shape: type[T], limit: int = RECORD_BYTES) -> tuple[T, int | None]:
        """One exported object, and Jenkins' clock then."""
        reply = self.client.get(path, tree, limit=limit)
        self._saw(reply)
        try:
            return decode(reply.body, shape), reply.clock
        except UntrustedInputError as error:
            raise SourceUnavailableError(f"{path}: {error}") from None

    def _other(self, job: str, number: int, tree: str) -> Build | None:
        """A build that is not ours to judge; None where it may not be seen, never was, or is too large."""
        try:
            return self._read(build_path(job, number), tree, Build)
        except (SourceGoneError, SourceForbiddenError, TooLargeError, UntrustedInputError):
            return None

    def _wrote(self, subject: str, address: str) -> str | None:
        return self.by_address(address) or self.who(subject)

    def _invisible(self, run: Run) -> Outcome:
        """A build that answers 404. It counts as ended when a later read finds the same, and we are who we think."""
        self._read("", "quietingDown", _Root)
        me = self._read("whoAmI/", "name,anonymous", _Me)
        if me.anonymous or me.name != self.client.user:
            raise SourceUnavailableError("Jenkins answers, but not as to our user")
        self._refuse_while_starting()
        with self._lock:
            since = self._absent.setdefault(run.key, self.now())
            if self.now() - since < INVISIBLE:
                raise SourceGoneError("the run is not visible; it counts as ended if it stays so")
            del self._absent[run.key]
        return self._gone()

    def _gone(self) -> Outcome:
        return Outcome(frozenset(), (), self.client.user, finished=True, ended=judge.INVISIBLE)

    def _saw(self, reply: Reply) -> None:
        """Notice a start of the controller. The first session of all says nothing: it may be days old."""
        with self._lock:
            if reply.session and reply.session != self._session:
                if self._session:
                    self._started = self.now()
                self._session = reply.session
                self._absent.clear()

    def _refuse_while_starting(self) -> None:
        with self._lock:
            left = STARTING - (self.now() - self._started) if self._started is not None else 0
        if left > 0:
            raise SourceUnavailableError(
                "Jenkins has just started: its builds may not be complete", left / 1000, "starting"
            )
