"""For programs: `/.well-known/jwks.json`, the public keys that receipts are verified with, and `/v1/receipts/redeem`,
where a receipt counts once. Neither knows a session.
"""

from __future__ import annotations

from time import time
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from jenkins_mfa.core import redemption
from jenkins_mfa.core.consumers import Consumer, of_secret
from jenkins_mfa.core.receipt import RefusedReceipt
from jenkins_mfa.core.signing_keys import jwks
from jenkins_mfa.errors import JenkinsMfaError, Refusal, UntrustedInputError
from jenkins_mfa.usecases.redeem import redeem
from jenkins_mfa.web.guard import REDEEM
from jenkins_mfa.web.site import Site, host
from jenkins_mfa.words import receipts, render

log = structlog.get_logger()

KEPT = 300  #: seconds that others may keep the key set: as long as a receipt lives
JWKS = "application/jwk-set+json"  #: RFC 7517, 8.5.2
SECRET = 512  #: characters of a secret that are looked at
STRANGERS = ""  #: the name under which all who show no known secret share one budget


def routes(site: Site) -> list[Route]:
    """The key set needs no store: who verifies offline goes on while that is away."""
    budget = site.rates.consumer

    async def key_set(_request: Request) -> Response:
        found = jwks(site.desk.keys.public(int(time())))
        return JSONResponse(found, headers={"Cache-Control": f"public, max-age={KEPT}"}, media_type=JWKS)

    async def redeemed(request: Request) -> Response:
        consumer = _who(site, request)
        in_time = not budget.wait(consumer.name if consumer else STRANGERS)
        if consumer is None:
            return _stranger(request, in_time)
        if not in_time:
            return _no(429, "too_often", render.terminal(receipts.TOO_OFTEN), {"Retry-After": "1"})
        return await run_in_threadpool(_redeemed, site, consumer, host(request), await request.body())

    found = [Route("/.well-known/jwks.json", key_set)]
    return [*found, Route(REDEEM, redeemed, methods=["POST"])] if site.consumers.now else found


def _who(site: Site, request: Request) -> Consumer | None:
    """Whose secret the one header `Authorization` brings (RFC 6750, 2.1); nothing else is looked at."""
    given = request.headers.getlist("authorization")
    scheme, _, secret = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    fits = scheme.lower() == "bearer" and 0 < len(secret) <= SECRET
    return of_secret(site.consumers.now, secret) if fits else None


def _stranger(request: Request, in_time: bool) -> Response:
    """Who shows no known secret learns nothing; how often that happens is logged up to the budget."""
    if in_time:
        log.warning("a consumer was not known", address=host(request))
    status = 401 if in_time else 429
    return PlainTextResponse("jenkins-mfa: not possible.\n", status, {"WWW-Authenticate": "Bearer"})


def _redeemed(site: Site, consumer: Consumer, address: str, raw: bytes) -> Response:
    """Yes, no and why, or that it is not known."""
    try:
        given = redemption.parse(raw)
    except UntrustedInputError as error:
        return _no(400, "unreadable", str(error))
    try:
        found, record = redeem(site.desk, consumer, given, f"web/{address}")
    except RefusedReceipt as refused:
        return _no(403, refused.reason, receipts.why(refused))
    except Refusal as refused:
        return _no(409 if refused.code == "redeemed" else 403, refused.code, _says(refused), told=_by(refused))
    except JenkinsMfaError as error:
        log.warning("a redemption failed", consumer=consumer.name, kind=type(error).__name__)
        return _no(503, "not_known", render.terminal(receipts.NOT_KNOWN), {"Retry-After": "1"})
    by = {"by": record.consumer, "at": render.iso(record.at)}
    return JSONResponse({"v": 1, "redeemed": True, **by, "receipt": receipts.document(found)})


def _no(
    status: int, reason: str, says: str, headers: dict[str, str] | None = None, told: dict[str, str] | None = None
) -> Response:
    body: dict[str, Any] = {"v": 1, "redeemed": False, "reason": reason, "text": says, **(told or {})}
    return JSONResponse(body, status, headers)


def _says(refused: Refusal) -> str:
    return render.terminal(receipts.refused(refused.code, refused.values))


def _by(refused: Refusal) -> dict[str, str]:
    """Who has redeemed it, and when, where that is known."""
    if refused.code != "redeemed" or not refused.values:
        return {}
    return {"by": refused.values["by"], "at": render.iso(int(refused.values["at"]))}
