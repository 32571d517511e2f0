"""Tokens change on disk while the agent runs: one that its service does not take changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from builders import policy
from clock import Clock
from fakes import desk
from jenkins_mfa import token_takeover
from jenkins_mfa.config import SlackConfig, SourceConfig
from jenkins_mfa.core.consumers import Consumer, Consumers, digest, of_secret
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.errors import MessengerError
from jenkins_mfa.secret_files import Secret, read
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.simulators.slack_model import Token
from jenkins_mfa.slack import check
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.app import SlackApp, web_client
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.takeover import AGAIN, Takeover
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.rules import Rules
from memory_store import MemoryStore

OLD, NEW, WRONG = "old-token-of-the-agent", "new-token-of-the-agent", "wrong-token-of-the-agent"


@dataclass
class Place:
    """Files, and a desk that the takeovers tell."""

    folder: Path
    store: MemoryStore = field(default_factory=lambda: MemoryStore(Clock()))
    seconds: float = 0.0

    @property
    def desk(self) -> Desk:
        return desk(self.store)

    def write(self, name: str, secret: str) -> Secret:
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(f"{secret}\n")
        return read(file)

    def look(self, at: Takeover, times: int = 2) -> None:
        at.clock = lambda: self.seconds
        for _ in range(times):
            at.look()

    @property
    def alerts(self) -> list[str]:
        return [alert.values["problem"] for alert in self.store.waiting_alerts]

    @property
    def taken(self) -> list[str]:
        return [str(one.entry.details["target"]) for one in self.store.trail if one.entry.event == "secret:loaded"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def controller() -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator() as found:
        yield found


@pytest.fixture
def jenkins(controller: JenkinsSimulator) -> JenkinsSimulator:
    """Knows the old token of our account."""
    controller.users["mfa-agent"].token = OLD
    return controller


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as found:
        yield found


class Source:
    """The token of our account in Jenkins, as it is taken over."""

    def __init__(self, place: Place, jenkins: JenkinsSimulator, url: str = "") -> None:
        token = place.write("jenkins.token", OLD)
        address = url or f"{jenkins.url}/"
        self.client = Client(address, "mfa-agent", OLD)
        config = SourceConfig("main", "jenkins", address, address, "mfa-agent", token, 1.0, "")
        self.takeover = token_takeover.source(config, self.client, place.desk)
        place.look(self.takeover)

    def works(self) -> bool:
        return b"mfa-agent" in self.client.get("whoAmI/", "name").body


def test_a_new_token_that_jenkins_takes_is_taken_over(place: Place, jenkins: JenkinsSimulator) -> None:
    """From the next request on, also on a connection that was there before; the trail has it, without the token."""
    source = Source(place, jenkins)
    assert source.works()
    jenkins.users["mfa-agent"].token = NEW
    place.write("jenkins.token", NEW)
    place.look(source.takeover)
    assert source.works()
    assert (place.taken, place.alerts, source.takeover.problem) == (["the token of source main"], [], "")


def test_s16_a_wrong_token_keeps_the_old_one_and_is_told_without_it(place: Place, jenkins: JenkinsSimulator) -> None:
    """S12, S16: ops are told once, and neither they, the log nor the trail read the token."""
    with capture_logs() as logs:
        source = Source(place, jenkins)
        place.write("jenkins.token", WRONG)
        place.look(source.takeover, 5)
        assert source.works()
    (problem,) = place.alerts
    assert "401" in problem
    assert place.taken == []
    kept = f"{place.store.__dict__} {logs} {source.takeover!r}"
    assert not [token for token in (OLD, WRONG) if token in kept]


def test_what_jenkins_did_not_take_is_tried_again(place: Place, jenkins: JenkinsSimulator) -> None:
    """The token was written before Jenkins knew it, or while it was away: nobody has to touch the file."""
    source = Source(place, jenkins)
    place.write("jenkins.token", NEW)
    place.look(source.takeover)
    jenkins.users["mfa-agent"].token = NEW
    place.look(source.takeover, 3)
    assert source.client.token == OLD
    place.seconds += AGAIN
    place.look(source.takeover)
    assert (source.client.token, len(place.alerts), source.takeover.problem) == (NEW, 1, "")


def test_a_token_that_jenkins_knows_under_another_name_is_not_taken(
    place: Place, jenkins: JenkinsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may answer a login of another spelling; then no input of ours would be for us."""
    source = Source(place, jenkins)
    jenkins.users["mfa-agent"].token = NEW
    monkeypatch.setattr(jenkins.users["mfa-agent"], "id", "MFA-agent")
    place.write("jenkins.token", NEW)
    place.look(source.takeover)
    assert source.client.token == OLD
    assert "not as" in place.alerts[0]


@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 5000])
def test_a_file_that_holds_no_token_changes_nothing(place: Place, jenkins: JenkinsSimulator, text: str) -> None:
    """Nor does one that others can read (S16)."""
    source, file = Source(place, jenkins), place.folder / "jenkins.token"
    file.write_text(text)
    place.look(source.takeover)
    place.store.clock.move(seconds=1)
    file.write_text(NEW)
    file.chmod(0o644)
    place.look(source.takeover)
    assert source.client.token == OLD
    assert "chmod 600" in place.alerts[1]


