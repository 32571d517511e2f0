"""What browsers, programs and security keys send to the pages."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fuzz_kit import target
from starlette.types import Message

import certificates
import security_keys_kit as kit
from desk_world import World
from fakes import KEYS
from jenkins_mfa.console_books import books
from jenkins_mfa.core import assertion, base64url, credential, seal
from jenkins_mfa.core.binding import ActBinding, GateBinding, Purpose
from jenkins_mfa.core.consumers import Consumer, Consumers, digest
from jenkins_mfa.core.model import Authenticator, Factor
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import EvidenceError, MessengerUnavailableError, Refusal, UntrustedInputError
from jenkins_mfa.health import Health
from jenkins_mfa.security_keys import attestation, cbor_form
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import EDDSA, SecurityKey
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases import credentials
from jenkins_mfa.usecases.console import Console, Way
from jenkins_mfa.web import guard, rates, session
from jenkins_mfa.web.app import application
from jenkins_mfa.web.console import asked, openid
from jenkins_mfa.web.console.asked import Secrets
from jenkins_mfa.web.console.settings import Console as ConsoleSettings
from jenkins_mfa.web.console.settings import SlackSignIn
from jenkins_mfa.web.session import Purpose as For
from jenkins_mfa.web.session import Session
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.site import Site

NOW = kit.BINDING.issued
URL, SECRET = "http://localhost:8080", "consumer-secret-of-the-tests-0001"
WORLD = World()
PARTY = RelyingParty(kit.RP_ID, kit.ORIGIN)
WEBAUTHN = WebAuthnKeys(PARTY, "Example MFA")
ENROLS = ActBinding(Purpose.REGISTER, b"r" * 32, "ticket 1", "alice", b"", NOW, NOW + 60_000)


class Alice:
    """Alice's key, the same in every run."""

    def __init__(self) -> None:
        self.key = SecurityKey(EDDSA, Ed25519PrivateKey.from_private_bytes(b"k" * 32))
        options = WEBAUTHN.registration_options(ENROLS, "Alice Wu", ())
        self.made = self.key.register(options, kit.ORIGIN)
        self.credential = WEBAUTHN.register(json.dumps(self.made).encode(), ENROLS, NOW).credential
        self.binding: GateBinding = replace(kit.BINDING, credential=self.credential.id)
        asked = WEBAUTHN.assertion_options(self.binding, (self.credential,))
        self.answer = self.key.sign(asked, kit.ORIGIN)
        self.object = base64url.decode(self.made["response"]["attestationObject"])


ALICE = Alice()


@target(EvidenceError, seeds=lambda: [json.dumps(ALICE.made).encode()])
def key_registration(data: bytes) -> object:
    """What a page posts when a key was made."""
    return WEBAUTHN.register(data, ENROLS, NOW)


@target(EvidenceError, seeds=lambda: [ALICE.object])
def key_attestation(data: bytes) -> object:
    """The attestation object in it, CBOR through and through."""
    response = {**ALICE.made["response"], "attestationObject": base64url.encode(data)}
    return WEBAUTHN.register(json.dumps({**ALICE.made, "response": response}).encode(), ENROLS, NOW)


@target(EvidenceError, seeds=lambda: [json.dumps(ALICE.answer).encode()])
def key_answer(data: bytes) -> object:
    """What a page posts when a key has signed."""
    WEBAUTHN.claimed_id(data)
    return WEBAUTHN.verify_assertion(data, ALICE.binding, ALICE.credential, 0, NOW)


@target(EvidenceError, seeds=lambda: [base64url.decode(ALICE.answer["response"]["clientDataJSON"])])
def key_client_data(data: bytes) -> object:
    """What the browser says beside the key."""
    challenge = ALICE.binding.challenge
    return assertion.check_client_data(data, ceremony=assertion.GET, challenge=challenge, origin=kit.ORIGIN)


@target(EvidenceError, seeds=lambda: [base64url.decode(ALICE.answer["response"]["authenticatorData"])])
def key_data(data: bytes) -> object:
    """What the key says itself."""
    return assertion.check_authenticator_data(data, kit.RP_ID)


@target(EvidenceError, seeds=lambda: [ALICE.credential.spki])
def key_public(data: bytes) -> object:
    """A public key out of a record or an export."""
    return [credential.load_key(data, int(alg)) for alg in (ALICE.credential.alg,)]


