"""[web] of config.toml → where the pages are served. Absent: there are none, and no policy can ask for a key."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.failures import unreadable
from jenkins_mfa.security_keys.attestation import roots_of
from jenkins_mfa.tls_config import file, pair
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table
from jenkins_mfa.web.settings import CONNECTIONS, Settings

LISTEN = "an address and a port such as 127.0.0.1:8443 or [::1]:8443"
URL = "https://host, https://host:port or http://localhost:port; behind a proxy also with a path such as /mfa"
_PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
PROXY = "addresses such as 10.0.0.1, or networks such as 10.0.0.0/28"
NEIGHBOURS = "so its pages could answer for whoever has these open; mend: a host name of its own"
NO_TLS = "nobody would speak TLS here: mend: cert_file and key_file, or proxies with the address of the one that does"


def web(root: Table, base: Path, *, with_secrets: bool = True) -> Settings | None:
    """The settings; None where there is no [web], or one with problems, which are noted. Without secrets the files of
    certificate and key are left alone.
    """
    if "web" not in root:
        return None
    table = root.table("web")
    before = len(table.problems.found)
    host, port = listen(table)
    settings = Settings(
        host=host,
        port=port,
        url=_url(table),
        cert_file=file(table, "cert_file", base),
        key_file=file(table, "key_file", base),
        proxies=_proxies(table),
        model_roots=file(table, "model_roots", base),
        connections=table.integer("connections", CONNECTIONS, low=10, high=20_000),
    )
    table.done()
    if len(table.problems.found) == before:
        _together(table, settings, with_secrets)
    return settings if len(table.problems.found) == before else None


def apart(root: Table, pages: Settings | None, source: str, addresses: Iterable[str]) -> None:
    """No controller is at the host of the console, or of pages below a path. Browsers send cookies to every port of a
    host, and pages of one origin act for each other: whoever administers Jenkins, or has it show a page of theirs,
    would tap for whoever is signed in (T2). On `http://localhost` there is nobody else.
    """
    if pages is None or not pages.secure or not ("console" in root or pages.prefix):
        return
    if pages.party.id in {urlsplit(address).hostname for address in addresses}:
        root.table("web").fault("url", f"source {source} is at {pages.party.id}, too, {NEIGHBOURS}")


def listen(table: Table) -> tuple[str, int]:
    """An address and a port; empty and 0 after a problem, which is noted."""
    value = table.text("listen", allowed=LISTEN)
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
        right = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    except ValueError:
        right = False
    if value and not right:
        table.fault("listen", f"seen: {seen(value)}; allowed: {LISTEN}")
        return "", 0
    return host, int(port or 0)


def _url(table: Table) -> str:
    """An origin, as a browser writes it, and a path without a slash at its end; empty after a problem."""
    value = table.text("url", allowed=URL)
    if not value:
        return ""
    try:
        path = urlsplit(value).path.removesuffix("/")
        if not _PATH.fullmatch(path):
            raise ValueError("a path has letters, digits, - . _ and single slashes")
        return f"{RelyingParty.at(value).origin}{path}"
    except ValueError as error:
        table.fault("url", f"seen: {seen(value)}; {error}; allowed: {URL}")
        return ""


def _proxies(table: Table) -> tuple[str, ...]:
    found = table.texts("proxies", [], allowed=f"a list of {PROXY}")
    for one in found:
        try:
            wrong = ipaddress.ip_network(one).prefixlen == 0
        except ValueError:
            wrong = True
        if wrong:
            table.fault("proxies", f"seen: {seen(one)}; allowed: {PROXY}, each named; not everybody")
    return tuple(found)


def _together(table: Table, settings: Settings, with_secrets: bool) -> None:
    """What each key allows, but not beside the others; and the files that they name."""
    if settings.model_roots is not None and with_secrets:
        _roots(table, settings.model_roots)
    own = settings.cert_file is not None
    if own != (settings.key_file is not None):
        missing = "key_file" if own else "cert_file"
        table.fault(missing, "a certificate and its key belong together: this one is missing")
    elif own and settings.proxies:
        table.fault("proxies", "with its own certificate the agent is reached directly; mend: leave one of them out")
    elif own and not settings.secure:
        table.fault("url", "with a certificate of its own the agent is reached by https://")
    elif settings.cert_file and settings.key_file:
        if with_secrets:
            pair(table, settings.cert_file, settings.key_file, ssl.PROTOCOL_TLS_SERVER)
    elif settings.prefix and not settings.proxies:
        table.fault("url", "only a proxy has other pages beside these; mend: no path, or proxies")
    elif settings.secure and not settings.proxies:
        table.fault("url", NO_TLS)
    elif not settings.secure and not ipaddress.ip_address(settings.host).is_loopback:
        table.fault("listen", f"seen: {settings.host}; http://localhost is for this computer alone: 127.0.0.1 or ::1")


def _roots(table: Table, file: Path) -> None:
    """The file holds certificates."""
    try:
        roots_of(file.read_bytes())
    except OSError as error:
        table.fault("model_roots", unreadable(file, error))
    except ValueError:
        table.fault("model_roots", f"{file} holds no root certificates in PEM, as makers of keys publish them")
