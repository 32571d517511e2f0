"""A signed call to somebody else's webhook, after Standard Webhooks (core/webhook.py)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3

from jenkins_mfa import secret_files
from jenkins_mfa.core import webhook
from jenkins_mfa.errors import ConfigError, JenkinsMfaError
from jenkins_mfa.failures import why
from jenkins_mfa.outbound import Tls, narrow

SECONDS = (5.0, 10.0)  #: to connect, and until the answer begins
LONGEST = 3_600  #: seconds of a pause that a receiver may ask for


class NotTakenError(JenkinsMfaError):
    """The receiver did not take a call. `retry_after` in seconds, if told."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Hook:
    """Where calls go. The secret is read from its file at each call, so a new one is taken over by itself."""

    url: str
    secret_file: Path
    tls: Tls

    def call(self, message: str, kind: str, body: bytes) -> None:
        """Returns once it was taken (2xx). `message` is the same when the same is sent again; `kind` is the body's
        media type. Raises NotTakenError, whose text holds nothing of what was sent.
        """
        signed = webhook.headers(self._secret(), message, int(time.time()), body)
        with requests.Session() as session:
            narrow(session, self.url, self.tls)
            try:
                answer = session.post(
                    self.url,
                    body,
                    headers={"Content-Type": kind, **signed},
                    timeout=SECONDS,
                    allow_redirects=False,
                    stream=True,
                )
                status, after = answer.status_code, answer.headers.get("Retry-After", "")
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise NotTakenError(why(error)) from None
        if not 200 <= status < 300:
            told = min(float(after), LONGEST) if after.isascii() and after.isdecimal() else None
            raise NotTakenError(f"it answered {status}", told)

    def _secret(self) -> bytes:
        try:
            return webhook.secret_of(secret_files.read(self.secret_file).reveal())
        except ConfigError as error:
            raise NotTakenError("; ".join(error.problems)) from None
        except ValueError as error:
            raise NotTakenError(f"{self.secret_file}: {error}") from None
