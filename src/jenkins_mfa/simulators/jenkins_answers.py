"""What comes back on the wire: status, headers and pages as the two recorded servlet containers send them.

Jenkins' own pages carry `X-Jenkins`; the container's error pages and an empty 200 of `proceed` do not.
"""

from __future__ import annotations

import html
import json
import secrets
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_state import Controller

_NO_CACHE = ("Cache-Control", "no-cache,no-store,must-revalidate")
_GROUPS = (
    "JENKINS-39402: use -Dhudson.security.AccessDeniedException2.REPORT_GROUP_HEADERS=true or use /whoAmI to diagnose"
)
_GENERIC = "hudson.security.Permission.Generic"
_ADMINISTER = "hudson.model.Hudson.Administer"

#: Permission as the matrix shows it -> its name in headers and the permissions that imply it.
_PERMISSIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Overall/Administer": (_ADMINISTER, ()),
    "Overall/Read": ("hudson.model.Hudson.Read", (f"{_GENERIC}Read", _ADMINISTER)),
    "Overall/SystemRead": ("hudson.model.Hudson.SystemRead", (_ADMINISTER,)),
    "Job/Create": ("hudson.model.Item.Create", (f"{_GENERIC}Create", f"{_GENERIC}Write", _ADMINISTER)),
    "Job/Build": ("hudson.model.Item.Build", (f"{_GENERIC}Update", f"{_GENERIC}Write", _ADMINISTER)),
    "Job/Cancel": ("hudson.model.Item.Cancel", (f"{_GENERIC}Update", f"{_GENERIC}Write", _ADMINISTER)),
    "Run/Update": ("hudson.model.Run.Update", (f"{_GENERIC}Update", f"{_GENERIC}Write", _ADMINISTER)),
}


