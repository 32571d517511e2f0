"""The floor of a key's way: the requests that its answer makes of store and Jenkins, and nothing else.

    python -m benchmarks.floor_page STORE PORT JENKINS USER TOKEN

No key is verified, no rule asked, no record understood. A process of its own, as the agent is one. The header X-Input
is the input's path below Jenkins' root.
"""

from __future__ import annotations

import json
import sys

import redis
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

READS = 20  #: of records, the clock and the trail
WRITES = 4  #: the question is used up, the answer counts, its lane is leased, the proceed is claimed


def main(store: str, port: str, jenkins: str, user: str, token: str) -> None:
    """Serve until killed."""
    session, client = requests.Session(), redis.Redis.from_url(store)
    session.auth = (user, token)

    def answered(path: str, body: bytes) -> None:
        for number in range(WRITES):
            client.hset(f"floor:{number}", "json", body)
        for number in range(READS):
            client.hmget(f"floor:{number % WRITES}", "version", "json", "seal")
        build = path.partition("input/")[0]
        assert session.get(f"{jenkins}{build}api/json?tree=building,actions[executions[id]]").ok
        assert session.get(f"{jenkins}/api/json?tree=quietingDown").ok
        form = {"json": json.dumps({"parameter": [{"name": "MFA_RECEIPT", "value": "x" * 1500}]})}
        assert session.post(f"{jenkins}{path}proceed", data=form).ok

    async def finish(request: Request) -> Response:
        await run_in_threadpool(answered, request.headers["x-input"], await request.body())
        return Response()

    app = Starlette(routes=[Route("/", finish, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
