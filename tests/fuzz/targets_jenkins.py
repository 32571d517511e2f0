"""What a controller answers: to the socket, as a listing, as records of builds; and how it names things."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from fuzz_kit import target
from fuzz_sockets import answering

from clock import START
from jenkins_mfa.core.model import Run
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.roster_join import Account, Standing, propose
from jenkins_mfa.errors import SourceError, UntrustedInputError
from jenkins_mfa.sources.jenkins import changes, check, description, inputs, people, records
from jenkins_mfa.sources.jenkins.client import Client, Reply
from jenkins_mfa.sources.jenkins.exported import Build, decode
from jenkins_mfa.sources.jenkins.refs import Ref, build_path, job_path, read_build_url
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases import plain
from jenkins_mfa.usecases.ports import Abort, Paused
from jenkins_mfa.words import roster as words

RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "sources" / "recorded.json").read_text())
US, PUBLIC, ID = "mfa-agent", "https://ci.example.com/", "Mfa-" + "a" * 32
RUN = Run("main", "jenkins", "team one/deploy", "17", 1, PUBLIC + "job/team%20one/job/deploy/17/", START)
PAUSED = Paused(Ref(RUN.pipeline, 17, ID).text, ID, RUN)
PLAIN = Paused(Ref(RUN.pipeline, 17, "Deploy").text, "Deploy", RUN, plain=True)
JSON = (
    b"HTTP/1.1 200 OK\r\nX-Jenkins: 2.528.1\r\nDate: Mon, 24 Nov 2025 16:00:00 GMT\r\n"
    b"Content-Type: application/json\r\n"
)


class Answers(Client):
    """A client whose controller gives one answer to everything, and takes every form."""

    def __init__(self, body: bytes, date: str = "") -> None:
        super().__init__("https://ci.example.com/", US, "token")
        self._reply = Reply(body, "2.528.1", "s", date)

    def get(self, path: str, tree: str, **_: object) -> Reply:
        return self._reply

    def post(self, path: str, form: Any) -> None:
        assert path.isascii()


def source(client: Client) -> JenkinsSource:
    return JenkinsSource("main", PUBLIC, client, {"dev": "dan"}.get, {"bob@example.com": "bob"}.get, lambda: START)


def recorded(name: str) -> Callable[[], Iterator[bytes]]:
    """Answers of real controllers whose names begin so, and one that has all that the agent looks for."""
    return lambda: (json.dumps(answer).encode() for kind, answer in RECORDED.items() if kind.startswith(name))


def builds() -> Iterator[bytes]:
    asked = {"name": inputs.REQUEST, "defaultParameterValue": {"name": inputs.REQUEST, "value": "{}"}}
    asks = {"message": "Go?", "submitter": US, "parameters": [asked, {"name": inputs.RECEIPT}]}
    waits = {"_class": "org.jenkinsci.plugins.workflow.support.steps.input.InputAction"}
    plain = {"message": "Go?", "submitter": US, "parameters": []}
    for id_, given in ((ID, asks), ("Deploy", plain)):
        executions = [{"id": id_, "settled": False, "input": given}]
        yield json.dumps({**RECORDED["scm.two_commits"], "actions": [{**waits, "executions": executions}]}).encode()
    yield from recorded("")()


def listings() -> Iterator[bytes]:
    yield from recorded("listing")()
    waits = {"_class": "org.jenkinsci.plugins.workflow.support.steps.input.InputAction"}
    executions = [{"id": ID, "settled": False, "input": {"submitter": by}} for by in (US, "dev", None)]
    build = {"url": RUN.url, "number": 17, "actions": [{**waits, "executions": executions}]}
    yield json.dumps({"computer": [{"oneOffExecutors": [{"currentExecutable": build}]}]}).encode()


@target(UntrustedInputError, seeds=listings)
def jenkins_listing(data: bytes) -> object:
    """All inputs that wait; what was read before is remembered, and makes no difference."""
    known: inputs.Known = {}
    first = inputs.read_listing(data, "main", inputs.Agents(US), PUBLIC, known)
    assert inputs.read_listing(data, "main", inputs.Agents(US), PUBLIC, known) == first
    return [first, inputs.read_libraries(data)]


@target(SourceError, UntrustedInputError, seeds=builds)
def jenkins_build(data: bytes) -> object:
    """A build's record, read for all that is asked of it: each reading by itself."""
    found: list[object] = []
    one = source(Answers(data))
    readings: list[Callable[[], object]] = [
        lambda: one.facts(PAUSED),
        lambda: one.facts(PLAIN),
        lambda: one.answer(PAUSED.ref, Abort("denied by alice")),
        lambda: one.note(RUN, "waits for alice"),
        lambda: one.owner("test"),
    ]
    for reading in readings:
        with suppress(SourceError, UntrustedInputError):
            found.append(reading())
    return [*found, one.outcome(RUN)]


def watched() -> Iterator[bytes]:
    for name in ("cause.replay", "scm.two_commits", "libraries.evil"):
        yield json.dumps({"builds": [{**RECORDED[name], "number": 17, "timestamp": START}, {"number": 16}]}).encode()


@target(SourceError, seeds=watched)
def jenkins_watched(data: bytes) -> object:
    """The newest builds of a watched job: one that cannot be read hides no other."""
    return source(Answers(data)).ran(RUN.pipeline)


