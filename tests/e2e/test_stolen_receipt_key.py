"""The signing key is stolen: the procedure of docs/incidents.md, played from end to end, under a running agent."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from incident_page import Procedure

from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import receipt
from jenkins_mfa.core.receipt_form import pinned
from jenkins_mfa.core.signing_keys import public_from_spki
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build, Trust
from jenkins_mfa.simulators.jenkins_samples import STAGING
from receipt_kit import claims_of
from waiting import until

ROW = re.compile(r"\['(k\d+)', 'EdDSA', '([^']+)', \d+L\]")


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def command(world: World, *arguments: str | Path) -> str:
    done = run(*arguments, config=world.config_path)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def publish(world: World, told: Procedure) -> set[str]:
    """Write the class into a library, and have Jenkins load it from now on; the kids in it."""
    library = world.directory / "library"
    library.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(library)
        told.run("keys public --library .")
    rows = dict(ROW.findall((library / "src/mfa/Trust.groovy").read_text()))
    keys = {kid: public_from_spki(text) for kid, text in rows.items()}
    world.jenkins.controller.trust = Trust(pinned(keys), "mfa:demo", "main")
    return set(rows)


def forge(world: World, build: Build, stolen: Any) -> None:
    """Whoever has the key, and the agent's account in Jenkins, lets a paused build go on."""
    asked = build.wait_paused()
    text = next(p.default for p in asked.parameters if p.name == "MFA_REQUEST")
    sent = json.loads(text)
    del sent["number"]
    now = int(time.time())
    job, number, somebody = build.job.full_name, str(build.number), receipt.Approver("alice", "totp", now)
    says: dict[str, Any] = {
        "issuer": "mfa:demo",
        "kind": "jenkins",
        "source": "main",
        "pipeline": job,
        "run_id": number,
    }
    says |= {"attempt": 1, "jti": "g_" + "0" * 32 + ".1", "iat": now, "exp": now + 300, "nonce": asked.id}
    says |= {"approvers": [somebody], "rules": ["staging"], "policy_sha256": "0" * 64}
    says |= {"audit_seq": 1, "audit_head": "0" * 64, "request": sent, "request_sha256": receipt.digest(text)}
    claims = claims_of(**says)
    token = receipt.sign(claims, kid="k1", key=stolen)
    given = {"parameter": [{"name": "MFA_REQUEST", "value": text}, {"name": "MFA_RECEIPT", "value": token}]}
    url = f"{world.jenkins.url}{build.path}input/{asked.id}/proceed"
    auth = world.jenkins.auth("mfa-agent")
    requests.post(url, data={"json": json.dumps(given)}, auth=auth, timeout=10).raise_for_status()


def test_the_procedure_for_a_stolen_receipt_key(world: World) -> None:
    """Before it a forged receipt passes; after it none does, what it let pass is named, and people go on working."""
    player, page = Player(world), Procedure("A receipt key", world.config_path)
    config = configuration.load(world.config_path)
    stolen = key_files.receipt_keys(config.keys)[0].private
    passed, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(passed, "SUCCESS")
    forged, _ = player.pause(STAGING)
    forge(world, forged, stolen)
    player.finished(forged, "SUCCESS")
    until(lambda: "token stolen" in str(world.slack.messages("C0OPS")))
    waits, _ = player.pause(STAGING)

    assert "k1   receipt  signs" in page.run("keys list")
    told = json.loads(page.run("keys revoke k1", "--yes", "--json"))
    builds = {(one["pipeline"], one["id"]): (one["what"], one["do"], one["approvers"]) for one in told["builds"]}
    assert builds == {
        (STAGING, str(forged.number)): ("bypassed", "look", []),
        (STAGING, str(waits.number)): ("waits_only", "aborted", []),
        (STAGING, str(passed.number)): ("passed", "look", ["alice"]),
    }
    assert (told["left"], told["revoked"]["now"]) == ([], True)
    player.finished(waits, "ABORTED")
    assert "receipt keys that were revoked" in waits.console

    assert "it signs at once" in page.run("keys generate")
    assert publish(world, page) == {"k2"}
    assert [key["kid"] for key in json.loads(page.run("keys public > jwks.json"))["keys"]] == ["k2"]
    gates = {(one["pipeline"], one["id"]): one["gate"] for one in told["builds"]}
    shown = json.loads(page.run("show ID --json", ID=gates[STAGING, str(passed.number)].partition(".")[0]))
    (claimed,) = (one["details"] for one in shown["history"] if one["event"] == "gate:claimed")
    assert claimed["receipt_sha256"] == shown["receipt"]["sha256"]
    listed = json.loads(command(world, "keys", "list", "--json"))["keys"]
    assert [(key["kid"], key["state"]) for key in listed] == [("k2", "signs"), ("k1", "revoked")]
    until(lambda: "receipt keys" not in run("check", config=world.config_path).stdout)
    assert "receipt keys" not in page.run("check", code=None)
    assert page.left == []

    later, message = player.pause(STAGING)
    forge(world, later, stolen)
    player.finished(later, "ABORTED")
    assert "is signed with key k1, which is not known here" in later.console
    after, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(after, "SUCCESS")
    again = command(world, "keys", "revoke", "k1", "--yes")
    assert "k1 was revoked before, by" in again
    trail = command(world, "audit", "search", "--since", "1d")
    assert trail.count("Receipt key “k1” was revoked") == 1
