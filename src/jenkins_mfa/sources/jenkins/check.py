"""What `jenkins-mfa check` finds out about one controller, with the rights that the agent's account has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from jenkins_mfa.errors import (
    SourceError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
    UntrustedInputError,
)
from jenkins_mfa.sources.jenkins import inputs
from jenkins_mfa.sources.jenkins.client import LISTING_BYTES, LISTING_SECONDS, Client, Reply, told
from jenkins_mfa.sources.jenkins.exported import LoadedLibrary, decode
from jenkins_mfa.sources.jenkins.refs import job_path
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


def inspect(client: Client, public_url: str, library: str, now: int, watched: Sequence[str] = ()) -> list[Finding]:
    """All findings about a controller, `now` in ms UTC. Never raises for what the controller does.

    `library` is the name under which ours is configured, `watched` are full names of jobs.
    What is right is said in a few words, for one line of all.
    """
    found: list[Finding] = []
    at = f"Jenkins at {client.url}"
    try:
        found.extend(_findings(client, public_url, library, now))
        found.extend(_watched(client, watched))
    except SourceForbiddenError as error:
        found.append(Finding("overall_read", False, f"{at}, {error}", "grant the agent's account Overall/Read"))
    except (SourceError, UntrustedInputError) as error:
        found.append(Finding("reachable", False, f"{at}, {error}", _mend(client, error)))
    return found


def accepted(client: Client) -> None:
    """Raises SourceError, or UntrustedInputError, unless the controller knows the client's token as its user's."""
    me = decode(client.get("whoAmI/", "name,anonymous").body, _Me)
    if me.name != client.user or me.anonymous:
        raise SourceForbiddenError(f"Jenkins knows the token as {told(me.name)}'s, not as {told(client.user)}'s")


def _mend(client: Client, error: Exception) -> str:
    if isinstance(error, SourceGoneError):
        return "set this source's url to Jenkins' root: is a path such as /jenkins/ missing, or too much?"
    if isinstance(error, SourceUnavailableError) and error.code == "401":
        return f"make an API token for {client.user} in Jenkins and put it into this source's token_file"
    return "see that Jenkins runs, and that this source's url is right"


def _findings(client: Client, public_url: str, library: str, now: int) -> Iterator[Finding]:
    me = decode(client.get("whoAmI/", "name,anonymous").body, _Me)
    reply = client.get("", "url,quietingDown,jobs[name]{0,1}")
    root = decode(reply.body, _Root)
    yield Finding("reachable", True, f"Jenkins {reply.version or 'of an untold version'}")
    yield _account(client, me, root)
    yield from _jobs(root)
    yield from _address(root, public_url)
    yield from _shutdown(root)
    yield from _clock(reply, now)
    yield from _plugins(client)
    yield _library(client, library)


def _account(client: Client, me: _Me, root: _Root) -> Finding:
    if me.name == client.user and not me.anonymous:
        rights = "Overall/Read, Job/Read" if root.jobs else "Overall/Read"
        return Finding("account", True, f"account {client.user} ({rights})")
    mend = f"write user = {told(me.name)} in its [[sources]] table, letter by letter as Jenkins does"
    return Finding("account", False, f"Jenkins knows us as {told(me.name)}, not as {told(client.user)}", mend)


def _jobs(root: _Root) -> Iterator[Finding]:
    if not root.jobs:
        mend = "grant the agent's account Job/Read on all jobs with gates"
        yield Finding("job_read", False, "not a single job is visible: nobody is asked about its builds", mend)


def _address(root: _Root, public_url: str) -> Iterator[Finding]:
    """The library finds its source by the controller's own URL."""
    own = root.url or ""
    if own.rstrip("/") == public_url.rstrip("/"):
        return
    says = f"Jenkins calls itself {told(own) if own else 'nothing'}, public_url is {told(public_url)}"
    mend = "make both the same, here or as Jenkins URL in Jenkins' settings: the library compares them"
    yield Finding("public_url", False, says, mend)


def _shutdown(root: _Root) -> Iterator[Finding]:
    if root.quietingDown:
        mend = "wait until it is over, or cancel it in Jenkins: no answer goes out until then"
        yield Finding("shutdown", False, "Jenkins prepares for a shutdown", mend)


def _clock(reply: Reply, now: int) -> Iterator[Finding]:
    if reply.clock is None:
        return
    apart = round(now / 1000 - reply.clock)
    if abs(apart) < CLOCK_LEEWAY:
        yield Finding("clock", True, f"clocks {abs(apart)} s apart")
        return
    way = "ahead of" if apart > 0 else "behind"
    mend = f"synchronise both clocks: receipts are refused beyond {CLOCK_LEEWAY} s"
    yield Finding("clock", False, f"our clock is {abs(apart)} s {way} Jenkins'", mend)


def _plugins(client: Client) -> Iterator[Finding]:
    """The list needs more rights than the agent needs; without them nothing is said."""
    try:
        reply = client.get("pluginManager/", "plugins[shortName,version,active]")
    except (SourceForbiddenError, SourceGoneError):
        return
    active = {p.shortName for p in decode(reply.body, _Plugins).plugins if p.active}
    missing = [name for name in PLUGINS if name not in active]
    if missing:
        yield Finding("plugins", False, f"plugins not active: {', '.join(missing)}", "install and enable them")
    else:
        yield Finding("plugins", True, f"{len(PLUGINS)} plugins active")


def _library(client: Client, name: str) -> Finding:
    """The API tells about libraries only through builds that have loaded them."""
    listing = client.get("computer/", inputs.LISTING, limit=LISTING_BYTES, seconds=LISTING_SECONDS)
    seen = [library for library in inputs.read_libraries(listing.body) if STEP in (library.variables or ())]
    if not seen:
        return Finding("library", True, f"library not seen (no build with {STEP} runs)")
    foreign = sorted({_named(library) for library in seen if not library.trusted})
    if foreign:
        mend = "take the library out of that folder or Jenkinsfile, and configure ours globally"
        return Finding("library", False, f"{STEP} comes from an untrusted library: {', '.join(foreign)}", mend)
    other = sorted({_named(library) for library in seen if library.name != name})
    if other:
        mend = f"give it the name {told(name)} in Jenkins, or set library in its [[sources]] table"
        return Finding("library", False, f"{STEP} comes from a library of another name: {', '.join(other)}", mend)
    return Finding("library", True, f"library {', '.join(sorted({_named(library) for library in seen}))}, no override")


def _watched(client: Client, names: Sequence[str]) -> Iterator[Finding]:
    """A job that is hidden from the account looks like one that was never there."""
    hidden = []
    for name in names:
        try:
            client.get(job_path(name), "name")
        except SourceGoneError:
            hidden.append(told(name))
    if hidden:
        mend = "grant the agent's account Job/Read on it, or correct its full name in [[sources.watched]]"
        yield Finding("watched", False, f"watched jobs not visible: {', '.join(hidden)}", mend)
    elif names:
        yield Finding("watched", True, f"{len(names)} watched")


def _named(library: LoadedLibrary) -> str:
    return ascii(f"{library.name} {library.version or ''}".rstrip())[1:-1]