@target(ValueError, seeds=lambda: [ALICE.object, b"\xa1\x01\x02", b"\x83\x01\x02\x61a"])
def key_cbor(data: bytes) -> object:
    """The form of CBOR that keys write."""
    end = cbor_form.end_of(data)
    assert 0 < end <= len(data)
    return end


@target(ValueError, seeds=lambda: [certificates.Maker.new().pem])
def model_roots(data: bytes) -> object:
    """The file of certificates that vouch for models of keys."""
    return attestation.roots_of(data)


@target(Refusal, seeds=lambda: [msgspec.json.encode(ALICE.credential)])
def key_record(data: bytes) -> object:
    """A credential as the vault opened it."""
    sealed = seal.seal(data, keys=KEYS.ring, nonce=b"n" * 12, person="alice", authenticator="a_1", kind="webauthn")
    return credentials.of(WORLD.desk, "alice", Authenticator("a_1", Factor.WEBAUTHN, sealed, NOW))


def cookies() -> Iterator[bytes]:
    for purpose in For:
        yield session.write(Session(purpose, "alice", "g_1.1", NOW + 1000), KEYS.mac_key, "salt").encode()


@target(seeds=cookies)
def page_cookie(data: bytes) -> object:
    """The one cookie."""
    value = data.decode("latin-1")
    return [session.read(value, KEYS.mac_key, NOW), session.mark(value)]


def begun() -> Iterator[bytes]:
    for to in ("/console", "/console/history?person=alice"):
        yield asked.write(asked.Asked("ab" * 32, NOW, to), KEYS.mac_key).encode()


@target(seeds=begun)
def console_begun(data: bytes) -> object:
    """What a browser keeps while its person is at Slack, and where they wanted to go."""
    value = data.decode("latin-1")
    assert asked.inside(value).startswith("/console")
    return asked.read(value, KEYS.mac_key, NOW)


