"""`/console/wait`: a page's request that is held until what it shows has changed."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.web import shown
from jenkins_mfa.web.console import pending
from jenkins_mfa.web.console.visitors import Visitors
from jenkins_mfa.web.gates import JTI
from jenkins_mfa.web.health import SEEN, held


def routes(visitors: Visitors) -> list[Route]:
    """The one that holds."""
    site = visitors.site

    async def wait(request: Request) -> Response:
        found: Visit | None = await run_in_threadpool(visitors.find, request)
        if found is None:
            return JSONResponse({"ended": True}, 401)
        about, seen = (request.query_params.get(name, "")[:SEEN] for name in ("about", "seen"))
        gate_id = about.partition(".")[0] if JTI.fullmatch(about) else ""

        def look() -> str:
            return shown.version(site.desk, gate_id) if gate_id else pending.mark(site.desk)

        return await held(site.waiters, f"console:{found.person}:", about, look, seen)

    return [Route("/console/wait", wait)]
