"""The faults of the matrix: how each begins, with the phase's request still held back, and how it is over again."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from fault_phases import Phase
from fault_stage import LATE, SOON, SYSTEMS, Agent, Stage

from jenkins_mfa.demo import files
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import client_for
from line import Line
from replicated import QUICK, copying
from store_server import Server, server_binary
from waiting import until

Begin = Callable[[Stage, Phase], None]
End = Callable[[Stage], None]
HOUR = 3_600
NAMES = {"jenkins": "Jenkins", "slack": "Slack", "store": "the store"}


@dataclass(frozen=True)
class Fault:
    """`name` is what the table of docs/reliability.md calls it; `away`: meanwhile the store tells nobody anything.

    `prepare` is done before the gate begins; `secure`: all lines have TLS; `sentinels`: they tell where the store is.
    """

    name: str
    begin: Begin
    end: End
    away: bool = False
    prepare: End = lambda _: None
    secure: bool = False
    sentinels: bool = False


# -- the agent --------------------------------------------------------------------------------------------------------


def _killed(stage: Stage, _phase: Phase) -> None:
    stage.agent.die()


def _after(stage: Stage, phase: Phase, kill: Callable[[], None]) -> None:
    """What was sent has its effect, and then somebody is killed, so that nobody hears of it."""
    line = stage.agent.lines[phase.system]
    line.after = kill
    line.lose(1)


def _killed_after(stage: Stage, phase: Phase) -> None:
    _after(stage, phase, stage.agent.die)


def _restart(stage: Stage) -> None:
    stage.restart()


def _ahead(ms: int) -> Begin:
    def begin(stage: Stage, _phase: Phase) -> None:
        stage.agent.ahead = ms

    return begin


def _ahead_beside_another(ms: int) -> Begin:
    """From now on a second agent works, too, whose clock is right."""

    def begin(stage: Stage, _phase: Phase) -> None:
        stage.agent.ahead = ms
        stage.others.append(Agent(stage))

    return begin


# -- lines ------------------------------------------------------------------------------------------------------------


def _on(system: str, act: Callable[[Line], None]) -> Begin:
    return lambda stage, _phase: act(stage.agent.lines[system])


def _mend(stage: Stage) -> None:
    for line in stage.agent.lines.values():
        line.mend()


def _set(system: str, **values: Any) -> Begin:
    def act(line: Line) -> None:
        for name, value in values.items():
            setattr(line, name, value)

    return _on(system, act)


def _lose(system: str) -> Begin:
    return _on(system, lambda line: line.lose(3))


def reply(status: str, body: bytes = b"<html><body>no</body></html>", more: str = "") -> bytes:
    """One whole answer of HTTP."""
    length = f"Content-Length: {len(body)}\r\nConnection: close"
    return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{more}{length}\r\n\r\n".encode() + body


def _expired(system: str) -> Begin:
    """Whoever connects from now on sees a certificate that has ended; so does whoever is connected, as they are cut."""

    def begin(stage: Stage, _phase: Phase) -> None:
        stage.agent.fronts[system].expire()
        stage.agent.lines[system].cut()
        stage.agent.lines[system].mend()

    return begin


def _renewed(stage: Stage) -> None:
    for front in stage.agent.fronts.values():
        front.expire(False)


def _no_names(stage: Stage, _phase: Phase) -> None:
    """Names of servers are not found; what is connected is cut, so that all have to be looked up."""
    real, ports = socket.getaddrinfo, {line.port for line in stage.agent.lines.values()}

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if port in ports:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, port, *more, **named)

    stage.undo.append(lambda: setattr(socket, "getaddrinfo", real))
    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
    for line in stage.agent.lines.values():
        line.cut()
        line.mend()


def _undo(stage: Stage) -> None:
    while stage.undo:
        stage.undo.pop()()


# -- the store --------------------------------------------------------------------------------------------------------


def _store_killed(stage: Stage, _phase: Phase) -> None:
    stage.server.kill()


def _store_killed_after(stage: Stage, phase: Phase) -> None:
    _after(stage, phase, stage.server.kill)


def _store_started(stage: Stage) -> None:
    stage.server.kill()
    stage.server.start()


def _with_replica(stage: Stage) -> None:
    """Another server that has all that the first one has."""
    was, port, folder = stage.server, free_port(), stage.folder / "replica"
    folder.mkdir()
    replica = Server(server_binary(), folder, *QUICK)
    replica.start()
    with was.client() as client, replica.client() as other:
        client.config_set("port", port)
        other.replicaof("127.0.0.1", str(port))
    until(lambda: copying(replica))
    stage.replica = replica

    def back() -> None:
        replica.kill()
        was.kill()
        was.start()

    stage.afterwards.append(back)


def _failed_over(stage: Stage, _phase: Phase) -> None:
    """The server is killed, and the replica takes its place, as Sentinel would have it."""
    with stage.server.client() as client, stage.replica.client() as other:
        written = client.info("replication")["master_repl_offset"]
        until(lambda: other.info("replication")["slave_repl_offset"] >= written)
        stage.server.kill()
        other.replicaof("NO", "ONE")
    stage.server = stage.replica
    for agent in stage.agents:
        agent.lines["store"].target = stage.replica.socket
        agent.lines["store"].cut()
        agent.lines["store"].mend()


def _primary_killed(stage: Stage, _phase: Phase) -> None:
    assert stage.sentinels is not None
    stage.sentinels.kill_primary()


def _promoted(stage: Stage) -> None:
    """The sentinels have made another one the primary, and it has a replica."""
    nodes = stage.sentinels
    assert nodes is not None

    def found() -> bool:
        with contextlib.suppress(redis.RedisError), client_for(nodes.url) as client:
            told = client.info("replication")
            return told["role"] == "master" and told["connected_slaves"] == 1
        return False

    until(found)


def _store_full(stage: Stage, _phase: Phase) -> None:
    """No file of the server may grow any more: with `always` it ends at its next write."""
    process = stage.server._process
    assert process is not None
    size = sum(file.stat().st_size for file in (stage.server.socket.parent / "appendonlydir").glob("*.incr.aof"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))


# -- Jenkins ----------------------------------------------------------------------------------------------------------


def _controller_down(stage: Stage, _phase: Phase) -> None:
    stage.jenkins.go_down()


def _controller_stops(stage: Stage, _phase: Phase) -> None:
    stage.jenkins.quiet_down()
    stage.round_after(stage.jenkins.go_down)


def _controller_starts(stage: Stage) -> None:
    stage.jenkins.cancel_quiet_down()
    stage.jenkins.come_up()


def _controller_starts_slowly(stage: Stage) -> None:
    """Pages first, then 401 to valid tokens, then a listing without its builds; at last everything."""
    stage.jenkins.come_up(phase="loading", listed=[])
    stage.round()
    stage.jenkins.faults.phase = "users"
    stage.round()
    stage.jenkins.faults.phase = "up"
    stage.round()
    stage.jenkins.finish_loading()


def _quiet(stage: Stage, _phase: Phase) -> None:
    stage.jenkins.quiet_down()


def _controller_clock(seconds: float) -> Begin:
    def begin(stage: Stage, _phase: Phase) -> None:
        stage.controller_ahead = seconds

    return begin


def _right_clocks(stage: Stage) -> None:
    stage.controller_ahead, stage.agent.ahead = 0.0, 0


# -- Slack ------------------------------------------------------------------------------------------------------------


def _revoked(stage: Stage, _phase: Phase) -> None:
    stage.slack.revoke(stage.slack.bot_token)


def _valid(stage: Stage) -> None:
    stage.slack.revoke(stage.slack.bot_token, False)


def _archived(stage: Stage, _phase: Phase) -> None:
    stage.slack.archive(files.CHANNEL)


def _brought_back(stage: Stage) -> None:
    stage.slack.archive(files.CHANNEL, False)


def _deleted(stage: Stage, _phase: Phase) -> None:
    for message in stage.slack.messages(files.CHANNEL):
        stage.slack.delete_message(files.CHANNEL, message.ts)


def _nothing(_stage: Stage) -> None:
    """It stays as it is."""


STATUSES = {
    "401": reply("401 Unauthorized"),
    "403": reply("403 Forbidden"),
    "404": reply("404 Not Found"),
    "429": reply("429 Too Many Requests", more="Retry-After: 1\r\n"),
    "500": reply("500 Internal Server Error"),
    "502": reply("502 Bad Gateway"),
    "503": reply("503 Service Unavailable"),
    "HTML in place of JSON": reply("200 OK"),
}
OOM = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
MISCONF = b"-MISCONF Errors writing to the AOF file: No space left on device\r\n"

FAULTS = (
    Fault("agent: kill -9, before its request arrives", _killed, _restart),
    Fault("agent: kill -9, its request has had its effect", _killed_after, _restart),
    Fault("agent: clock one hour ahead", _ahead(HOUR * 1000), _right_clocks),
    Fault("agent: clock one hour behind", _ahead(-HOUR * 1000), _right_clocks),
    Fault("one agent of two: clock one hour ahead", _ahead_beside_another(HOUR * 1000), _right_clocks),
    Fault("one agent of two: clock one hour behind", _ahead_beside_another(-HOUR * 1000), _right_clocks),
    Fault("no name of a server is found (DNS)", _no_names, _undo),
    *(Fault(f"{NAMES[system]}: cut", _on(system, Line.cut), _mend) for system in SYSTEMS),
    *(Fault(f"{NAMES[system]}: certificate expired", _expired(system), _renewed, secure=True) for system in SYSTEMS),
    *(Fault(f"{NAMES[system]}: black hole", _set(system, hole=True), _mend) for system in SYSTEMS),
    *(Fault(f"{NAMES[system]}: answers take 1 s", _set(system, seconds=SOON), _mend) for system in SYSTEMS),
    *(Fault(f"{NAMES[system]}: answers take 30 s", _set(system, seconds=LATE), _mend) for system in SYSTEMS),
    *(Fault(f"{NAMES[system]}: answers lost after the effect", _lose(system), _mend) for system in SYSTEMS),
    Fault("store: kill -9, before the request arrives", _store_killed, _store_started, away=True),
    Fault("store: kill -9, after the effect", _store_killed_after, _store_started, away=True),
    Fault("store: frozen", lambda stage, _: stage.server.freeze(), lambda stage: stage.server.thaw(), away=True),
    Fault("store: disk full, `always`: the server ends", _store_full, _store_started, away=True),
    Fault("store: fail-over to a replica", _failed_over, _nothing, prepare=_with_replica),
    Fault("store: fail-over by Sentinel", _primary_killed, _promoted, away=True, sentinels=True),
    Fault("store: memory full (OOM)", _set("store", reply=OOM), _mend),
    Fault("store: disk full, `everysec`: MISCONF", _set("store", reply=MISCONF), _mend),
    *(Fault(f"Jenkins: {name}", _set("jenkins", reply=answer), _mend) for name, answer in STATUSES.items()),
    Fault("Jenkins: orderly restart", _controller_stops, _controller_starts),
    Fault("Jenkins: kill -9, slow start", _controller_down, _controller_starts_slowly),
    Fault("Jenkins: quietingDown", _quiet, lambda stage: stage.jenkins.cancel_quiet_down()),
    Fault("Jenkins: clock one hour ahead", _controller_clock(HOUR), _right_clocks),
    Fault("Jenkins: clock one hour behind", _controller_clock(-HOUR), _right_clocks),
    *(Fault(f"Slack: {name}", _set("slack", reply=answer), _mend) for name, answer in STATUSES.items()),
    Fault("Slack: token revoked", _revoked, _valid),
    Fault("Slack: channel archived", _archived, _brought_back),
    Fault("Slack: message deleted", _deleted, _nothing),
)
