"""Sign in with Slack: OpenID Connect Core 1.0, the authorization code flow of a client that has a secret.

Where things are, Slack's own discovery document tells. PKCE (RFC 7636) is used where that document lists S256: today it
does not, and Slack answers a verifier beside a client's secret with `internal_error`. There the nonce in the signed
token keeps a code of somebody else's from being used (RFC 9700, 2.1.1).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
import structlog
from urllib3.exceptions import HTTPError

from jenkins_mfa import secret_files
from jenkins_mfa.core import base64url, seal, strict_json
from jenkins_mfa.errors import ConfigError, MessengerUnavailableError, Refusal, UntrustedInputError
from jenkins_mfa.outbound import Tls, body, narrow
from jenkins_mfa.web.console.asked import Secrets
from jenkins_mfa.web.console.settings import SlackSignIn

log = structlog.get_logger()

DISCOVERY = "/.well-known/openid-configuration"
ALGORITHM = "RS256"  #: the one that Slack lists
SECONDS = 10.0  #: that one of Slack's answers may take
BYTES = 65_536  #: of one of them
FRESH = 3_600.0  #: seconds for which discovery and keys are believed
ANEW = 60.0  #: seconds between two looks for a key that nobody knows
LEEWAY = 60  #: seconds that Slack's clock may be off
TEAM, USER = "https://slack.com/team_id", "https://slack.com/user_id"  #: claims, also of GovSlack


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the three things are, and whether the code's exchange takes a verifier."""

    authorize: str
    token: str
    keys: str
    pkce: bool


class OpenId:
    """Our client at Slack. `back` is our own address to which Slack sends people back."""

    def __init__(self, own: SlackSignIn, back: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._own = own
        self._back = back
        self._clock = clock
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, Mapping[str, jwt.PyJWK]] = (0.0, {})

    def address(self, secrets: Secrets) -> str:
        """Where the browser goes. Raises MessengerUnavailableError."""
        found = self._where()
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._own.client_id,
            "redirect_uri": self._back,
            "team": self._own.team,
            "state": secrets.state,
            "nonce": secrets.nonce,
        }
        if found.pkce:
            digest = hashlib.sha256(secrets.verifier.encode()).digest()
            asked |= {"code_challenge": base64url.encode(digest), "code_challenge_method": "S256"}
        return f"{found.authorize}?{urlencode(asked)}"

    def subject(self, code: str, secrets: Secrets) -> str:
        """The Slack user who has signed in. Raises Refusal (`sign_in_refused`), MessengerUnavailableError."""
        found = self._where()
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._own.client_id,
            "client_secret": self._secret(),
        }
        answer = _asked(found.token, given | ({"code_verifier": secrets.verifier} if found.pkce else {}))
        token = answer.get("id_token")
        if answer.get("ok") is not True or not isinstance(token, str):
            raise _refused("code")
        return self._user(self._claims(token), secrets)

    def _secret(self) -> str:
        """As it stands in its file now. Raises MessengerUnavailableError."""
        try:
            return secret_files.read(self._own.secret_file).reveal()
        except ConfigError as error:
            raise MessengerUnavailableError("; ".join(error.problems)) from None

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What Slack has signed for us, now."""
        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            found: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._own.issuer,
                audience=self._own.client_id,
                leeway=LEEWAY,
                options={"require": ["iss", "aud", "sub", "exp", "iat", "nonce"], "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise _refused(type(error).__name__) from None
        return found

    def _user(self, claims: Mapping[str, Any], secrets: Secrets) -> str:
        """Whom the token names: of our workspace, for the very question that this browser has asked."""
        user = claims.get(USER)
        if not seal.check_mac(str(claims["nonce"]), secrets.nonce):
            raise _refused("nonce")
        if claims.get(TEAM) != self._own.team:
            raise _refused("team")
        if not isinstance(user, str) or not user:
            raise _refused("user")
        return user

    def _key(self, kid: str) -> jwt.PyJWK:
        """Slack's key of that name; looked for anew where it is not known, or what is known is old."""
        at, keys = self._keys
        age = self._clock() - at
        if not keys or age > FRESH or (kid not in keys and age > ANEW):
            listed = jwt.PyJWKSet.from_dict(_asked(self._where().keys)).keys
            keys = {one.key_id: one for one in listed if one.key_id}
            self._keys = self._clock(), keys
        if kid not in keys:
            raise _refused("kid")
        return keys[kid]

    def _where(self) -> Endpoints:
        """What discovery tells. All of it must be of the issuer's own address."""
        if self._endpoints is not None and self._clock() - self._endpoints[0] < FRESH:
            return self._endpoints[1]
        told, own = _asked(f"{self._own.issuer}{DISCOVERY}"), f"{self._own.issuer}/"
        places = [str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if told.get("issuer") != self._own.issuer or not all(place.startswith(own) for place in places):
            raise MessengerUnavailableError("Slack's discovery document names another address than its own")
        methods = told.get("code_challenge_methods_supported")
        authorize, token, keys = places
        found = Endpoints(authorize, token, keys, isinstance(methods, list) and "S256" in methods)
        self._endpoints = self._clock(), found
        return found


def _asked(url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What Slack answers to a GET, or a POST of `form`. Raises MessengerUnavailableError."""
    try:
        with requests.Session() as session:
            narrow(session, url, Tls())
            session.headers["Accept-Encoding"] = "identity"
            answer = session.request(
                "POST" if form else "GET", url, data=form, timeout=SECONDS, allow_redirects=False, stream=True
            )
            status, raw = answer.status_code, body(answer.raw, BYTES, SECONDS)
        return answered(raw, status)
    except (requests.RequestException, HTTPError, OSError, UntrustedInputError) as error:
        raise MessengerUnavailableError(f"Slack's sign-in gives no answer: {type(error).__name__}") from None


def answered(raw: bytes, status: int) -> dict[str, Any]:
    """The object that an answer holds. Raises MessengerUnavailableError, UntrustedInputError."""
    found = strict_json.parse(raw, place="Slack's answer", max_bytes=BYTES, max_depth=8, floats=True)
    if status != requests.codes.ok or not isinstance(found, dict):
        raise MessengerUnavailableError(f"Slack's sign-in answers with status {status}")
    return found


def _refused(problem: str) -> Refusal:
    log.warning("a sign-in with Slack was refused", problem=problem)
    return Refusal("sign_in_refused")
