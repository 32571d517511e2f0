"""A case for the policy, described by options: facts, claims and history that no build has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, TypeVar

import click

from jenkins_mfa.config import Config
from jenkins_mfa.core.model import Claims, Factor, Facts, History, Trigger
from jenkins_mfa.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])


class Pair(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two halves."""
        name, equals, text = str(value).partition("=")
        if not name or not equals:
            self.fail(f'"{value}" is not NAME=VALUE', param, ctx)
        return name, text


class Moment(click.ParamType[int]):
    """ISO 8601 with an offset, as ms UTC."""

    name = "MOMENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The moment."""
        found = None
        with suppress(ValueError):
            found = datetime.fromisoformat(str(value))
        if found is None or found.tzinfo is None or not 2000 <= found.year < 2100:
            self.fail(f'"{value}" is no moment; allowed: such as 2026-12-24T10:00:00Z', param, ctx)
        return int(found.timestamp() * 1000)


_TEXT: dict[str, Any] = {"metavar": "TEXT", "default": ""}
_SEVERAL: dict[str, Any] = {"multiple": True}

_OPTIONS = (
    click.option("--pipeline", **_TEXT, help="Full name of the job."),
    click.option("--source", **_TEXT, help="Default: the first of the configuration."),
    click.option("--branch", **_TEXT, help="What Jenkins recorded. Default: not known."),
    click.option("--environment", **_TEXT, help="Claimed. Default: as the policy declares; else unnamed."),
    click.option("--action", **_TEXT, help="Claimed. Default: deploy."),
    click.option("--subject", **_TEXT, help="Claimed."),
    click.option("--detail", "details", type=Pair(), **_SEVERAL, help="Claimed; may be repeated."),
    click.option("--variable", "variables", type=Pair(), **_SEVERAL, help="Claimed; may be repeated."),
    click.option("--factor", type=click.Choice([one.value for one in Factor]), help="What the Jenkinsfile asks for."),
    click.option("--quorum", type=click.IntRange(1, 10), help="What the Jenkinsfile asks for."),
    click.option("--timeout-minutes", type=click.IntRange(1, 1440), help="What the Jenkinsfile asks for."),
    click.option("--requester", "requesters", metavar="NAME", **_SEVERAL, help="Roster id; or another login: unknown."),
    click.option("--trigger", "triggers", type=click.Choice([one.value for one in Trigger]), **_SEVERAL),
    click.option("--replayed", is_flag=True, help="The same as a trigger replay."),
    click.option("--upstream", metavar="JOB", **_SEVERAL, help="A job that led to it; may be repeated."),
    click.option("--author", "authors", metavar="NAME", **_SEVERAL, help="Of a commit; as --requester."),
    click.option("--path", "paths", **_SEVERAL, help="Changed; may be repeated. Without any: not known."),
    click.option("--param", "parameters", type=Pair(), **_SEVERAL, help="May be repeated."),
    click.option("--library", "libraries", metavar="NAME@VERSION", **_SEVERAL, help="May be repeated."),
    click.option("--changed-parameter", "changed_parameters", metavar="NAME", **_SEVERAL, help="Since the last gate."),
    click.option("--changed-variable", "changed_variables", metavar="NAME", **_SEVERAL, help="Since the last gate."),
    click.option("--first-run", type=click.Choice(["pipeline", "branch"]), help="Nothing of it was let through yet."),
    click.option("--earlier", type=click.IntRange(0, 1000), default=0, help="Gates of the job within the last minute."),
    click.option("--plain-input", metavar="ID", default="", help="An input step that is not mfaGate."),
    click.option("--at", type=Moment(), help="ISO 8601 with offset. Default: now."),
)


def case_options(command: F) -> F:
    """All options that describe a case."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Case:
    """What the options say."""

    pipeline: str
    source: str
    branch: str
    environment: str
    action: str
    subject: str
    details: tuple[tuple[str, str], ...]
    variables: tuple[tuple[str, str], ...]
    factor: str | None
    quorum: int | None
    timeout_minutes: int | None
    requesters: tuple[str, ...]
    triggers: tuple[str, ...]
    replayed: bool
    upstream: tuple[str, ...]
    authors: tuple[str, ...]
    paths: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    libraries: tuple[str, ...]
    changed_parameters: tuple[str, ...]
    changed_variables: tuple[str, ...]
    first_run: str | None
    earlier: int
    plain_input: str
    at: int | None

    @property
    def described(self) -> bool:
        """Whether there is a case at all."""
        return any(astuple(self))

    def scene(self, config: Config, now: int) -> tuple[Facts, Claims, History]:
        """What the policy is asked about."""
        known = [one.id for one in config.sources]
        if self.source and self.source not in known:
            raise click.BadParameter(f'no source "{self.source}"; known: {", ".join(known)}', param_hint="'--source'")
        given = Scenario(
            source=self.source or known[0],
            pipeline=self.pipeline,
            branch=self.branch,
            requesters=self.requesters,
            triggers=self.triggers,
            replayed=self.replayed,
            authors=self.authors,
            paths=self.paths or None,
            upstream=self.upstream,
            parameters=self.parameters,
            libraries=self.libraries,
            plain=self.plain_input,
            environment=self.environment,
            action=self.action,
            subject=self.subject,
            details=self.details,
            variables=self.variables,
            factor=self.factor,
            quorum=self.quorum,
            ttl=60 * self.timeout_minutes if self.timeout_minutes else None,
            at=now if self.at is None else self.at,
            earlier=(self.earlier, 0),
            first_run=self.first_run or "",
            changed_parameters=self.changed_parameters,
            changed_variables=self.changed_variables,
        )
        return given.asked(config.policy, config.roster)
