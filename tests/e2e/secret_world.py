"""A demo in which every secret is known: planted or caught on its way, and looked for in all that comes out of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from cli_files import edit
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import base64url
from jenkins_mfa.demo import files
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from jenkins_mfa.store.connect import client_for
from receivers import SECRET as SIGNING
from receivers import Files, Hook, webhook

PASSWORD, CONSUMER = "redis-password-of-the-tests", "consumer-secret-of-the-tests-0001"
#: What looks like six digits that somebody typed, and is a fraction of a second.
FRACTIONS = re.compile(rb"(?<=\d{2})\.\d{6}(?!\d)")


class Watched(World):
    """Its agent tells all that it can tell. Its store has a password, a consumer redeems receipts, a webhook hears of
    gates, and gets the trail.
    """

    options = ("--log-level", "DEBUG")

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.pages: list[bytes] = []
        self.told: list[bytes] = []
        self.secrets: dict[str, set[bytes]] = {}
        self._receiver = ExitStack()
        self.hook = Hook()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._receiver.close()

    def start_agent(self) -> None:
        """Before the first start: what the demo has not."""
        with client_for(self.server.url) as client:
            client.acl_setuser("mfa", enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], commands=["+@all"])
        edit(self.config_path, (self.server.url, f"unix://mfa:{PASSWORD}@{self.server.socket}"))
        edit(self.config_path, ("\n[web]\n", f"\n{TABLE}\n[web]\n"))
        files = Files(self.directory)
        self.hook = self._receiver.enter_context(webhook(files))
        hook = f'[webhook]\nurl = "{self.hook.url}"\nsecret_file = "siem.secret"\nca_file = "ca.pem"\n'
        sent = hook.replace("[webhook]", '[audit]\n[[audit.destinations]]\nname = "siem"', 1)
        edit(self.config_path, ("\n[web]\n", f"\n{hook}\n{sent}\n[web]\n"))
        secret = self.directory / "consumer.secret"
        secret.touch(0o600)
        secret.write_text(CONSUMER)
        super().start_agent()

    def plant(self, kind: str, *values: str | bytes) -> None:
        """Know a secret, in every spelling in which it could come out."""
        for value in values:
            raw = value.encode() if isinstance(value, str) else value
            spelt = {raw, base64.b64encode(raw), base64url.encode(raw).encode(), raw.hex().encode()}
            self.secrets.setdefault(kind, set()).update(spelt | {quote(raw).encode(), json.dumps(str(value)).encode()})

    def plant_all(self) -> None:
        """Those that are there from the beginning."""
        token = self.jenkins.users["mfa-agent"].token
        self.plant("Jenkins token", token, f"mfa-agent:{token}")
        self.plant("Slack token", self.slack.bot_token, self.slack.app_token)
        self.plant("seed", *self.seeds.values(), *map(base64.b32decode, self.seeds.values()))
        self.plant("store password", PASSWORD)
        self.plant("consumer secret", CONSUMER)
        self.plant("Slack client secret", files.CLIENT_SECRET)
        self.plant("webhook secret", SIGNING, base64.b64decode(SIGNING.removeprefix("whsec_")))
        keys = configuration.load(self.config_path).keys
        loaded = key_files.load(keys, "demo")
        self.plant("vault key", *(key for _, key in loaded.ring.keys))
        self.plant("HMAC key", loaded.mac_key)
        for pem in keys.dir.glob("*.pem"):
            self.plant("signing key", pem.read_text().splitlines()[1])
        self.plant("signing key", *(one.private.private_bytes_raw() for one in loaded.signing))

    def seen(self, response: requests.Response) -> None:
        """What the agent's own pages have answered."""
        if urlsplit(response.url).port == self.port:
            self.pages.append(response.content)

    def places(self, console: list[Build]) -> Iterator[tuple[str, bytes]]:
        """All that came out, by where it is."""
        yield "log", (self.directory / "agent.log").read_bytes()
        yield "pages", b"\n".join(self.pages)
        yield "command line", b"\n".join(self.told)
        for call in self.slack.calls():
            if call.method == "openid.connect.token":
                continue  # what Slack has given out goes back to Slack, and no further
            private = call.method in {"chat.postEphemeral", "response_url", "views.open", "conversations.open"}
            yield f"Slack, {'one person' if private else 'a channel'}", json.dumps(call.args).encode()
        assert any(b'"event":"gate:resumed"' in body for _, body in self.hook.calls)
        yield "webhook and trail that is sent", b"\n".join(body for _, body in self.hook.calls)
        for build in console:
            yield "Jenkins, the build's log", build.console.encode()
            yield "Jenkins, the build's page", str(build.description).encode()
        yield "Jenkins, addresses", "\n".join(seen.path for seen in self.jenkins.requests).encode()
        yield from self._stored()
        for path in sorted(self.directory.rglob("*")):
            if path.is_file() and path.suffix not in KEPT and path.name not in {"agent.log", "config.toml"}:
                of_store = path.is_relative_to(self.directory / "store")
                yield "store" if of_store else f"file {path.name}", path.read_bytes()

    def _stored(self) -> Iterator[tuple[str, bytes]]:
        """Each key of the store with what is there, in plain."""
        with client_for(self.server.url) as client:
            for key in client.scan_iter():
                yield "store", key + b" " + repr(_value(client, key)).encode()

    def found(self, console: list[Build]) -> dict[tuple[str, str], bytes]:
        """(secret, place) → a piece of the text around it."""
        found: dict[tuple[str, str], bytes] = {}
        for place, text in self.places(console):
            bare = FRACTIONS.sub(b"", text)
            for kind, spellings in self.secrets.items():
                for spelt in spellings:
                    at = _at(bare, spelt)
                    if at >= 0:
                        found.setdefault((kind, place), bare[max(0, at - 60) : at + 100])
        return found


#: Files that hold one secret each, which nobody but their owner can read; config.toml has the store's password here.
KEPT = {".token", ".secret", ".key", ".pem"}
TABLE = f"""\
[[consumers]]
name = "deploy"
secret_file = "consumer.secret"
sources = ["main"]
pipelines = ["{PRODUCTION}"]
environments = ["production"]
"""


def _at(text: bytes, secret: bytes) -> int:
    """Where it stands; six digits stand by themselves, or in two halves."""
    if not (len(secret) == 6 and secret.isdigit()):
        return text.find(secret)
    match = re.search(rb"(?<!\d)%b[ -]?%b(?!\d)" % (secret[:3], secret[3:]), text)
    return match.start() if match else -1


def _value(client: Any, key: bytes) -> Any:
    reads = {b"hash": client.hgetall, b"string": client.get}
    kind = client.type(key)
    with suppress(KeyError):
        return reads[kind](key)
    whole = {b"list": client.lrange, b"zset": client.zrange, b"stream": client.xrange}.get(kind)
    if kind == b"stream":
        return client.xrange(key)
    return whole(key, 0, -1) if whole else client.smembers(key)
