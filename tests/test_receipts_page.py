"""docs/receipts.md: its scripts do what the page says, as they stand there, and refuse what S10 refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desk_world import World
from jenkins_mfa.core import receipt
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.receipt import Approver
from jenkins_mfa.core.signing_keys import jwks
from receipt_kit import claims_of
from web.web_kit import served

PAGE = (Path(__file__).parent.parent / "docs" / "receipts.md").read_text()
KEY, STRANGER = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"s" * 32)
#: Heading of the script, its language, what runs it, its file, and the programs that it takes.
SCRIPTS = {
    "python": ("Python, with PyJWT and cryptography", "python", [sys.executable], "verify.py", ()),
    "shell": ("Shell, with OpenSSL 3 and jq", "sh", ["sh"], "verify.sh", ("openssl", "jq", "awk", "base64")),
    "node": ("Node", "js", ["node"], "verify.mjs", ("node",)),
}


def script(heading: str, language: str) -> str:
    """The first block below a heading."""
    found = re.search(rf"^### {heading}\n.*?^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def needs(*programs: str) -> None:
    """Skip where a program is not installed."""
    if missing := [one for one in programs if shutil.which(one) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")


def claims(**changes: Any) -> dict[str, Any]:
    """Of a receipt that the scripts take; `changes` replace arguments of `claims_of`."""
    now = int(time.time())
    arguments: dict[str, Any] = {
        "issuer": "mfa:example", "kind": "jenkins", "source": "main", "pipeline": "team one/deploy", "run_id": "17",
        "attempt": 1, "jti": "g_8f2c.1", "iat": now, "exp": now + 300, "nonce": "Mfa-" + "0" * 32,
        "approvers": [Approver("alice", "totp", now)], "rules": ["production"], "policy_sha256": "ab" * 32,
        "audit_seq": 4711, "audit_head": "9c" * 32, "request_sha256": "ef" * 32,
        "request": {"v": 1, "environment": "production", "action": "deploy", "message": "Größe 🚀"},
    }  # fmt: skip
    return claims_of(**{**arguments, **changes})


def signed(body: dict[str, Any] | None = None, key: Ed25519PrivateKey = KEY, kid: str = "k1") -> str:
    return receipt.sign(claims() if body is None else body, kid=kid, key=key)


def of_another_type() -> str:
    """An ordinary JWT of the same key with the same claims."""
    import jwt

    return jwt.encode(claims(), KEY, algorithm="EdDSA", headers={"kid": "k1"})


def changed() -> str:
    """Another pipeline's payload below a good signature."""
    head, _, signature = signed(claims(pipeline="x")).split(".")
    return f"{head}.{signed().split('.')[1]}.{signature}"


WRONG: dict[str, Callable[[], str]] = {
    "issuer": lambda: signed(claims(issuer="mfa:other")),
    "audience": lambda: signed({**claims(), "aud": ["mfa:source:other"]}),
    "source": lambda: signed({**claims(), "source": {"kind": "jenkins", "id": "other"}}),
    "pipeline": lambda: signed(claims(pipeline="team two/deploy")),
    "environment": lambda: signed(claims(request={"v": 1, "environment": "staging"})),
    "expired": lambda: signed(claims(iat=1764000000, exp=1764000300)),
    "future": lambda: signed(claims(iat=int(time.time()) + 90, exp=int(time.time()) + 300)),
    "unconfirmed": lambda: signed(claims(approvers=[])),
    "denied": lambda: signed({**claims(), "decision": "denied"}),
    "version": lambda: signed({**claims(), "v": 2}),
    "unknown_key": lambda: signed(kid="k9"),
    "stranger": lambda: signed(key=STRANGER),
    "type": of_another_type,
    "changed": changed,
    "nothing": lambda: "",
}


@pytest.fixture(params=SCRIPTS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """One of the scripts, in a directory with the public keys."""
    heading, language, command, file, programs = SCRIPTS[request.param]
    needs(*programs)
    (tmp_path / file).write_text(script(heading, language))
    (tmp_path / "jwks.json").write_text(json.dumps(jwks({"k0": STRANGER.public_key(), "k1": KEY.public_key()})))

    def verify(token: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, file], input=f"{token}\n", capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )

    return verify


def test_s10_the_scripts_take_a_right_receipt_and_refuse_every_wrong_one(
    run: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    """Each fault by itself."""
    right = run(signed())
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout.startswith("g_8f2c.1")
    assert [name for name, made in WRONG.items() if run(made()).returncode == 0] == []


def test_the_curl_redeems_once_and_asks_again_with_the_same_token(tmp_path: Path) -> None:
    """Run again it is the same yes; with another token, as another deploy would have it, a no with exit code 22."""
    needs("curl", "jq", "openssl")
    world = World()
    world.open()
    world.tap("alice")
    world.deliver()
    prod = Consumer("prod", digest("p" * 32), ("main",), Globs(("*",)), ("production",))
    (tmp_path / "consumer.header").write_text(f"Authorization: Bearer {'p' * 32}\n")
    (tmp_path / "redeem.sh").write_text(script("Redeeming, with curl", "sh"))
    with served(world.desk, consumers=(prod,)) as place:

        def redeem() -> tuple[int, dict[str, Any]]:
            told = subprocess.run(
                ["sh", "redeem.sh"], input=world.source.receipts[-1], capture_output=True, text=True, cwd=tmp_path,
                env={**os.environ, "MFA_URL": place.settings.url}, timeout=60, check=False,
            )  # fmt: skip
            return told.returncode, json.loads(told.stdout)

        first, again = redeem(), redeem()
        (tmp_path / "token").unlink()
        other = redeem()
    assert (first[0], first[1]["redeemed"], again) == (0, True, first)
    assert (other[0], other[1]["reason"], other[1]["by"]) == (22, "redeemed", "prod")
