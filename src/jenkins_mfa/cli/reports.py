"""`report` and `report observe`: what became of the gates, and what rules on trial would have asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

import jenkins_mfa
from jenkins_mfa.cli import reviews
from jenkins_mfa.cli.base import USAGE, Commands, F, Failed, config_option
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.cli.span import Glob, Moment, When
from jenkins_mfa.cli.trails import Source, joined
from jenkins_mfa.core.chain import entry_of
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import ArchiveError, UntrustedInputError
from jenkins_mfa.reporting import document, observe_text, page, rows, text
from jenkins_mfa.reporting.counting import count
from jenkins_mfa.reporting.model import Report, Reviewed, Scope
from jenkins_mfa.reporting.observe import Watch
from jenkins_mfa.reporting.tally import HOLES, Tally
from jenkins_mfa.store.gates import RedisStore


def _options(command: F) -> F:
    """What both reports take."""
    for option in (
        click.option("--environment", default="", help="Only gates of this environment."),
        click.option("--pipeline", type=Glob(), help="Only pipelines that match; * crosses slashes."),
        click.option("--until", type=When(), help="Gates opened before that; the present if it is left out."),
        click.option(
            "--since", type=When(), default="30d", show_default=True, help="90m, 12h, 30d, 4w, or a date (UTC)."
        ),
        config_option,
    ):
        command = option(command)
    return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="Example: jenkins-mfa report --since 30d --format html --output report.html",
)
@_options
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, not to stdout.")
@click.pass_context
def report(
    ctx: click.Context,
    config_path: Path,
    since: Moment,
    until: Moment | None,
    pipeline: str | None,
    environment: str,
    form: str,
    output: Path | None,
) -> None:
    """What became of the gates: outcomes, times to decision, who answered. Hours and days are in UTC.

    csv has a line for each gate; the others tell each gate where --environment names one.
    """
    if ctx.invoked_subcommand:
        if any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ctx.params):
            raise click.UsageError(f"options stand after {ctx.invoked_subcommand}, not before it")
        return
    config = load(config_path)
    with store_of(config) as store:
        now = store.now()
        tally = Tally(_scope(since, until, pipeline, environment, now), each=bool(environment) or form == "csv")
        count(store.all_gates(), tally)
        reviewed = _reviews(store, tally)
        known = _holes(joined(store, config.audit.export_dir), tally)
    _write(_FORMS[form](tally.report(reviewed, trail=known), config.roster, now), output)


@report.command(
    short_help="What rules on trial would have asked.", epilog="Example: jenkins-mfa report observe --since 30d"
)
@_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, not to stdout.")
def observe(
    config_path: Path,
    since: Moment,
    until: Moment | None,
    pipeline: str | None,
    environment: str,
    form: str,
    output: Path | None,
) -> None:
    """What rules with mode = "observe" would have asked, of whom, with what, when; and the time to expect."""
    config = load(config_path)
    with store_of(config) as store:
        scope = _scope(since, until, pipeline, environment, store.now())
        watch = Watch(scope, [rule.name for rule in config.policy.rules if rule.observe])
        count(store.all_gates(), watch)
    found = watch.report()
    made = _json(document.observed(found)) if form == "json" else observe_text.text(found, config.roster)
    _write([made], output)


def _scope(since: Moment, until: Moment | None, pipeline: str | None, environment: str, now: int) -> Scope:
    first, last = since.ms(now), until.ms(now) if until else now + 1
    if first >= last:
        raise click.UsageError("--since must be before --until")
    return Scope(first, last, pipeline or "", environment)


def _reviews(store: RedisStore, tally: Tally) -> dict[str, Reviewed] | None:
    """Whose broken glass was reviewed, by `jti`; None where the trail cannot be read.

    The trail tells, not the list of open reviews: whoever writes the store could empty that, and all were reviewed.
    """
    try:
        found = {jti: reviews.signed(store.entries(jti)) for jti in tally.broken}
    except UntrustedInputError:
        return None
    return {
        jti: Reviewed(entry.actor, entry.at, str(entry.details.get("reason", "")))
        for jti, entry in found.items()
        if entry is not None
    }


def _holes(trail: Source, tally: Tally) -> bool:
    """What went past gates, from the trail and its copies; whether all of it could be read."""
    names = [f'"{name}"'.encode() for name in HOLES]
    try:
        for raw, _ in trail.pairs():
            if any(name in raw for name in names):
                tally.note(entry_of(raw))
    except (UntrustedInputError, ArchiveError):
        return False
    return True


def _json(found: dict[str, Any]) -> str:
    return json.dumps({"v": 1, **found}, ensure_ascii=False) + "\n"


#: Each as pieces of text: the lines of a CSV are many.
_FORMS: dict[str, Callable[[Report, Roster, int], Iterable[str]]] = {
    "text": lambda found, roster, _: [text.text(found, roster)],
    "json": lambda found, roster, _: [_json(document.document(found, roster))],
    "csv": lambda found, roster, _: rows.rows(found, roster),
    "html": lambda found, roster, now: [page.page(found, roster, now, jenkins_mfa.__version__)],
}


def _write(made: Iterable[str], output: Path | None) -> None:
    if output is None:
        for piece in made:
            click.echo(piece, nl=False)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(made)
    except OSError as error:
        said = f"{output} cannot be written: {error.strerror}."
        raise Failed(said, USAGE, "usage", mend="name another --output") from None
