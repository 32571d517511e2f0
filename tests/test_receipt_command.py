"""`receipt verify` as a deploy target calls it: a receipt, public keys, this host's clock; nothing else is there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli_files import with_keys, write
from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import main
from jenkins_mfa.core import receipt
from jenkins_mfa.core.receipt import Approver
from jenkins_mfa.core.signing_keys import jwks
from receipt_kit import claims_of

FOR = ("--source", "main", "--pipeline", "team one/deploy")


class Target:
    """Receipts of an installation whose store, Jenkins and Slack are not there, and what is verified with them."""

    def __init__(self, folder: Path) -> None:
        self.config = with_keys(write(folder))
        self.keys = key_files.load(configuration.load(self.config).keys, "demo")
        self.issuer = f"mfa:{configuration.load(self.config).installation}"
        for token in folder.glob("*.token"):
            token.unlink()
        self.jwks = folder / "jwks.json"
        self.jwks.write_text(json.dumps(jwks(self.keys.public(int(time.time())))))

    def receipt(self, **changes: Any) -> str:
        """One that was signed now."""
        now, signing = int(time.time()), self.keys.signing[0]
        request = {"v": 1, "environment": "production", "action": "deploy", "message": "Deploy 1.4"}
        arguments: dict[str, Any] = {
            "issuer": self.issuer, "kind": "jenkins", "source": "main", "pipeline": "team one/deploy", "run_id": "17",
            "attempt": 1, "jti": "g_8f2c.1", "iat": now, "exp": now + 300, "nonce": "Mfa-" + "0" * 32,
            "approvers": [Approver("alice", "totp", now)], "rules": ["production"], "policy_sha256": "ab" * 32,
            "audit_seq": 4711, "audit_head": "9c" * 32, "request": request, "request_sha256": "ef" * 32,
        }  # fmt: skip
        return receipt.sign(claims_of(**{**arguments, **changes}), kid=signing.kid, key=signing.private)

    def verify(self, token: str, *options: str) -> Result:
        """On stdin, with the key set alone; the working directory has no configuration."""
        line = ["receipt", "verify", "--keys", str(self.jwks), "--issuer", self.issuer, *FOR, *options]
        return CliRunner().invoke(main, line, input=f"{token}\n", prog_name="jenkins-mfa")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path)


def test_a_right_receipt_is_exit_0_with_its_facts(target: Target) -> None:
    """Offline, with the public keys alone: for which build, what was asked, by whom and how it was confirmed."""
    token = target.receipt(break_glass=True)
    found = target.verify(token, "--run", "17", "--environment", "production", "--action", "deploy", "--factor", "totp")
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.startswith(
        "Right: “team one/deploy” #17 of source main may go on.\nAsked: “deploy”, “production”"
    )
    assert "Confirmed by: alice (totp, " in found.stdout
    assert "It was under a break-glass rule." in found.stdout
    assert "Receipt g_8f2c.1, trail 4711 9c9c" in found.stdout


def test_the_same_as_a_document(target: Target) -> None:
    """`--json`, and from a file with the configuration's own keys: no secret file of it is read."""
    file = target.jwks.with_name("receipt.txt")
    file.write_text(target.receipt())
    found = run("receipt", "verify", file, *FOR, "--json", config=target.config)
    told = json.loads(found.stdout)
    assert (found.returncode, told["v"], told["ok"]) == (0, 1, True)
    assert told["receipt"]["request"]["environment"] == "production"
    assert told["receipt"]["approvers"][0].items() >= {"id": "alice", "factor": "totp"}.items()


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        ({}, ("--run", "18"), "The receipt is for another build (team one/deploy #17 of source main)."),
        ({}, ("--environment", "staging"), "The receipt is for another environment (production), asked: staging."),
        ({"iat": 1764000000, "exp": 1764000300}, (), "The receipt has ended at 2025-11-24 16:05:00 UTC."),
        ({"issuer": "mfa:other"}, (), "The receipt comes from another installation."),
        ({"pipeline": "a\u202eb\n"}, (), "The receipt is for another build (a\\u202eb\\n #17 of source main)."),
        ({"approvers": []}, (), "The receipt says that nobody confirmed: the policy asked nobody."),
    ],
    ids=["run", "environment", "expired", "issuer", "hostile_name", "nobody"],
)
def test_what_does_not_hold_is_exit_1_with_a_sentence(
    target: Target, changes: dict[str, Any], options: tuple[str, ...], says: str
) -> None:
    """Which check, and what it saw; foreign text in it is made visible."""
    found = target.verify(target.receipt(**changes), *options)
    assert (found.exit_code, found.stdout) == (1, f"Not right: {says}\n")
    document = json.loads(target.verify(target.receipt(**changes), *options, "--json").stdout)
    assert (document["ok"], document["text"]) == (False, says)


def test_unknown_kid_wrong_signature_and_what_is_no_receipt_are_told_apart(target: Target) -> None:
    """S10: three sentences, of which none holds anything of what came in but the kid."""
    other = Target(target.jwks.parent / "other")
    token = target.receipt()
    forged = target.verify(other.receipt(issuer=target.issuer))
    assert forged.stdout == "Not right: The receipt has a wrong signature.\n"
    target.jwks.write_text(target.jwks.read_text().replace('"k1"', '"k9"'))
    assert target.verify(token).stdout == "Not right: The receipt is signed with key k1, which is not known here.\n"
    for nonsense in ("", "x", "SECRET.SECRET.SECRET", "A" * 20_000):
        found = target.verify(nonsense)
        assert found.exit_code == 1
        assert "SECRET" not in found.output


def test_no_output_holds_the_receipt(target: Target) -> None:
    """Right, wrong, with --json, and where somebody gives it in place of the file's name."""
    token = target.receipt()
    line = ["receipt", "verify", token, *FOR, "--config", str(target.config)]
    found = [
        target.verify(token),
        target.verify(token, "--json"),
        target.verify(token, "--run", "18"),
        target.verify(token, "--quorum", "2", "--json"),
        CliRunner().invoke(main, line),
    ]
    assert [one.exit_code for one in found] == [0, 0, 1, 1, 2]
    for one in found:
        for piece in token.split("."):
            assert piece[:20] not in one.output


def test_what_cannot_be_used_is_exit_2(target: Target) -> None:
    """No issuer, no such file, a key set that is none: nothing is verified, and the mend is named."""
    line = ["receipt", "verify", "--keys", str(target.jwks), *FOR]
    nobody = CliRunner().invoke(main, line, input="x")
    missing = run("receipt", "verify", "/nowhere/receipt.txt", *FOR, config=target.config)
    target.jwks.write_text("{}")
    damaged = target.verify(target.receipt())
    assert [nobody.exit_code, missing.returncode, damaged.exit_code] == [2, 2, 2]
    assert "--issuer mfa:example" in nobody.stderr
    assert "/nowhere/receipt.txt cannot be read: no such file or directory" in missing.stderr
    assert "jenkins-mfa keys public > jwks.json" in damaged.stderr


def test_keys_that_have_ended_are_not_believed(target: Target) -> None:
    """Also where they are those of the configuration's own files."""
    index = target.config.parent / "keys" / "keys.json"
    rows = json.loads(index.read_text())
    rows["keys"][0]["not_after"] = int(time.time())
    index.write_text(json.dumps(rows))
    file = target.jwks.with_name("receipt.txt")
    file.write_text(target.receipt())
    found = run("receipt", "verify", file, *FOR, config=target.config)
    assert (found.returncode, found.stdout) == (
        1,
        "Not right: The receipt is signed with key k1, which is not known here.\n",
    )
