"""[slack] of config.toml → the workspace, and the bot's tokens there."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.http_url import http_url
from jenkins_mfa.secret_files import Secret
from jenkins_mfa.secret_reader import SecretReader
from jenkins_mfa.toml_table import Table

SLACK_API = "https://slack.com/api/"  #: Slack's own address


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """[slack]: tokens, the workspace's id, where to ask by default, where ops read."""

    bot_token: Secret
    app_token: Secret
    team: str
    channel: str
    ops_channel: str
    api_url: str


def slack(table: Table, secrets: SecretReader) -> SlackConfig:
    """The settings; problems are noted."""
    found = SlackConfig(
        bot_token=secrets.read(table, "bot_token_file"),
        app_token=secrets.read(table, "app_token_file"),
        team=table.text("team", pattern=r"[TE][A-Z0-9]{2,20}", allowed="a workspace id such as T0123ABCD"),
        channel=table.text("channel", pattern=r"[CG][A-Z0-9]{2,20}", allowed="a channel id such as C0123ABCD"),
        ops_channel=table.text("ops_channel", pattern=r"[CG][A-Z0-9]{2,20}", allowed="a channel id such as C0123ABCD"),
        api_url=http_url(table, "api_url", SLACK_API),
    )
    table.done()
    return found