def whole() -> Iterator[bytes]:
    yield json.dumps(
        {
            "name": US,
            "anonymous": False,
            "url": PUBLIC,
            "quietingDown": False,
            "jobs": [{"name": "a"}],
            "plugins": [{"shortName": "workflow-aggregator", "version": "1", "active": True}],
            "computer": [],
        }
    ).encode()


@target(seeds=whole)
def jenkins_check(data: bytes) -> object:
    """What `check` finds out never fails for what a controller says, its clock included."""
    head, _, body = data.rpartition(b"\n")
    client = Answers(body, head.decode("latin-1"))
    with suppress(SourceError, UntrustedInputError):
        check.accepted(client)
    return check.inspect(client, PUBLIC, "mfa", START, ["team one/deploy"])


def responses() -> Iterator[bytes]:
    body = b'{"quietingDown": false}'
    yield JSON + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    yield JSON + b"Transfer-Encoding: chunked\r\n\r\n17\r\n" + body + b"\r\n0\r\n\r\n"
    for status in (302, 400, 401, 403, 404, 429, 500, 503):
        yield b"HTTP/1.1 %d X\r\nLocation: /login\r\nX-Error: a\r\nRetry-After: 7\r\nSet-Cookie: a=b\r\n\r\n" % status
    yield b"HTTP/1.1 403 X\r\nX-Required-Permission: hudson.model.Item.Read\r\nContent-Type: text/html\r\n\r\n<html>"


@target(SourceError, seeds=responses)
def jenkins_socket(data: bytes) -> object:
    """Bytes on the socket, in the place of HTTP."""
    with answering(data):
        client = Client("http://ci.example.com/", US, "token")
        with suppress(SourceError):
            client.post("job/a/1/submitDescription", {"description": "a"})
        return client.get("", "quietingDown")


def logins() -> Iterator[bytes]:
    yield json.dumps([{"id": "awu", "directory": "Alice.Wu@example.com", "profile": None}, {"id": "ü"}]).encode()
    yield b'{"id": "awu"}'


@target(UntrustedInputError, seeds=logins)
def jenkins_logins(data: bytes) -> object:
    """A list of logins out of the script console, and the answer about one of them."""
    assert people.spelt(Answers(b'{"id": "AWu"}'), "awu") == "AWu"
    with suppress(UntrustedInputError):
        people.spelt(Answers(data), "awu")
    found = people.read_list(data)
    accounts = [Account("U01ALICE", one.id, Standing.MEMBER, one.directory) for one in found]
    proposal = propose(accounts, {"jenkins:main": found}, Roster({}), "slack:T01")
    tomllib.loads(words.toml(proposal, "slack:T01", START))
    return proposal


@target(
    UntrustedInputError, seeds=lambda: [RUN.url.encode(), b"/job/mb/job/feature%252Fx/3/", b"https://[::1]/job/a/1"]
)
def jenkins_url(data: bytes) -> object:
    """A build's address: what is read of it leads to a path that stays below the job."""
    job, number = read_build_url(data.decode(errors="replace"))
    assert ".." not in build_path(job, number).split("/")
    return inputs.run_of("main", job, number, PUBLIC)


@target(UntrustedInputError, seeds=lambda: [PAUSED.ref.encode()])
def jenkins_handle(data: bytes) -> object:
    """A stored handle of an input."""
    ref = Ref.parse(data.decode(errors="surrogateescape"))
    assert Ref.parse(ref.text) == ref
    return [ref.path, job_path(ref.job)]


@target(seeds=lambda: [b"nightly\nmfa: waits for alice\n", b"", b"mfa: installation test"])
def jenkins_description(data: bytes) -> object:
    """Our line in a text that anybody writes: there is one of it afterwards, and the rest stays."""
    old = data.decode(errors="replace")
    new = description.with_line(old, "waits for alice")
    assert [line for line in new.split("\n") if line.startswith(description.OWN)] == ["mfa: waits for alice"]
    assert description.with_line(new, "waits for alice") == new
    return description.owner(old)


@target(UntrustedInputError, seeds=lambda: [json.dumps(answer).encode() for answer in RECORDED.values()])
def jenkins_causes(data: bytes) -> object:
    """Who started a build, and where it came from."""
    found = records.causes(decode(data, Build))
    return [records.starters(found, "a", {}.get), records.origins(found, "a"), records.upstream(found)]


def changed() -> Iterator[bytes]:
    yield from recorded("scm")()
    yield from recorded("parameters")()
    paths = ['"gr\\303\\266\\337e.txt"', "b", '"a\\tb"']
    change = {"commitId": "ab" * 20, "author": {"id": "dan"}, "authorEmail": "dan@example.com", "affectedPaths": paths}
    before = {"number": 17, "previousBuild": {"number": 16}}
    yield json.dumps({**RECORDED["scm.two_commits"], **before, "changeSets": [{"items": [change]}]}).encode()


@target(UntrustedInputError, seeds=changed)
def jenkins_changes(data: bytes) -> object:
    """What a build has checked out and changed, and with which parameters."""
    build = decode(data, Build)
    found = changes.read([build], build, "", lambda subject, address: None)
    return [found, records.read_facts(build, RUN, [], [], found)]


@target(seeds=lambda: [b"Deploy 1.4?", "größe \u202e".encode()])
def plain_message(data: bytes) -> object:
    """What a plain input says."""
    return plain.claims(data.decode(errors="replace").encode())
