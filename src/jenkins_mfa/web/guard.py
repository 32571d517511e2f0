"""What stands before every page: size, host, origin, headers. A server of its own leaves all of this to us.

Whatever is refused here gets a status and three words; so does an exception: a page never shows what went wrong inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jenkins_mfa.core.redemption import MAX_BODY
from jenkins_mfa.web.settings import Settings

log = structlog.get_logger()

BODY_BYTES = 16 * 1024  #: of one request; a key's answer takes 1 to 3 KiB
REDEEM = "/v1/receipts/redeem"  #: asked by programs, which show a secret: no browser has any business there
BODY_SECONDS = 10.0  #: that a body may take to arrive
DRAINED = 1024 * 1024  #: bytes that are still taken of what is refused
DRAIN_SECONDS = 2.0  #: that they may take to arrive
HEALTH = frozenset({"/livez", "/readyz"})  #: asked by machines, at whatever address they know
#: Only our own script and stylesheet, no inline code, no text that becomes markup, no frame around us.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
)
NOT_KEPT = ("Cache-Control", "no-store")  #: of every answer that does not say otherwise itself
HSTS = ("Strict-Transport-Security", "max-age=31536000")


def headers(settings: Settings) -> list[tuple[str, str]]:
    """What every answer carries; the server adds them, so that its own refusals have them, too."""
    return [*_HEADERS, *([HSTS] if settings.secure else [])]


class Guard:
    """The outermost application. It knows the peer's own address, before a proxy's word for another one is taken."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._proxies = [ipaddress.ip_network(one) for one in settings.proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on a request whose body is there whole."""
        if scope["type"] != "http":
            return
        inner = self._inside(scope)
        scope, status = inner or scope, self._refusal(inner) if inner else 404
        incoming = Incoming(receive)
        if not status:
            status, body = await _body(incoming.next, _most(scope["path"]))
        if status:
            if status != 408:
                await incoming.drain(Headers(scope=scope))
            await _say(status)(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(*NOT_KEPT)
            await send(message)

        try:
            await self._app(scope, _again(body, receive), watched)
        except Exception as error:  # noqa: BLE001  (a page never shows what went wrong inside)
            log.warning("a page failed", kind=type(error).__name__, method=scope["method"], page=_page(scope["path"]))
            if not begun:
                await _say(500)(scope, receive, send)

    def _inside(self, scope: Scope) -> Scope | None:
        """The request as the pages know it, without the path under which they are; None for what is elsewhere."""
        prefix, path = self._settings.prefix, scope["path"]
        if not prefix or path in HEALTH:
            return scope
        if path != prefix and not path.startswith(f"{prefix}/"):
            return None
        return {**scope, "path": path.removeprefix(prefix) or "/"}

    def _refusal(self, scope: Scope) -> int:
        """The status of a request that no page is to see; 0 for one that may go on."""
        found = Headers(scope=scope)
        if _too_long(found, _most(scope["path"])):
            return 413
        if "transfer-encoding" in found and "content-length" in found:
            return 400
        if scope["path"] in HEALTH:
            return 0
        if self._proxies and not _within((scope.get("client") or ("",))[0], self._proxies):
            return 403  # TLS ends at the proxy: nobody else has any business here
        if found.getlist("host") != [self._settings.authority]:
            return 421
        if scope["path"] == REDEEM:
            return 403 if {"origin", "cookie", "sec-fetch-site"} & set(found) else 0
        read = scope["method"] in {"GET", "HEAD"}
        return 0 if (_opened(found) if read else self._same_origin(found)) else 403

    def _same_origin(self, found: Headers) -> bool:
        """Whether our own page sends this: a cookie alone is not enough (cross-site request forgery)."""
        site = found.get("sec-fetch-site", "same-origin")
        return found.getlist("origin") == [self._settings.origin] and site == "same-origin"


def _opened(found: Headers) -> bool:
    """Whether our own page asks, or somebody opens one: what other sites' pages load by themselves, such as images and
    frames, must neither use up what a person's address may begin nor tell anything (W3C Fetch Metadata).
    """
    elsewhere = found.get("sec-fetch-site") in {"cross-site", "same-site"}
    return not elsewhere or found.get("sec-fetch-dest") == "document"


def _page(path: str) -> str:
    """The first part of a path: what stands behind it is a stranger's text."""
    return path.split("/")[1][:20] if path.startswith("/") else ""


def _most(path: str) -> int:
    """Bytes of a body."""
    return MAX_BODY if path == REDEEM else BODY_BYTES


def _too_long(found: Headers, most: int) -> bool:
    length = found.get("content-length", "0")
    return not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > most


def _within(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in network for network in networks)


async def _body(receive: Receive, most: int) -> tuple[int, bytes]:
    """(0, the whole body), or the status that refuses it. Chunks are counted: their sender tells no length."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return 400, b""
                body += message.get("body", b"")
                if len(body) > most:
                    return 413, b""
                if not message.get("more_body", False):
                    return 0, body
    except TimeoutError:
        return 408, b""


class Incoming:
    """A request's body on its way, and whether more of it comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def next(self) -> Message:
        """The next part."""
        message = await self._receive()
        self._more = message.get("more_body", False)
        return message

    async def drain(self, found: Headers) -> None:
        """Drop what is still sent, within limits: its sender would read of a reset connection instead of the answer.
        Who asks first whether to send it has sent nothing.
        """
        left = 0 if "expect" in found else DRAINED
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._more and left > 0:
                    left -= len((await self.next()).get("body", b""))


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body once more; after it, whatever comes."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _say(status: int) -> PlainTextResponse:
    return PlainTextResponse("jenkins-mfa: not possible.\n", status, dict([("Connection", "close"), NOT_KEPT]))
