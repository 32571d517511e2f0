"""The wire to one controller: the only place that knows python-jenkins. Every failure leaves as one of our errors.

python-jenkins sets no timeout, follows redirects, keeps cookies, reads whole error pages, and takes headers and the
check of certificates from the environment; what it sends is a secret. So its hooks are narrowed here, and an error
never carries the library's own exception, which holds request headers and bodies.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlsplit

import jenkins
import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from jenkins_mfa.errors import (
    ConfigError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
)
from jenkins_mfa.failures import why
from jenkins_mfa.outbound import TRACEPARENT, Tls, body, narrow

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
#: A build that is still loading holds the listing up for 60 s.
LISTING_SECONDS = 75.0
#: The largest answers that are read, in bytes.
LISTING_BYTES, RECORD_BYTES, REQUEST_BYTES = 32 << 20, 4 << 20, 256 << 10

_LONGEST_RETRY_AFTER = 3600
#: Permissions as headers name them → as the matrix shows them.
_PERMISSIONS = {
    "hudson.model.Hudson.Read": "Overall/Read",
    "hudson.model.Item.Read": "Job/Read",
    "hudson.model.Run.Update": "Run/Update",
}
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, jenkins.JenkinsException, OSError, ValueError)


class TooLargeError(SourceUnavailableError):
    """An answer was longer than what is read of its kind."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Empty where a header is missing; `session` changes with every start of the controller."""

    body: bytes
    version: str = ""
    session: str = ""
    date: str = ""

    @property
    def clock(self) -> int | None:
        """The controller's clock, or that of whatever stands before it, in Unix seconds; None where it tells none."""
        try:
            return int(parsedate_to_datetime(self.date).timestamp())
        except (ValueError, OverflowError):
            return None


class _Connection(jenkins.Jenkins):  # type: ignore[misc]
    """python-jenkins for one thread, with basic authentication fixed and answers left to the caller."""

    def __init__(self, url: str, user: str, token: str, tls: Tls) -> None:
        super().__init__(url)
        self._session.auth = requests.auth.HTTPBasicAuth(user.encode(), token.encode())
        narrow(self._session, url, tls)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Sizes are capped as they arrive, and texts like "Replayed #1" come in the reader's language.
        self._session.headers.update({"Accept-Encoding": "identity", "Accept-Language": "en"})

    def _request(self, req: requests.Request, stream: bool | None = None) -> requests.Response:
        if traceparent := TRACEPARENT.get():
            req.headers["traceparent"] = traceparent
        prepared = self._session.prepare_request(req)
        return self._session.send(  # type: ignore[no-any-return]
            prepared, stream=stream, allow_redirects=False, timeout=self.timeout
        )

    def _response_handler(self, response: requests.Response) -> requests.Response:
        return response


