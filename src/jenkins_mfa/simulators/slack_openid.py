"""Sign in with Slack, simulated: discovery, keys, the page that asks its person, and `openid.connect.token`.

As the real one it lists no PKCE, and answers a verifier beside a client's secret with `internal_error`; with `pkce` it
lists S256, and wants the verifier of every code that was asked for with a challenge.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from jenkins_mfa.simulators.slack_model import ApiError
from jenkins_mfa.simulators.slack_state import Workspace

KID = "simulated"
CODE_SECONDS = 600  #: that a code may be exchanged
TOKEN_SECONDS = 300  #: that an id_token lasts


@dataclass(frozen=True)
class Page:
    """What a browser gets: a status, HTML or JSON, and where it is sent on."""

    status: int
    body: str = ""
    to: str = ""


@dataclass(frozen=True)
class Grant:
    """What a code stands for, once."""

    client: str
    back: str
    nonce: str
    user: str
    challenge: str
    at: float


@dataclass
class OpenId:
    """Slack's provider for one workspace at `issuer`. `claims` replace what the next tokens say; None takes one out."""

    workspace: Workspace
    issuer: str
    pkce: bool = False
    clients: dict[str, tuple[str, str]] = field(default_factory=dict)  # id → secret, redirect URI
    claims: dict[str, Any] = field(default_factory=dict)
    _codes: dict[str, Grant] = field(default_factory=dict)

    def client(self, client: str, secret: str, back: str) -> None:
        """Register a client, as the app's settings do: its secret, and where people may be sent back to."""
        self.clients[client] = (secret, back)

    def document(self, path: str) -> dict[str, Any] | None:
        """Discovery and keys; None for other paths."""
        if path == "/.well-known/openid-configuration":
            found: dict[str, Any] = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/openid/connect/authorize",
                "token_endpoint": f"{self.issuer}/api/openid.connect.token",
                "jwks_uri": f"{self.issuer}/openid/connect/keys",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
            return found | ({"code_challenge_methods_supported": ["S256"]} if self.pkce else {})
        if path == "/openid/connect/keys":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
            return {"keys": [{**public, "kid": KID, "alg": "RS256", "use": "sig"}]}
        return None

    def visit(self, path: str, asked: dict[str, str]) -> Page:
        """The page that asks who it is (the real one knows its person by their own cookie), and its answer."""
        known = self.clients.get(asked.get("client_id", ""))
        if known is None or asked.get("redirect_uri") != known[1]:
            return Page(400, "<h1>redirect_uri did not match any configured URIs</h1>")
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return Page(400, "<h1>Invalid scope or response type</h1>")
        if path == "/openid/connect/allow":
            return self._allowed(asked)
        return Page(200, self._question(asked))

    def token(self, args: dict[str, Any]) -> dict[str, Any]:
        """`openid.connect.token`. Raises ApiError."""
        secret, _ = self.clients.get(str(args.get("client_id")), ("", ""))
        if not secret or args.get("client_secret") != secret:
            raise ApiError("bad_client_secret" if secret else "invalid_client_id")
        grant = self._codes.pop(str(args.get("code")), None)
        if grant is None or self.workspace.now() - grant.at > CODE_SECONDS or grant.client != args.get("client_id"):
            raise ApiError("invalid_code")
        if args.get("redirect_uri") != grant.back:
            raise ApiError("bad_redirect_uri")
        self._verify(grant, args)
        access = f"xoxp-{secrets.token_hex(16)}"
        return {"access_token": access, "token_type": "Bearer", "id_token": self._signed(grant, access)}

    def _verify(self, grant: Grant, args: dict[str, Any]) -> None:
        verifier = str(args.get("code_verifier", ""))
        if not self.pkce and verifier:
            raise ApiError("internal_error")
        if grant.challenge and grant.challenge != _digest(verifier.encode()):
            raise ApiError("invalid_code_verifier")

    def _signed(self, grant: Grant, access: str) -> str:
        now = int(self.workspace.now())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.user,
            "aud": grant.client,
            "exp": now + TOKEN_SECONDS,
            "iat": now,
            "auth_time": now,
            "nonce": grant.nonce,
            "at_hash": base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode(),
            "https://slack.com/team_id": self.workspace.team,
            "https://slack.com/user_id": grant.user,
        }
        said = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return jwt.encode(said, signing_key(), "RS256", {"kid": KID})

    def _allowed(self, asked: dict[str, str]) -> Page:
        back, state = asked["redirect_uri"], asked.get("state", "")
        user = self.workspace.users.get(asked.get("user", ""))
        if user is None or user.deleted:
            return Page(302, to=f"{back}?{urlencode({'error': 'access_denied', 'state': state})}")
        code = secrets.token_hex(16)
        self._codes[code] = Grant(
            asked["client_id"],
            back,
            asked.get("nonce", ""),
            user.id,
            asked.get("code_challenge", ""),
            self.workspace.now(),
        )
        return Page(302, to=f"{back}?{urlencode({'code': code, 'state': state})}")

    def _question(self, asked: dict[str, str]) -> str:
        people = [user for user in self.workspace.users.values() if not user.bot and not user.deleted]
        ways = [(f"Allow as {user.name}", user.id) for user in people] + [("Cancel", "")]
        links = "".join(
            f'<li><a href="/openid/connect/allow?{html.escape(urlencode({**asked, "user": user}))}">'
            f"{html.escape(label)}</a></li>"
            for label, user in ways
        )
        title = f"Sign in to jenkins-mfa with {html.escape(self.workspace.team_name)}"
        head = f'<head><title>{title}</title><link rel="icon" href="data:,"></head>'
        return f'<!DOCTYPE html><html lang="en">{head}<h1>{title}</h1><ul>{links}</ul></html>'


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """Slack's key, made when it is first needed: one for all workspaces of the process."""
    return rsa.generate_private_key(65537, 2048)


def _digest(raw: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
