"""The floor of an answer's way: a form arrives, one read of the build, proceed, acknowledgement, and nothing else.

    python -m benchmarks.floor JENKINS SLACK TOKENS

A process of its own, as the agent is one. The form's private_metadata is the input's path below the root.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient

FORM = "floor"


def main(jenkins: str, user: str, token: str, slack: str, bot_token: str, app_token: str) -> None:
    """Serve until killed."""
    app = App(
        client=WebClient(bot_token, base_url=slack),
        token_verification_enabled=False,
        listener_executor=ThreadPoolExecutor(4),
    )
    session = requests.Session()
    session.auth = (user, token)

    @app.view(FORM)
    def _submitted(ack: Ack, body: dict[str, Any]) -> None:
        path = body["view"]["private_metadata"]
        build = path.partition("input/")[0]
        assert session.get(f"{jenkins}{build}api/json?tree=building,actions[executions[id]]").ok
        form = {"json": json.dumps({"parameter": [{"name": "MFA_RECEIPT", "value": "x" * 1500}]})}
        assert session.post(f"{jenkins}{path}proceed", data=form).ok
        ack()

    SocketModeHandler(app, app_token, web_client=WebClient(app_token, base_url=slack), concurrency=4).connect()  # type: ignore[no-untyped-call]
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
