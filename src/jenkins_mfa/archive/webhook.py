"""A destination of the trail behind HTTPS: some events a call, a line each, signed after Standard Webhooks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import requests
import urllib3

from jenkins_mfa import secret_files
from jenkins_mfa.archive.forms import Form
from jenkins_mfa.core import webhook
from jenkins_mfa.core.chain import Linked
from jenkins_mfa.errors import ArchiveError, ConfigError
from jenkins_mfa.failures import why
from jenkins_mfa.outbound import Tls, narrow

SECONDS = (5.0, 10.0)  #: to connect, and until the answer begins


class Webhook:
    """Sends to `url`. The secret is read from its file at each call, so a new one is taken over by itself."""

    def __init__(self, url: str, secret_file: Path, tls: Tls, form: Form) -> None:
        self._url = url
        self._secret_file = secret_file
        self._tls = tls
        self._form = form

    def send(self, events: Sequence[Linked]) -> None:
        """Returns once they were taken (2xx). The call's id is the same when the same events are sent again. Raises
        ArchiveError.
        """
        body = b"".join(map(self._form, events))
        message = f"trail-{events[-1].seq}-{events[-1].hash[:16]}-{len(events)}"
        signed = webhook.headers(self._secret(), message, int(time.time()), body)
        with requests.Session() as session:
            narrow(session, self._url, self._tls)
            try:
                answer = session.post(
                    self._url,
                    body,
                    headers={"Content-Type": "application/x-ndjson", **signed},
                    timeout=SECONDS,
                    allow_redirects=False,
                    stream=True,
                )
                status = answer.status_code
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise ArchiveError(why(error)) from None
        if not 200 <= status < 300:
            raise ArchiveError(f"it answered {status}")

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _secret(self) -> bytes:
        try:
            return webhook.secret_of(secret_files.read(self._secret_file).reveal())
        except ConfigError as error:
            raise ArchiveError("; ".join(error.problems)) from None
        except ValueError as error:
            raise ArchiveError(f"{self._secret_file}: {error}") from None
