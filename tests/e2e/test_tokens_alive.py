"""Every token is changed under a running agent, and the old ones are revoked: nothing is restarted, nothing is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack_model import Token
from waiting import until

NEW = {"jenkins.token": "11new-jenkins-token", "slack-bot.token": "xoxb-new-token", "slack-app.token": "xapp-new-token"}


def test_all_tokens_change_while_the_agent_runs() -> None:
    """A build that paused before is answered after; a wrong token is a finding of `check` until it is mended."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world:
        player, slack, log = Player(world), world.slack, world.directory / "agent.log"
        build, message = player.pause(STAGING)
        (world.directory / "jenkins.token").write_text("wrong-token\n")
        until(lambda: "not taken over" in log.read_text())
        until(lambda: "the token of source main" in run("check", config=world.config_path).stdout)
        known = slack.workspace.tokens
        known[NEW["slack-bot.token"]] = Token("bot", known[slack.bot_token].scopes)
        known[NEW["slack-app.token"]] = Token("app", known[slack.app_token].scopes)
        world.jenkins.users["mfa-agent"].token = NEW["jenkins.token"]
        for name, token in NEW.items():
            (world.directory / name).write_text(f"{token}\n")
        until(lambda: log.read_text().count('"event": "taken over"') >= len(NEW))
        slack.revoke(slack.bot_token)
        slack.revoke(slack.app_token)
        opened = len(slack.calls("apps.connections.open"))
        slack.refresh_sockets()
        slack.wait_for(lambda s: len(s.calls("apps.connections.open")) >= opened + 2 and s.connections == 2, 30)
        player.tap(ALICE, message, confirm=True)
        player.finished(build, "SUCCESS")
        done = run("audit", "search", "--since", "1d", config=world.config_path)
        kept = f"{done.stdout}{log.read_text()}{slack.messages(files.OPS)}"
        assert kept.count("took over") >= len(NEW)
        assert not [token for token in (*NEW.values(), "wrong-token", slack.bot_token) if token in kept]
