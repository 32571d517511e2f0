"""What a source tells about a run, what the pipeline claims, and what the agent's own records add."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from jenkins_mfa.core.model.factors import Factor

TEST = "test."  #: begins the source of a run that is none; no source can be configured by such a name


class Trigger(enum.StrEnum):
    """What kind of thing started a run."""

    PERSON = "person"
    SCHEDULE = "schedule"
    SCM = "scm"
    UPSTREAM = "upstream"
    REPLAY = "replay"
    RESTART = "restart"
    API = "api"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution in a source. `id` is a string there; `url` is for people (the source's public address). `started`
    (ms by the source's clock, 0 if it does not tell) tells it from another one of the same name, after a pipeline was
    deleted and made anew.
    """

    source: str
    kind: str
    pipeline: str
    id: str
    attempt: int
    url: str
    started: int = 0

    @property
    def key(self) -> str:
        """Names this run among all runs of all sources."""
        return f"{self.source}:{self.pipeline}:{self.id}:{self.attempt}"

    @property
    def test(self) -> bool:
        """Whether it is none: people are asked about it to try the way from them to a receipt, which counts nowhere."""
        return self.source.startswith(TEST)

    @property
    def place(self) -> str:
        """The source as policies name it: for a test, the one that it stands for."""
        return self.source.removeprefix(TEST)

    @property
    def pipeline_key(self) -> str:
        """Names its pipeline among those of all sources."""
        return f"{self.source}:{self.pipeline}"


@dataclass(frozen=True, slots=True)
class Starter:
    """One cause of a run: how, by whom (the source's user id and, if known, the roster id), through what.

    `via` names what was replayed, restarted or built upstream, e.g. `other/job #8`; empty otherwise.
    """

    trigger: Trigger
    subject: str | None = None
    person: str | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a run has checked out of one repository, as the source recorded it."""

    repository: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A build parameter; `value` is None where the source does not tell it (passwords, files)."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a run has loaded. `variables` are the global names that it brings."""

    name: str
    version: str
    trusted: bool
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a commit, as the source's records name them; `person` is the roster id, if known."""

    subject: str
    email: str = ""
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the source's own records say about a run; `settlers` are those who settled earlier pauses of it.

    `paths` are those that the commits since the run before changed: None where the source does not tell them all (a
    first run, a checkout that is still to come, more than can be read). `upstream` names the pipelines behind it.
    `plain` is the id of a pause that is not ours, which checks no receipt; empty for a gate.
    """

    run: Run
    branch: str = ""
    starters: tuple[Starter, ...] = ()
    revisions: tuple[Revision, ...] = ()
    commits: int = 0
    authors: tuple[Author, ...] = ()
    paths: tuple[str, ...] | None = None
    upstream: tuple[str, ...] = ()
    since: str = ""
    parameters: tuple[Parameter, ...] = ()
    libraries: tuple[Library, ...] = ()
    settlers: tuple[str, ...] = ()
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the pipeline itself says: untrusted, shown as such, and able only to tighten. `hidden` names variables that
    were sent although they look like secrets: their values are nowhere.
    """

    environment: str
    action: str
    message: str
    subject_name: str = ""
    subject_digest: str = ""
    details: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    factor: Factor | None = None
    quorum: int | None = None
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A variable or a parameter (`kind`) of a gate, as it is kept for the comparison with later ones.

    `text` is None where it is not kept: for a name that looks like a secret and for a long text, `digest` stands for
    it, keyed and never outside the store; for a variable that is not set, and for a value that the source does not
    tell, nothing does.
    """

    name: str
    kind: Literal["variable", "parameter"]
    text: str | None = None
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A watched variable or a parameter, compared with the last confirmed gate of this pipeline and environment.

    `kind` is `variable` or `parameter`; `changed` is None where it is not known. A `hidden` one looks like a secret:
    its values are in neither text. `sent` is false for a variable that is watched and that the pipeline kept to itself,
    which counts as changed.
    """

    name: str
    kind: Literal["variable", "parameter"]
    changed: bool | None
    was: str | None = None
    now: str | None = None
    hidden: bool = False
    sent: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """What the agent's own records add to a gate's facts, as they were at `at` (ms UTC), when the policy was asked.

    `earlier` are the times at which gates of this pipeline opened lately. `pipeline_known` and `branch_known` say
    whether a run of it was let through before. `compared` is false where there is nothing to compare values with.
    `values` are what later gates of this `environment` (core/baseline.py) are compared with once this is confirmed.
    """

    at: int
    earlier: tuple[int, ...] = ()
    pipeline_known: bool = False
    branch_known: bool = False
    compared: bool = False
    changes: tuple[Change, ...] = ()
    environment: str = ""
    values: tuple[Value, ...] = field(default=(), repr=False)
