"""Configuration → adapters: what the agent, the commands and the demo put together in the same way."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from jenkins_mfa import __version__
from jenkins_mfa.archive import database
from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.archive.copies import Copies
from jenkins_mfa.archive.forms import forms
from jenkins_mfa.archive.syslog import Syslog
from jenkins_mfa.archive.webhook import Webhook
from jenkins_mfa.audit_config import AuditConfig
from jenkins_mfa.config import Config, SourceConfig
from jenkins_mfa.console_books import books
from jenkins_mfa.core.consumers import Consumers
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import Commit, Gate, State
from jenkins_mfa.destination_config import DestinationConfig
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.health import Health
from jenkins_mfa.roster_file import WRITER
from jenkins_mfa.security_keys.attestation import Models, roots_of
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.app import web_client
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.trail_keeper import Keeper
from jenkins_mfa.usecases.checkpoints import Checkpointer
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.export import Exporter, Keep
from jenkins_mfa.usecases.forward import Forwarder, Older
from jenkins_mfa.usecases.ports import Source
from jenkins_mfa.usecases.rehearsal import Rehearsals
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.spans import Spans
from jenkins_mfa.web.app import application
from jenkins_mfa.web.server import WebServer
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.site import Site
from jenkins_mfa.webhook.messenger import WebhookMessenger
from jenkins_mfa.words.run_line import run_line

if TYPE_CHECKING:
    from jenkins_mfa.tracing.otel import OtelSpans

log = structlog.get_logger()


class SystemRandomness:
    """Randomness from the operating system."""

    def hex(self, size: int) -> str:
        """`size` bytes in hexadecimal."""
        return secrets.token_hex(size)

    def bytes(self, size: int) -> bytes:
        """`size` bytes."""
        return secrets.token_bytes(size)


def client_of(source: SourceConfig) -> Client:
    """The wire to one source."""
    return Client(source.url, source.user, source.token.reveal(), source.tls)


def sources_of(config: Config, rules: Rules) -> dict[str, Source]:
    """One adapter for each [[sources]] table."""

    def finder(issuer: str) -> Callable[[str], str | None]:
        def who(subject: str) -> str | None:
            person = rules.roster.find(issuer, subject)
            return person.id if person else None

        return who

    by_address = finder(WRITER)
    made: dict[str, Source] = {}
    for source in config.sources:
        client = client_of(source)
        who, now = finder(f"{source.kind}:{source.id}"), lambda: int(time.time() * 1000)
        found = JenkinsSource(source.id, source.public_url, client, who, by_address, now, source.other_agents)
        made[source.id] = found
    return made


def rehearsals_of(config: Config, store: RedisStore, keys: Keys) -> dict[str, Source]:
    """For each source the one that its tests are of: whichever agent delivers their answers needs it."""
    made = [Rehearsals(source.id, store, keys) for source in config.sources]
    return {one.id: one for one in made}


def messenger_of(config: Config) -> SlackMessenger:
    """The Slack adapter."""
    slack = config.slack
    client = web_client(slack.bot_token.reveal(), slack.api_url)
    return SlackMessenger(
        client=client,
        rules=Rules(config.policy, config.roster, f"slack:{slack.team}"),
        team=slack.team,
        default_channel=slack.channel,
        ops_channel=slack.ops_channel,
        accounts=Accounts(client, slack.team),
    )


def announcer_of(config: Config, rules: Rules) -> WebhookMessenger | None:
    """Who hears of gates beside people; None where there is no [webhook]."""
    return WebhookMessenger(config.webhook, rules) if config.webhook else None


def checkpoints_of(config: Config, keys: Keys) -> CheckpointFile | None:
    """The file of checkpoints; None where there is no key for them yet."""
    if keys.checkpoints is None:
        return None
    return CheckpointFile(config.audit.checkpoint_file, keys.checkpoints, config.installation)


@contextmanager
def keepers_of(config: Config, desk: Desk) -> Generator[list[Keeper]]:
    """What keeps the trail outside the store, and gets the copies' word about it. Raises ConfigError, ArchiveError."""
    checkpoints, settings = checkpoints_of(config, desk.keys), config.audit
    if checkpoints is None:
        raise ConfigError([f"{config.keys.dir} holds no key for checkpoints; mend: jenkins-mfa keys generate"])
    checkpointer = Checkpointer(desk.store, checkpoints, desk.continuity, config.installation)
    with ExitStack() as stack:
        found = [Keeper("trail", desk, lambda final: checkpointer.step(final=final))]
        if settings.export_dir is not None:
            copies = stack.enter_context(closing(Copies(settings.export_dir)))
            keep = Keep(settings.keep_days, settings.keep_events)
            exporter = Exporter(desk.store, copies, checkpoints, desk.continuity, config.installation, keep)
            exporter.begin()
            found.append(Keeper("export", desk, lambda _: exporter.step()))
        yield [*found, *forwarders_of(settings, desk, stack)]


def forwarders_of(settings: AuditConfig, desk: Desk, stack: ExitStack) -> Iterator[Keeper]:
    """What sends the trail elsewhere, one for each destination."""
    holder, folder = secrets.token_hex(4), settings.export_dir
    older: Older = partial(database.after, folder / database.NAME) if folder else lambda _place, _count: []
    for one in settings.destinations:
        destination = stack.enter_context(closing(destination_of(one)))
        forwarder = Forwarder(desk.store, one.name, destination, desk.continuity, older, holder)
        yield Keeper(f"forward:{one.name}", desk, partial(_stepped, forwarder))


def destination_of(one: DestinationConfig) -> Syslog | Webhook:
    """The adapter for its address."""
    form = forms(__version__)[one.form]
    if one.syslog is not None:
        return Syslog(*one.syslog, one.tls, form)
    return Webhook(one.url, one.secret_file or Path(), one.tls, form)


def _stepped(forwarder: Forwarder, _final: bool) -> str:
    return forwarder.step()


def desk_of(config: Config, store: RedisStore, keys: Keys, messenger: SlackMessenger) -> Desk:
    """Everything that the use cases need."""

    def line(gate: Gate) -> str:
        channels = messenger.asked_in(gate) if gate.state is State.PENDING else ()
        return run_line(gate, messenger.roster, channels)

    return Desk(
        store=store,
        continuity=Continuity(store, checkpoints_of(config, keys)),
        messenger=messenger,
        sources=sources_of(config, messenger.rules),
        rules=messenger.rules,
        keys=keys,
        randomness=SystemRandomness(),
        line=line,
        libraries={source.id: source.library for source in config.sources},
        approval_ttl=config.limits.approval_ttl,
        announcer=announcer_of(config, messenger.rules),
        asks_per_requester=config.limits.asks_per_requester,
        rehearsals=rehearsals_of(config, store, keys),
    )


def models_of(settings: Settings, desk: Desk) -> Callable[[], Models | None]:
    """The models of keys that the policy in force takes, with the roots that stood in their file at the start."""
    roots = roots_of(settings.model_roots.read_bytes()) if settings.model_roots else ()

    def models() -> Models | None:
        wanted = desk.policy.key_models
        return Models(wanted, roots) if wanted else None

    return models


def web_of(config: Config, desk: Desk, consumers: Consumers, health: Health) -> WebServer | None:
    """The pages' server; None where there are none. `consumers` may be renewed while it serves."""
    if config.web is None:
        return None
    name, models = f"jenkins-mfa {config.installation}", models_of(config.web, desk)
    keys = WebAuthnKeys(config.web.party, name, models)
    site = Site(desk, config.web, keys, health, consumers)
    shown = (config.console, books(desk, config.rules.policy)) if config.console else None
    return WebServer(application(site, shown), config.web, site.waiters)


@contextmanager
def tracer_of(config: Config) -> Generator[OtelSpans | None]:
    """The tracer, for as long as the context lasts; None where nothing is measured."""
    if config.tracing is None:
        yield None
        return
    from jenkins_mfa.tracing.otel import OtelSpans, sender  # an extra: not there for everybody

    processor = sender(config.tracing.endpoint, config.tracing.tls)
    made = OtelSpans(processor, config.installation, __version__)
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def open_desk(
    config: Config,
    keys: Keys,
    messenger: SlackMessenger | None = None,
    noted: Iterable[Callable[[Commit], None]] = (),
    spans: Spans | None = None,
) -> Generator[Desk]:
    """Store, sources and messenger, connected as they are needed; all of `noted` hear of each commit."""
    hearers = tuple(noted)

    def heard(commit: Commit) -> None:
        for hearer in hearers:
            hearer(commit)

    with open_store(config.store, keys.mac_key, heard) as (store, promise):
        log.info("store open", promise=promise.promise)
        made = desk_of(config, store, keys, messenger or messenger_of(config))
        yield replace(made, spans=spans) if spans else made
