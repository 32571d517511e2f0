"""`/livez` and `/readyz`, for machines; and `/wait`, which holds a page's request until something has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Site
from jenkins_mfa.web.waiting import Look, Waiters

#: For each purpose of a session: what its page waits for, as a short text that changes with it. A session that is about
#: nothing by itself waits for what its page names.
Marks = Mapping[Purpose, Callable[[Session], str]]
TABS = 16  #: requests of one person that wait at once, whatever for
SEEN = 64  #: characters of what a page says that it has seen


async def held(waiters: Waiters, whose: str, about: str, look: Look, seen: str) -> Response:
    """The answer to one of a person's pages once what it is about is not as `seen`; `whose` begins all of that person's
    names.
    """
    if waiters.waiting(whose) >= TABS:
        return JSONResponse({"ended": True}, 429)
    now = await waiters.changed(whose + about, look, seen)
    return JSONResponse({"seen": now, "changed": now != seen})


def routes(site: Site, marks: Marks) -> list[Route]:
    """All three."""

    async def livez(_request: Request) -> Response:
        found = site.health.live()
        return JSONResponse(found, 503 if found["reasons"] else 200)

    async def readyz(_request: Request) -> Response:
        found = await run_in_threadpool(site.health.ready)
        return JSONResponse(found, 503 if found["reasons"] else 200)

    async def wait(request: Request) -> Response:
        found = await run_in_threadpool(site.session, request)
        if found is None or found.purpose not in marks:
            return JSONResponse({"ended": True}, 401)
        asked, seen = (request.query_params.get(name, "")[:SEEN] for name in ("about", "seen"))
        watched = replace(found, about=found.about or asked)
        mark = marks[found.purpose]
        whose = f"{watched.purpose}:{watched.person}:"
        return await held(site.waiters, whose, watched.about, lambda: mark(watched), seen)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/wait", wait)]
