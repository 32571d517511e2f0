"""Tokens of others, taken over from their files while the agent runs: only one that its owner's service takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from jenkins_mfa import secret_files
from jenkins_mfa.config import Config, SlackConfig, SourceConfig
from jenkins_mfa.consumer_config import renewed
from jenkins_mfa.core.consumers import Consumers
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import SlackApp, web_client
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.sources.jenkins import check as jenkins_check
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.store.connect import accepted
from jenkins_mfa.store.settings import Password, Settings
from jenkins_mfa.store_config import PASSWORD, SENTINELS
from jenkins_mfa.takeover import Fresh, Takeover
from jenkins_mfa.usecases.desk import Desk

CODE = "token_refused"  #: what ops are told of one that is not taken


def all_of(config: Config, desk: Desk, messenger: SlackMessenger, running: SlackApp, held: Consumers) -> list[Takeover]:
    """Every token and secret of the configuration."""
    found = []
    for one in config.sources:
        adapter = desk.sources[one.id]
        if isinstance(adapter, JenkinsSource):
            found.append(source(one, adapter.client, desk))
    found += store(config.store, config.store_files, desk)
    found += [bot(config.slack, messenger, running, desk), app(config.slack, running, desk)]
    return [*found, consumers(held, config.consumer_files, desk)] if held.now else found


def source(config: SourceConfig, client: Client, desk: Desk) -> Takeover:
    """The API token of our account in a source."""

    def judge(token: str) -> None:
        jenkins_check.accepted(Client(config.url, config.user, token, config.tls))

    def hold(token: str) -> None:
        client.token = token

    return _token(f"the token of source {config.id}", config.token.file, lambda: client.token, judge, hold, desk)


def store(settings: Settings, files: Mapping[str, Path], desk: Desk) -> list[Takeover]:
    """The passwords of the store's user and of its sentinels. Connections that are open stay."""

    def one(name: str, held: Password, file: Path, asked: Callable[[Password], Settings]) -> Takeover:
        def judge(password: str) -> None:
            accepted(asked(Password(password, held.user)))

        def hold(password: str) -> None:
            held.value = password

        return _token(name, file, lambda: held.value, judge, hold, desk)

    found = []
    if settings.password is not None:
        told = "the store's password"
        found.append(one(told, settings.password, files[PASSWORD], lambda new: replace(settings, password=new)))
    if settings.sentinels is not None:
        told = "the sentinels' password"
        found.append(one(told, settings.sentinels, files[SENTINELS], lambda new: replace(settings, sentinels=new)))
    return found


def bot(config: SlackConfig, messenger: SlackMessenger, app: SlackApp, desk: Desk) -> Takeover:
    """Slack's bot token."""

    def judge(token: str) -> None:
        slack_check.accepted(web_client(token, config.api_url), config.team, messenger.client)

    def hold(token: str) -> None:
        messenger.client.token = token
        app.renew_bot(token)

    def held() -> str:
        return str(messenger.client.token)

    return _token("Slack's bot token", config.bot_token.file, held, judge, hold, desk)


def app(config: SlackConfig, running: SlackApp, desk: Desk) -> Takeover:
    """Slack's app-level token."""

    def judge(token: str) -> None:
        slack_check.opens(web_client(token, config.api_url))

    return _token(
        "Slack's app-level token", config.app_token.file, lambda: running.app_token, judge, running.renew, desk
    )


def consumers(held: Consumers, files: Mapping[str, Path], desk: Desk) -> Takeover:
    """The secrets of those who redeem receipts: nobody but they could say whether they are right."""

    def judge() -> Fresh | None:
        found = renewed(held.now, files)
        changed = [one.name for one, old in zip(found, held.now, strict=True) if one != old]

        def hold() -> None:
            held.now = found

        return Fresh(hold, {"named": ", ".join(changed)}) if changed else None

    return Takeover("the secrets of consumers", CODE, files.values, judge, desk)


def _token(
    name: str,
    file: Path,
    held: Callable[[], str],
    judge: Callable[[str], None],
    hold: Callable[[str], None],
    desk: Desk,
) -> Takeover:
    """One token in a file. `judge` asks its service, and raises why it is not taken."""

    def judged() -> Fresh | None:
        token = secret_files.read(file).reveal()
        if token == held():
            return None
        judge(token)
        return Fresh(lambda: hold(token))

    return Takeover(name, CODE, lambda: [file], judged, desk)
