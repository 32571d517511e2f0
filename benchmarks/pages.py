"""The pages while a thousand of them wait for a change: whether health still answers, and how soon all hear of one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.figures import Figure, Sizes, percentile
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.threads import Crew
from jenkins_mfa.web.server import WebServer
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.waiting import Waiters

HEALTH = 200  #: requests that are timed


@dataclass
class Waited:
    """What all wait for, each for something of its own; `reads` counts the looks."""

    mark: str = "1"
    reads: int = 0

    def look(self) -> str:
        """What the store would say: a read takes a tenth of a millisecond there."""
        self.reads += 1
        return self.mark


def measure(sizes: Sizes) -> list[Figure]:
    """Health is asked one request after the other while all wait; then what they wait for changes."""
    waited = Waited()
    with _served(waited) as (port, waiters):
        health, released = asyncio.run(_story(port, waiters, waited, sizes.waiting))
    middle = percentile(health, 50)
    how = f"{sizes.waiting} pages wait, each for something of its own, read once a second; median"
    return [
        Figure("health while pages wait, 99th percentile", percentile(health, 99), "ms", 50, f"{how} {middle:.1f} ms"),
        Figure("a change told to all pages that wait", released, "s", None, "from the change to the last answer"),
    ]


@contextmanager
def _served(waited: Waited) -> Iterator[tuple[int, Waiters]]:
    """The agent's own server with its own waiters, without what stands behind them."""
    waiters = Waiters()

    async def wait(request: Request) -> JSONResponse:
        return JSONResponse(await waiters.changed(request.query_params["name"], waited.look, "1"))

    async def livez(_request: Request) -> JSONResponse:
        return JSONResponse({"live": True})

    port = free_port()
    settings = Settings("127.0.0.1", port, f"http://localhost:{port}")
    app = Starlette(routes=[Route("/wait", wait), Route("/livez", livez)])
    crew, server = Crew(), WebServer(app, settings, waiters)
    server.bind()
    server.start(crew)
    try:
        yield port, waiters
    finally:
        server.stop()
        crew.stop(10)


async def _story(port: int, waiters: Waiters, waited: Waited, count: int) -> tuple[list[float], float]:
    """Milliseconds of each answer of health, and seconds until all who waited had theirs."""
    asking = [asyncio.create_task(_ask(port, f"/wait?name={n}")) for n in range(count)]
    while waiters.count < count:
        await asyncio.sleep(0.01)
    health = []
    for _ in range(HEALTH):
        began = time.perf_counter()
        if b'"live":true' not in await _ask(port, "/livez"):
            raise RuntimeError("health does not answer")
        health.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    waited.mark = "2"
    answers = await asyncio.gather(*asking)
    if not all(answer.endswith(b'"2"') for answer in answers):
        raise RuntimeError("somebody who waited did not hear of the change")
    return health, time.perf_counter() - began


async def _ask(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer
