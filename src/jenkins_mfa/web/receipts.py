"""For programs: `/.well-known/jwks.json`, the public keys that receipts are verified with."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.signing_keys import jwks
from jenkins_mfa.web.site import Site

KEPT = 300  #: seconds that others may keep the key set: as long as a receipt lives
JWKS = "application/jwk-set+json"  #: RFC 7517, 8.5.2


def routes(site: Site) -> list[Route]:
    """The key set. It needs no store: who verifies offline goes on while that is away."""

    async def key_set(_request: Request) -> Response:
        found = jwks(site.desk.keys.public(int(time.time())))
        return JSONResponse(found, headers={"Cache-Control": f"public, max-age={KEPT}"}, media_type=JWKS)

    return [Route("/.well-known/jwks.json", key_set)]
