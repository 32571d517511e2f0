"""What `jenkins-mfa check` finds out about one controller, with the rights that the agent's account has."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import msgspec

from jenkins_mfa.errors import SourceError, SourceForbiddenError, SourceGoneError, UntrustedInputError
from jenkins_mfa.sources.jenkins import inputs
from jenkins_mfa.sources.jenkins.client import LISTING_BYTES, LISTING_SECONDS, Client, Reply
from jenkins_mfa.sources.jenkins.exported import LoadedLibrary, decode
from jenkins_mfa.usecases.ports import Finding

#: Seconds that receipts tolerate between our clock and the controller's.
CLOCK_LEEWAY = 30
#: Plugins without which no gate can be served.
PLUGINS = ("workflow-job", "workflow-cps", "pipeline-input-step", "pipeline-groovy-lib")
#: The step that our library brings.
STEP = "mfaGate"


class _Job(msgspec.Struct, frozen=True):
    name: str


class _Root(msgspec.Struct, frozen=True):
    url: str | None = None
    quietingDown: bool = False  # noqa: N815 - Jenkins' own names in this module
    jobs: list[_Job] | None = None


class _Me(msgspec.Struct, frozen=True):
    name: str
    anonymous: bool = True


class _Plugin(msgspec.Struct, frozen=True):
    shortName: str  # noqa: N815
    version: str = ""
    active: bool = True


class _Plugins(msgspec.Struct, frozen=True):
    plugins: list[_Plugin]


def inspect(client: Client, public_url: str, now: int) -> list[Finding]:
    """All findings about a controller, `now` in ms UTC. Never raises for what the controller does."""
    try:
        return list(_findings(client, public_url, now))
    except SourceForbiddenError as error:
        return [Finding("overall_read", False, str(error), "grant the agent's account Overall/Read")]
    except (SourceError, UntrustedInputError) as error:
        return [Finding("reachable", False, str(error), "look at url, user, token_file and Jenkins itself")]


def _findings(client: Client, public_url: str, now: int) -> Iterator[Finding]:
    me = decode(client.get("whoAmI/", "name,anonymous").body, _Me)
    reply = client.get("", "url,quietingDown,jobs[name]{0,1}")
    root = decode(reply.body, _Root)
    yield Finding("reachable", True, f"Jenkins {reply.version or 'of an untold version'}")
    same = me.name == client.user and not me.anonymous
    mend = "write `user` exactly as Jenkins does: inputs and records are compared letter by letter"
    yield Finding("account", same, f"Jenkins knows us as {me.name!a}", "" if same else mend)
    yield Finding("overall_read", True, "Overall/Read is granted")
    yield _jobs(root)
    yield Finding("run_update", True, "Run/Update is optional: without it no line stands on the build's page")
    yield _address(root, public_url)
    yield _shutdown(root)
    yield from _clock(reply, now)
    yield _plugins(client)
    yield _library(client)


def _jobs(root: _Root) -> Finding:
    if root.jobs:
        return Finding("job_read", True, "Job/Read is granted: jobs are visible")
    mend = "grant the agent's account Job/Read on all jobs with gates: without it their builds are silently invisible"
    return Finding("job_read", False, "not a single job is visible", mend)


def _address(root: _Root, public_url: str) -> Finding:
    """The library finds its source by the controller's own URL."""
    same = (root.url or "").rstrip("/") == public_url.rstrip("/")
    mend = "" if same else "set public_url to Jenkins' own URL: the library compares them before it opens a gate"
    return Finding("public_url", same, f"Jenkins calls itself {root.url!a}", mend)


def _shutdown(root: _Root) -> Finding:
    if root.quietingDown:
        return Finding("shutdown", False, "Jenkins prepares for a shutdown", "answers wait until it is over")
    return Finding("shutdown", True, "no shutdown is being prepared")


def _clock(reply: Reply, now: int) -> Iterator[Finding]:
    try:
        apart = round(now / 1000 - parsedate_to_datetime(reply.date).timestamp())
    except (ValueError, OverflowError):
        return
    ok = abs(apart) < CLOCK_LEEWAY
    mend = "" if ok else f"synchronise both clocks: receipts are refused beyond {CLOCK_LEEWAY} s"
    yield Finding("clock", ok, f"our clock is {apart:+d} s from Jenkins'", mend)


def _plugins(client: Client) -> Finding:
    try:
        reply = client.get("pluginManager/", "plugins[shortName,version,active]")
    except (SourceForbiddenError, SourceGoneError):
        return Finding("plugins", True, "the account may not list plugins, and needs not")
    active = {p.shortName: p.version for p in decode(reply.body, _Plugins).plugins if p.active}
    missing = [name for name in PLUGINS if name not in active]
    if missing:
        return Finding("plugins", False, f"not active: {', '.join(missing)}", "install and enable them")
    return Finding("plugins", True, ", ".join(f"{name} {active[name]}" for name in PLUGINS))


def _library(client: Client) -> Finding:
    """The API tells about libraries only through builds that have loaded them."""
    listing = client.get("computer/", inputs.LISTING, limit=LISTING_BYTES, seconds=LISTING_SECONDS)
    seen = [library for library in inputs.read_libraries(listing.body) if STEP in (library.variables or ())]
    foreign = sorted({_named(library) for library in seen if not library.trusted})
    if foreign:
        mend = "remove the folder or Jenkinsfile library that brings our step, configure ours globally"
        return Finding("library", False, f"{STEP} comes from an untrusted library: {', '.join(foreign)}", mend)
    if not seen:
        return Finding("library", True, f"no build runs now that has loaded {STEP}: nothing can be said")
    return Finding("library", True, f"trusted: {', '.join(sorted({_named(library) for library in seen}))}")


def _named(library: LoadedLibrary) -> str:
    return ascii(f"{library.name}@{library.version or ''}")[1:-1]
