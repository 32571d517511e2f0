"""A controller that was restored from a backup: settled inputs wait again, and build numbers come again."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_stage import ALICE, Stage, staged

from jenkins_mfa.core import receipt, request
from jenkins_mfa.demo import files
from jenkins_mfa.errors import Refusal
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import plain
from store_server import Server

STARTING = 30  #: seconds after which a controller that has started is believed
APPROVER = "ApproverAction"


def resumed(stage: Stage) -> bool:
    """The build went on, and people read so."""
    return not stage.build.building and stage.shown()[-1:] == [f"Approved, resumed: “{STAGING}” #1"]


def put_back(stage: Stage) -> None:
    """The controller is as it was while the gate's input waited, and its start was a while ago."""
    stage.jenkins.go_down()
    stage.build.actions = [one for one in stage.build.actions if callable(one) or APPROVER not in str(one)]
    stage.build.bring_back(stage.asked)
    stage.jenkins.come_up()
    stage.clock.move(seconds=STARTING)


def test_a_settled_input_that_waits_again_is_asked_anew(server: Server, short_path: Path) -> None:
    """A confirmation never serves a second delivery, nor does a button of before; the next one gets its own receipt."""
    with staged(short_path, server) as stage:
        stage.play(lambda: resumed(stage))
        first = stage.asked.value["MFA_RECEIPT"]
        put_back(stage)
        for _ in range(10):
            stage.round()
        assert (stage.proceeds, stage.build.building) == (1, True)
        assert stage.shown()[-1] == f"Needs confirmation: “{STAGING}” #1"
        (gate,) = stage.agent.store.open_gates()
        with pytest.raises(Refusal, match="resumed"):
            stage.agent.answers.tap(former(stage), ALICE, "an old button")
        stage.counted = False
        stage.play(lambda: not stage.build.building)
        second = stage.asked.value["MFA_RECEIPT"]
        assert (stage.proceeds, first == second) == (2, False)
        assert verified(stage, second).jti == f"{gate.id}.2"
        assert stage.events().count("gate:reopened") == 1


def test_a_denied_input_that_waits_again_is_aborted_again(server: Server, short_path: Path) -> None:
    """A restore revives no gate that was denied: nobody is asked, ops are told."""
    with staged(short_path, server) as stage:
        stage.counted = True
        stage.play(stage.messages)
        (gate,) = stage.agent.store.open_gates()
        stage.agent.answers.deny(gate.jti, ALICE, "not now", False, "deny")
        stage.play(lambda: not stage.build.building)
        put_back(stage)
        assert stage.build.building
        stage.play(lambda: not stage.build.building)
        for _ in range(2):
            stage.round()
        assert (stage.build.result, stage.proceeds, stage.bodies) == ("ABORTED", 0, [])
        assert stage.shown()[-1] == f"Denied by jenkins-mfa: “{STAGING}” #1"
        assert any("An input waits again" in plain(one) for one in stage.slack.messages(files.OPS))


def former(stage: Stage) -> str:
    """Which gate had ended before: what its buttons say."""
    (entry,) = (one.entry for one in stage.agent.store.audit_events() if one.entry.event == "gate:reopened")
    return str(entry.details["target"])


def verified(stage: Stage, token: str) -> receipt.Receipt:
    """The receipt, as the library verifies it."""
    trust = stage.jenkins.controller.trust
    assert trust is not None
    (text,) = (one.default for one in stage.asked.parameters if one.name == "MFA_REQUEST")
    return receipt.verify(
        token,
        keys=trust.keys,
        issuer=trust.issuer,
        source=trust.source,
        pipeline=STAGING,
        run_id="1",
        nonce=stage.asked.id,
        request_sha256=request.digest(text),
        now=int(stage.jenkins.controller.now()),
    )


def test_a_build_of_the_same_number_is_asked_anew(server: Server, short_path: Path) -> None:
    """What was confirmed for the lost build counts for it alone: its gate is withdrawn, the new one gets its own."""
    with staged(short_path, server) as stage:
        stage.play(lambda: stage.counted)
        stage.jenkins.go_down()
        stage.build.kill()
        stage.build.job.builds.clear()
        stage.jenkins.come_up()
        stage.clock.move(seconds=STARTING)
        stage.build = stage.jenkins.build(STAGING)
        asked = stage.build.wait_paused()
        assert (stage.build.number, asked.id != stage.asked.id) == (1, True)
        for _ in range(3):
            stage.agent.round()
            stage.clock.move(seconds=5)
        assert (stage.proceeds, stage.build.building) == (0, True), "the new build took the old one's confirmation"
        stage.counted = False
        stage.play(lambda: resumed(stage))
        assert stage.shown()[0].startswith("Withdrawn")
        assert (stage.proceeds, len(stage.bodies)) == (1, 1)
