"""docs/evidence.md: the script for auditors does what the page says, with `cryptography` alone (S7, row 45)."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

import security_keys_kit as kit
from evidence_kit import ACTS
from jenkins_mfa.core import evidence
from jenkins_mfa.core.binding import ActBinding, Decision, GateBinding
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.simulators.security_key import ES256, Lies

PAGE = (Path(__file__).parent.parent / "docs" / "evidence.md").read_text()


def script() -> str:
    """The page's only block of Python."""
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def refusal(bundle: Evidence, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the script ends with; a process for each would take seconds."""
    monkeypatch.setattr("sys.stdin", io.StringIO(evidence.encode(bundle)))
    with pytest.raises((SystemExit, InvalidSignature)) as ended:
        exec(compile(script(), "verify.py", "exec"), {})
    return str(ended.value) if ended.type is SystemExit else "InvalidSignature"


def test_the_script_is_short_and_takes_cryptography_alone() -> None:
    """An auditor reads it before running it; nothing of the project vouches for the project."""
    assert len([line for line in script().splitlines() if line]) <= 30
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(script()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize("alg", kit.ALGORITHMS.values(), ids=kit.ALGORITHMS)
def test_row_45_the_script_verifies_what_each_kind_of_key_has_signed(alg: int) -> None:
    """It names person, decision, gate, page, and the digest to compare with the enrolment."""
    bundle = kit.evidence_of(alg, replace(kit.BINDING, pipeline="größe/deploy"))
    command = [sys.executable, "-I", "-c", script()]
    done = subprocess.run(command, input=evidence.encode(bundle), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Right: alice approve gate g_01 1\nOn https://mfa.example.com with")
    assert key_sha256(bundle.proof.spki) in done.stdout


@pytest.mark.parametrize("alg", kit.ALGORITHMS.values(), ids=kit.ALGORITHMS)
def test_row_45_the_script_verifies_an_act(alg: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names person, act and target."""
    said: list[str] = []
    monkeypatch.setattr("sys.stdin", io.StringIO(evidence.encode(kit.evidence_of(alg, kit.ACT))))
    exec(compile(script(), "verify.py", "exec"), {"print": lambda *words: said.append(" ".join(words))})
    assert said[0] == "Right: alice unlock bob"


@pytest.mark.parametrize("name", [field.name for field in fields(ActBinding)])
def test_row_45_the_script_refuses_a_changed_field_of_an_act(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of an answer's."""
    bundle = kit.evidence_of(ES256, kit.ACT)
    changed = replace(bundle, binding=replace(bundle.binding, **{name: kit.ACTED[name]}))
    assert refusal(changed, monkeypatch) == "Not right: challenge"


@pytest.mark.parametrize("name", [field.name for field in fields(GateBinding)])
def test_row_45_the_script_refuses_a_changed_field(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each field is in the challenge, framed as the page says."""
    bundle = kit.evidence_of(ES256)
    changed = replace(bundle, binding=replace(bundle.binding, **{name: kit.BOUND[name]}))
    assert refusal(changed, monkeypatch) == "Not right: challenge"


@pytest.mark.parametrize(
    ("bundle", "told"),
    [
        (kit.evidence_of(ES256, origin="https://mfa.example.com:8443"), "Not right: origin"),
        (kit.evidence_of(ES256, rp_id="example.com"), "Not right: rp_id"),
        (kit.evidence_of(ES256, signature=b"x"), "InvalidSignature"),
        (kit.evidence_of(ES256, lies=Lies(flags_off=4)), "Not right: user not present or not verified"),
        (kit.evidence_of(ES256, lies=Lies(flags_off=1)), "Not right: user not present or not verified"),
        (kit.evidence_of(ES256, lies=Lies(said={"crossOrigin": True})), "Not right: frame"),
        (kit.evidence_of(ES256, lies=Lies(ceremony="webauthn.create")), "Not right: type"),
    ],
    ids=["origin", "rp_id", "signature", "user_verified", "user_present", "frame", "type"],
)
def test_the_script_refuses_what_proves_nothing(bundle: Evidence, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of what is wrong."""
    assert refusal(bundle, monkeypatch) == told


def test_every_member_of_the_form_is_explained() -> None:
    """The table has exactly the members that are kept."""
    table = PAGE.partition("## The form")[2].partition("## The challenge")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(
        json.loads(evidence.encode(kit.evidence_of(ES256)))
    )
    assert all(f"`{decision}`" in table for decision in Decision)


def test_every_act_is_explained() -> None:
    """Its event, its purpose and what is signed; and the two members that an answer does not have."""
    section = PAGE.partition("## Acts")[2].partition("## ")[0]
    rows = {tuple(re.findall(r"`([^`]+)`", row)[:3]) for row in re.findall(r"^\| (`.*)", section, re.MULTILINE)}
    signed = {evidence.decode(str(one.details["evidence"])).binding for one in ACTS.values()}
    assert {(event, purpose, subject.split()[0]) for event, purpose, subject in rows} == {
        (entry.event, str(found.purpose), found.subject.split()[0])
        for entry in ACTS.values()
        for found in [evidence.decode(str(entry.details["evidence"])).binding]
        if isinstance(found, ActBinding)
    }
    kept = set(json.loads(evidence.encode(kit.evidence_of(ES256, kit.ACT))))
    assert kept - set(json.loads(evidence.encode(kit.evidence_of(ES256)))) == {"purpose", "subject"}
    assert len(signed) == len(rows)
