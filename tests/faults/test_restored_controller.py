"""A controller that was restored from a backup: settled inputs wait again, and build numbers come again."""

from __future__ import annotations

from pathlib import Path

from fault_stage import Stage, staged

from jenkins_mfa.simulators.jenkins_samples import STAGING
from store_server import Server

STARTING = 30  #: seconds after which a controller that has started is believed
APPROVER = "ApproverAction"


def resumed(stage: Stage) -> bool:
    """The build went on, and people read so."""
    return not stage.build.building and stage.shown()[-1:] == [f"Approved, resumed: “{STAGING}” #1"]


def test_a_settled_input_that_waits_again_is_not_answered_by_the_old_confirmation(
    server: Server, short_path: Path
) -> None:
    """A confirmation never serves a second delivery: the input stays paused, and its gate as it ended."""
    with staged(short_path, server) as stage:
        stage.play(lambda: resumed(stage))
        before = stage.events()
        stage.jenkins.go_down()
        stage.build.actions = [one for one in stage.build.actions if callable(one) or APPROVER not in str(one)]
        stage.build.bring_back(stage.asked)
        stage.jenkins.come_up()
        stage.clock.move(seconds=STARTING)
        for _ in range(10):
            stage.round()
        assert stage.build.building
        assert (stage.proceeds, stage.events()) == (1, before)


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