@target(seeds=lambda: [b"127.0.0.1", b"::1", b"2001:db8::1%eth0", b"unix"])
def page_address(data: bytes) -> object:
    """A peer's address, which a proxy may have written."""
    address = data.decode("latin-1")
    return [rates.network(address), guard._within(address, [ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")])]


def pages() -> Iterator[bytes]:
    cookie = session.write(Session(For.SIGNED_IN, "alice", "", World().clock.now() + 1000), KEYS.mac_key, "salt")
    own = f"Host: localhost:8080\nOrigin: {URL}\nCookie: mfa={cookie}\nContent-Type: application/json\n"
    own += f"{session.PAGE}: {session.mark(cookie)}\n\n"
    jti = World().open().jti
    for path in ("/", "/open", f"/gate/{jti}", "/enrol", "/act", "/me", "/livez", "/readyz", "/.well-known/jwks.json"):
        yield f"GET {path}\n{own}".encode()
    forms: dict[str, Any] = {
        "/open": {"token": "t" * 43},
        f"/gate/{jti}/begin": {"decision": "approve", "key": "a_1", "asks": "0" * 64},
        f"/gate/{jti}/finish": {"decision": "deny", "reason": "not yet", "nonce": "ab" * 32, "answer": "{}"},
        "/sign-in/begin": {},
        "/sign-in/finish": {"state": "ab.1.cd", "answer": json.dumps(ALICE.answer)},
        "/enrol/prove": {"code": "123456"},
        "/enrol/register": {"label": "blue key", "answer": json.dumps(ALICE.made)},
        "/act/code": {"code": "123456"},
        "/me/begin": {"act": "add totp", "target": "totp", "key": ""},
        "/me/finish": {"act": "remove", "target": "a_1", "proof": "{}", "question": "q"},
        "/out": {},
    }
    for path, form in forms.items():
        yield f"POST {path}\n{own}{json.dumps(form)}".encode()
    asks = f"Host: localhost:8080\nAuthorization: Bearer {SECRET}\n\n"
    yield f"POST /v1/receipts/redeem\n{asks}{json.dumps({'v': 1, 'receipt': 'a.b.c', 'token': 't' * 22})}".encode()


def visits() -> Iterator[bytes]:
    """What somebody sends who is in the console."""
    world = World()
    jti, token = world.open().jti, _visit(world)
    own = f"Host: localhost:8080\nOrigin: {URL}\nCookie: mfa-console={token}\nContent-Type: application/json\n"
    own += f"{session.PAGE}: {session.mark(token)}\n\n"
    asked_for = (
        "",
        "?mine&page=2",
        "/history?job=a*&since=2026-11-30&before=9",
        "/people?page=1",
        "/policy",
        "/report",
    )
    for path in (
        *asked_for,
        "/report",
        "/health",
        f"/gates/{jti}",
        f"/wait?about={jti}&seen=1",
        "/sign-in?to=/console/health",
    ):
        yield f"GET /console{path}\n{own}".encode()
    forms: dict[str, Any] = {
        "approve": {"way": "tap", "asks": "0" * 64, "code": "", "number": ""},
        "deny": {"way": "tap", "code": "", "reason": "not yet", "report": False},
        "begin": {"decision": "approve", "key": "a_1", "asks": "0" * 64},
        "finish": {"decision": "deny", "reason": "not yet", "nonce": "ab" * 32, "answer": "{}"},
        "retract": {},
    }
    for name, form in forms.items():
        yield f"POST /console/gates/{jti}/{name}\n{own}{json.dumps(form)}".encode()
    yield f"POST /console/own\n{own}{{}}".encode()
    yield f"POST /console/out\n{own}{{}}".encode()
    yield b"GET /console\nHost: localhost:8080\nX-User: alice@example.com\n\n"


def _visit(world: World) -> str:
    """The token of a visit: the same in every world, whose randomness counts from one."""
    return Console(world.desk).begin("alice", Way.MESSENGER, "127.0.0.1")[0]


@target(seeds=visits)
def console_request(data: bytes) -> object:
    """The same to the console, in a visit."""
    return page_status(data)


@functools.cache
def slack() -> tuple[openid.OpenId, rsa.RSAPrivateKey]:
    """Our client, which knows Slack's key."""
    private = rsa.generate_private_key(65537, 2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    client = openid.OpenId(SlackSignIn("https://slack.com", "T1", "1.2", Path("nowhere")), f"{URL}/done", lambda: 1.0)
    client._keys = (1.0, {"k": jwt.PyJWK({**public, "kid": "k", "alg": "RS256"})})
    client._endpoints = (1.0, openid.Endpoints("a", "b", "c", False))
    return client, private


def tokens() -> Iterator[bytes]:
    claims = {"iss": "https://slack.com", "aud": "1.2", "sub": "U1", "iat": 1, "exp": 10**10, "nonce": "n"}
    user = {"https://slack.com/team_id": "T1", "https://slack.com/user_id": "U1"}
    yield jwt.encode(claims | user, slack()[1], "RS256", {"kid": "k"}).encode()


@target(Refusal, seeds=tokens)
def slack_token(data: bytes) -> object:
    """What Slack says of somebody who signs in."""
    client, _ = slack()
    return client._user(client._claims(data.decode("latin-1")), Secrets("s", "n", "v"))


@target(MessengerUnavailableError, UntrustedInputError, seeds=lambda: [b'{"ok": true, "id_token": "a.b.c"}'])
def slack_sign_in(data: bytes) -> object:
    """What Slack answers at the sign-in."""
    return openid.answered(data, 200)


@target(seeds=pages)
def page_request(data: bytes) -> object:
    """A request to any page, its headers and body included: an answer with a status, and never that of an accident."""
    return page_status(data)


def page_status(data: bytes) -> int:
    """The status of the answer to such a request."""
    head, _, body = data.partition(b"\n\n")
    line, *rest = head.split(b"\n")
    method, _, target_ = line.partition(b" ")
    path, _, query = target_.partition(b"?")
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (one.partition(b":") for one in rest)]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "scheme": "http",
        "root_path": "",
        "method": method.decode("latin-1"),
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }
    status = asyncio.run(_answered(scope, body))
    assert status < 500 or status == 503, status
    return status


async def _answered(scope: dict[str, Any], body: bytes) -> int:
    """What the whole application says, its guard included."""
    world = World()
    world.open()
    settings = Settings("127.0.0.1", 8080, URL)
    consumer = Consumer("deploy", digest(SECRET), ("main",), Globs(("*",)), ("production",))
    health = Health(world.desk, Crew(), lambda: 1, dict)
    site = Site(world.desk, settings, WebAuthnKeys(settings.party, "jenkins-mfa"), health, Consumers((consumer,)))
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    _visit(world)
    console = ConsoleSettings(identity_header="X-User"), books(world.desk, Path("policy.toml"))
    site.waiters.stop()
    await guard.Guard(application(site, console), settings)(scope, receive, send)
    return int(said[0]["status"])