@dataclass(slots=True)
class Client:
    """One controller and our account there. Safe to share: each thread gets a connection of its own. `token` may be
    replaced: what is sent from then on has the new one. HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment hold.

    Raises ConfigError for a URL that cannot be used, and for environment variables that would weaken TLS or log
    what is sent.
    """

    url: str
    user: str
    token: str = field(repr=False)
    tls: Tls = field(default_factory=Tls)
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def __post_init__(self) -> None:
        problems = [*_unsafe_environment(os.environ), *_unusable_url(self.url)]
        if problems:
            raise ConfigError(problems)
        self.url = self.url.rstrip("/") + "/"

    def get(self, path: str, tree: str, *, limit: int = RECORD_BYTES, seconds: float = READ_SECONDS) -> Reply:
        """What the remote API exports at a path below the root, which is empty or ends with a slash.

        Raises TooLargeError for more than `limit` bytes, and SourceError.
        """
        # Tomcat refuses brackets that are not encoded.
        asked = f"{path}api/json?tree={quote(tree, safe='')}"
        request = requests.Request("GET", self.url + asked)
        reply, kind = self._send(request, f"GET {path}api/json", limit, seconds)
        if not kind.startswith("application/json"):
            raise SourceUnavailableError(
                f"GET {path}api/json: answered {told(kind) if kind else 'nothing'} instead of JSON"
            )
        return reply

    def post(self, path: str, form: Mapping[str, str]) -> None:
        """Submit a form. Returns when it was taken; Jenkins redirects after some forms. Raises SourceError."""
        request = requests.Request("POST", self.url + path, data=dict(form))
        _, kind = self._send(request, f"POST {path}", RECORD_BYTES, READ_SECONDS)
        if kind.startswith("text/html"):
            raise SourceUnavailableError(f"POST {path}: answered with a page, as a login form would")

    def _send(self, request: requests.Request, what: str, limit: int, seconds: float) -> tuple[Reply, str]:
        connection = self._connection()
        connection.timeout = (CONNECT_SECONDS, seconds)
        try:
            answer = connection.jenkins_request(request, add_crumb=False, resolve_auth=False, stream=True)
            with answer:
                headers = self._bare(answer)
                return self._judged(answer, headers, what, limit, seconds), headers.get("Content-Type", "")
        except _FAILURES as error:
            failure = why(error)
        # Raised out here, so that our error has no context: the library's exceptions hold what was sent.
        raise SourceUnavailableError(f"{what}: {failure}")

    def _connection(self) -> _Connection:
        if getattr(self._local, "token", None) != self.token:
            token = self.token
            self._local.connection, self._local.token = _Connection(self.url, self.user, token, self.tls), token
        return self._local.connection  # type: ignore[no-any-return]

    def _bare(self, answer: requests.Response) -> Mapping[str, str]:
        """An answer's headers without what was sent in ours: a proxy in between may repeat those, and errors tell a
        few of them.
        """
        pair = answer.request.headers["Authorization"].partition(" ")[2]
        bare = {name: value.replace(pair, "***").replace(self.token, "***") for name, value in answer.headers.items()}
        return CaseInsensitiveDict(bare)

    def _judged(
        self, answer: requests.Response, headers: Mapping[str, str], what: str, limit: int, seconds: float
    ) -> Reply:
        status = answer.status_code
        if status not in {200, 302} or (status == 302 and not what.endswith("/submitDescription")):
            raise _error(status, headers, what)
        content = body(answer.raw, limit, seconds)
        if len(content) > limit:
            raise TooLargeError(f"{what}: longer than {limit} bytes")
        return Reply(
            content,
            headers.get("X-Jenkins", ""),
            headers.get("X-Jenkins-Session", ""),
            headers.get("Date", ""),
        )


def _error(status: int, headers: Mapping[str, str], what: str) -> Exception:
    """Our error for a status. A controller that starts answers 401 to a valid token, so that is never final."""
    if status == 401:
        return SourceUnavailableError(
            f"{what}: answered 401, the token is not accepted, or Jenkins is starting", code="401"
        )
    if status == 403:
        needed = headers.get("X-Required-Permission", "")
        grant = _PERMISSIONS.get(needed, needed) or "Overall/Read and Job/Read"
        return SourceForbiddenError(f"{what}: answered 403, grant the agent's account {told(grant)}")
    if status == 404:
        return SourceGoneError(f"{what}: answered 404")
    if status == 400 and "X-Error" in headers:
        return SourceForbiddenError(f"{what}: answered 400, {told(headers['X-Error'][:200])}")
    after = headers.get("Retry-After", "")
    wait = min(int(after), _LONGEST_RETRY_AFTER) if after.isascii() and after.isdecimal() else None
    return SourceUnavailableError(f"{what}: answered {status}", wait, str(status))


def told(text: str) -> str:
    """Foreign text in a sentence: nothing in it can end the quotation or start a line."""
    return f"“{ascii(text)[1:-1]}”"


def _unsafe_environment(environment: Mapping[str, str]) -> list[str]:
    reasons = {
        "PYTHONHTTPSVERIFY": "it can switch off the check of certificates",
        "JENKINS_API_EXTRA_HEADERS": "python-jenkins writes it to the log",
    }
    return [
        f"the environment sets {name}: {why}; mend: unset {name}"
        for name, why in reasons.items()
        if name in environment
    ]


def _unusable_url(url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.hostname and not (parts.username or parts.query or parts.fragment):
        return []
    return [f"[[sources]] url: {told(url[:200])} is not http(s)://host[:port][/path]/ without user, query, fragment"]