@dataclass(slots=True)
class Answer:
    """One answer, ready to be sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def on_wire(self, *, jetty: bool, at: float) -> bytes:
        """Status line, headers and body, sent `at` (seconds since 1970). Tomcat sends no reason phrase."""
        reason = "Server Error" if self.status == 500 else HTTPStatus(self.status).phrase
        lines = [f"HTTP/1.1 {self.status} {reason if jetty else ''}"]
        lines.extend(f"{name}: {value}" for name, value in self.headers)
        lines.append(f"Date: {formatdate(at, usegmt=True)}")
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Answers:
    """Makes the answers of one controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._jetty = controller.profile.container == "jetty"

    def _answer(self, status: int, headers: list[tuple[str, str]], body: str | bytes = b"") -> Answer:
        common = [("X-Content-Type-Options", "nosniff")]
        if self._jetty:
            common[:0] = [("Server", "Jetty(12.0.14)"), ("Vary", "Accept-Encoding")]
        return Answer(status, [*common, *headers], body.encode() if isinstance(body, str) else body)

    def _kind(self, kind: str) -> tuple[str, str]:
        return "Content-Type", f"{kind};charset={'utf-8' if self._jetty else 'UTF-8'}"

    def _marks(self) -> list[tuple[str, str]]:
        profile = self._controller.profile
        return [("X-Jenkins", profile.version), ("X-Jenkins-Session", self._controller.session)]

    def _cookie(self) -> list[tuple[str, str]]:
        session = f"JSESSIONID.{secrets.token_hex(4)}=node0{secrets.token_hex(12)}; Path=/; HttpOnly"
        return [("Set-Cookie", session)] if self._jetty else []

    def empty(self, status: int = 200, **headers: str) -> Answer:
        """No body; `location=` of a redirect or a queue item."""
        return self._answer(status, [(name.capitalize(), value) for name, value in headers.items()])

    def json(self, value: Any) -> Answer:
        """The remote API's answer."""
        private = [] if self._jetty else [("Cache-Control", "private")]
        headers = [*private, *self._marks(), ("X-Frame-Options", "deny"), self._kind("application/json")]
        return self._answer(200, headers, json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def text(self, text: str) -> Answer:
        """The console."""
        return self._answer(200, [self._kind("text/plain")], text)

    def page(self, status: int, title: str, body: str = "", extra: list[tuple[str, str]] | None = None) -> Answer:
        """One of Jenkins' own pages, also for errors."""
        identity = [] if self._jetty else [("X-Instance-Identity", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA")]
        headers = [
            *(extra or []),
            self._kind("text/html"),
            ("Expires", "0"),
            _NO_CACHE,
            ("X-Hudson-Theme", "default"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            *self._cookie(),
            ("X-Hudson", "1.395"),
            *self._marks(),
            ("X-Frame-Options", "sameorigin"),
            *identity,
        ]
        head = f"<!DOCTYPE html><html><head><title>{html.escape(title)} - Jenkins</title></head>"
        return self._answer(status, headers, f"{head}<body>{body}</body></html>")

    def not_found(self) -> Answer:
        """No such job, build or input, or one that the account may not see: they look the same."""
        return self.page(404, "Not Found", "<h1>Not Found</h1>")

    def unknown_page(self) -> Answer:
        """Something below a build that no plugin serves."""
        private = [] if self._jetty else [("Cache-Control", "private")]
        return self._answer(404, [*private, self._kind("text/html")], "<html><body>\nNot found\n</body></html>")

    def forbidden(self, user: User, permission: str) -> Answer:
        """A permission is missing; the headers say which."""
        name, implied = _PERMISSIONS[permission]
        why = [
            ("X-You-Are-Authenticated-As", user.id),
            ("X-You-Are-In-Group-Disabled", _GROUPS),
            ("X-Required-Permission", name),
            *(("X-Permission-Implied-By", one) for one in implied),
        ]
        return self.page(403, "Jenkins", f"<p>{user.id} is missing a permission</p>", why)

    def refused(self, message: str) -> Answer:
        """Jenkins' own "this user may not": 400 with X-Error."""
        return self.page(400, "Jenkins", f"<h1>Error</h1><p>{html.escape(message)}</p>", [("X-Error", message)])

    def login_needed(self) -> Answer:
        """Anonymous without Overall/Read."""
        headers = [*self._cookie(), self._kind("text/html"), ("X-Hudson", "1.395"), *self._marks()]
        if not self._jetty:
            headers.insert(0, ("Cache-Control", "private"))
        return self._answer(
            403, headers, "<html><head><meta http-equiv='refresh' content='1;url=/login'/></head></html>"
        )

    def container(self, status: int, message: str, path: str, extra: list[tuple[str, str]] | None = None) -> Answer:
        """An error page of the servlet container, which knows nothing of Jenkins."""
        if self._jetty:
            kind = ("Content-Type", "text/html;charset=iso-8859-1")
            headers = [*(extra or []), ("Cache-Control", "must-revalidate,no-cache,no-store"), kind]
        else:
            kind = ("Content-Type", "text/html;charset=utf-8")
            headers = [*(extra or []), kind, ("Content-Language", "en")]
        where = html.escape(path)
        body = (
            f"<html>\n<head><title>Error {status} {message}</title></head>\n"
            f"<body><h2>HTTP ERROR {status} {message}</h2>"
            f"<table><tr><th>URI:</th><td>{where}</td></tr></table></body>\n</html>\n"
        )
        return self._answer(status, headers, body)

    def unauthorized(self, path: str) -> Answer:
        """The name or token is wrong, or no account is known yet because the controller is starting."""
        challenge = ("WWW-Authenticate", 'Basic realm="Jenkins"')
        return self.container(401, "Unauthorized", path, [*self._cookie(), challenge])

    def no_crumb(self, path: str) -> Answer:
        """A POST without API token and without a valid crumb."""
        return self.container(403, "No valid crumb was included in the request", path)

    def starting(self) -> Answer:
        """The page that is shown while the controller loads; no Retry-After."""
        body = "<!DOCTYPE html><html><head><title>Starting Jenkins</title></head><body>Please wait</body></html>"
        return self._answer(503, [("Expires", "0"), _NO_CACHE, self._kind("text/html")], body)