class Workspace:
    """Slack's two tokens, as they are taken over."""

    def __init__(self, place: Place, slack: SlackSimulator) -> None:
        self.slack = slack
        client = web_client(slack.bot_token, slack.base_url)
        rules = Rules(policy(), Roster({}), f"slack:{slack.workspace.team}")
        team = slack.workspace.team
        self.messenger = SlackMessenger(client, rules, team, "C1", "C2", Accounts(client, team))
        self.app = SlackApp(client, slack.app_token, slack.base_url)
        tokens = place.write("bot.token", slack.bot_token), place.write("app.token", slack.app_token)
        config = SlackConfig(*tokens, team, "C1", "C2", slack.base_url)
        self.bot = token_takeover.bot(config, self.messenger, self.app, place.desk)
        self.opens = token_takeover.app(config, self.app, place.desk)
        for one in (self.bot, self.opens):
            place.look(one)

    def issue(self, kind: str, token: str) -> None:
        """A further token of the same app, with the same scopes."""
        known = self.slack.workspace.tokens[self.slack.bot_token if kind == "bot" else self.slack.app_token]
        self.slack.workspace.tokens[token] = Token(known.kind, known.scopes)


def test_slack_s_tokens_are_taken_over_and_the_old_ones_may_be_revoked(place: Place, slack: SlackSimulator) -> None:
    """Calls have the new one, whoever makes them; a connection that is opened anew has it, too."""
    at = Workspace(place, slack)
    at.app.connect()
    for kind, takeover in (("bot", at.bot), ("app", at.opens)):
        at.issue(kind, f"x{kind}-2")
        place.write(f"{kind}.token", f"x{kind}-2")
        place.look(takeover)
    slack.revoke(slack.bot_token)
    slack.revoke(slack.app_token)
    assert check.call(at.messenger.client.auth_test)["ok"]
    before = len(slack.calls("apps.connections.open"))
    slack.refresh_sockets()
    slack.wait_for(lambda s: len(s.calls("apps.connections.open")) >= before + 2 and s.connections == 2, 20)
    assert {call.answer.get("ok") for call in slack.calls("apps.connections.open")[before:]} == {True}
    assert place.taken == ["Slack's bot token", "Slack's app-level token"]
    at.app.close()


@pytest.mark.parametrize(("kind", "token"), [("bot", "xoxb-unknown"), ("app", "xapp-unknown"), ("app", "xbot-1")])
def test_a_token_that_slack_does_not_take_changes_nothing(
    place: Place, slack: SlackSimulator, kind: str, token: str
) -> None:
    """Unknown, or of the other kind."""
    at = Workspace(place, slack)
    at.issue("bot", "xbot-1")
    place.write(f"{kind}.token", token)
    place.look(at.bot if kind == "bot" else at.opens)
    assert len(place.alerts) == 1
    assert (at.messenger.client.token, at.app.app_token) == (slack.bot_token, slack.app_token)


def test_a_bot_token_of_another_workspace_or_app_is_not_taken(place: Place, slack: SlackSimulator) -> None:
    """Whoever taps there would be heard by another agent, or by nobody."""
    at = Workspace(place, slack)
    with pytest.raises(MessengerError, match="workspace T01EXAMPLE, not T99"):
        check.accepted(web_client(slack.bot_token, slack.base_url), "T99", at.messenger.client)
    with SlackSimulator() as other:
        other.workspace.bot_user = other.add_user("UOTHER", "Other").id
        with pytest.raises(MessengerError, match="another app"):
            check.accepted(web_client(other.bot_token, other.base_url), slack.workspace.team, at.messenger.client)
        slack.revoke(slack.bot_token)
        check.accepted(web_client(other.bot_token, other.base_url), slack.workspace.team, at.messenger.client)


def consumer(name: str, secret: str) -> Consumer:
    return Consumer(name, digest(secret), ("main",), Globs(("*",)), ("production",))


def test_a_consumer_s_secret_is_taken_over(place: Place) -> None:
    """The new one is theirs, the old one is nobody's; one that is too short, or another's, changes nothing."""
    old, new, other = "o" * 32, "n" * 32, "p" * 32
    files = {name: place.write(f"{name}.secret", secret).file for name, secret in (("prod", old), ("edge", other))}
    held = Consumers((consumer("prod", old), consumer("edge", other)))
    takeover = token_takeover.consumers(held, files, place.desk)
    place.look(takeover)
    for wrong, why in (("short", "5 characters"), (other, "another consumer")):
        place.write("prod.secret", wrong)
        place.look(takeover)
        assert why in place.alerts[-1]
        assert of_secret(held.now, old) == held.now[0]
    place.write("prod.secret", new)
    place.look(takeover)
    assert (of_secret(held.now, new), of_secret(held.now, old)) == (held.now[0], None)
    assert [one.entry.details["named"] for one in place.store.trail] == ["prod"]
