"""`init`: the first files of an installation, and the shared library ready to be pushed."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from jenkins_mfa import config as configuration
from jenkins_mfa import first_files, key_files, key_index
from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import USAGE, Failed, config_option
from jenkins_mfa.cli.library import lay_out
from jenkins_mfa.cli.opened import load
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.first_files import Answers
from jenkins_mfa.shipped import shipped

F = TypeVar("F", bound=Callable[..., Any])

TEMPLATES = Path(first_files.__file__).parent / "data" / "setup"
TOMLS = ("config.toml", "policy.toml", "roster.toml")
MANIFEST, CASC = "slack-manifest.yaml", "jenkins-casc.yaml"
TOKENS = ("jenkins.token", "slack-bot.token", "slack-app.token")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know: a field of `Answers`, how it is asked, an answer that is right for any installation, and what
    it is where nobody says otherwise, from the answers so far.
    """

    field: str
    asks: str
    sample: str
    usual: Callable[[Mapping[str, str]], str] = lambda _: ""


QUESTIONS = (
    Question("installation", "Name of this installation; it stands in every receipt (a-z, 0-9, dash)", "main"),
    Question("jenkins_url", "Where the agent reaches Jenkins", "https://jenkins.example.com/"),
    Question(
        "public_url",
        '"Jenkins URL" in Jenkins\' own settings',
        "https://jenkins.example.com/",
        lambda known: known.get("jenkins_url", ""),
    ),
    Question("jenkins_user", "The agent's account in Jenkins", "mfa-agent", lambda _: "mfa-agent"),
    Question(
        "library_remote",
        "Git address of the shared library, as Jenkins reads it",
        "https://git.example.com/ops/jenkins-mfa-library.git",
        lambda _: "https://git.example.com/ops/jenkins-mfa-library.git",
    ),
    Question("slack_team", "Slack workspace's id (T…, in the address of Slack in a browser)", "T0123ABCD"),
    Question("slack_channel", "Id of the channel to ask in (C…, at the end of the channel's details)", "C0123ABCD"),
    Question("slack_ops_channel", "Id of the channel for alerts to ops", "C0123OPS"),
    Question("store_url", "Redis or Valkey", "redis://127.0.0.1:6379/0", lambda _: "redis://127.0.0.1:6379/0"),
    Question("person", "Your id in the roster (a-z, 0-9, dot, dash, underscore)", "alice"),
    Question("name", "Your name, as others read it", "Alice Wu"),
    Question("slack_user", "Your Slack member id (U…, in your profile)", "U0ALICE01"),
    Question("jenkins_login", "Your login in Jenkins", "alice", lambda known: known.get("person", "")),
    Question("operator", "Your login on the agent's machine", "alice", lambda _: seat.login()),
)


def _questions(command: F) -> F:
    for question in reversed(QUESTIONS):
        flag = f"--{question.field.replace('_', '-')}"
        command = click.option(flag, question.field, metavar="TEXT", help=question.asks + ".")(command)
    return command


@click.command(
    short_help="Write the first files, or lay out the library.",
    epilog="Example: jenkins-mfa init mfa-config, and later: jenkins-mfa init --library ../mfa-library",
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--overwrite", is_flag=True, help="Replace files that are there; they are kept beside as NAME.old.")
@click.option(
    "--library",
    type=click.Path(path_type=Path, file_okay=False),
    help="Lay out the shared library there instead, trusting the keys of --config; where it is laid out already, write "
    "its class Trust anew.",
)
@config_option
@_questions
def init(directory: Path, overwrite: bool, library: Path | None, config_path: Path, **given: str | None) -> None:
    """Ask what an installation needs to know, and write its files into DIRECTORY: configuration, policy, roster, keys,
    the Slack app's manifest, Jenkins' side as code, and empty files for the tokens.

    An answer can be given as an option; without a terminal all must be that have no usual value.
    """
    if library is not None:
        lay_out(library, load(config_path, with_secrets=False), overwrite=overwrite)
        return
    _refuse_to_overwrite(directory, overwrite=overwrite)
    answers = _ask({field: value for field, value in given.items() if value is not None})
    texts = _tried(answers)
    _write(directory, texts)
    _next(directory, texts[MANIFEST], answers)


def _refuse_to_overwrite(directory: Path, *, overwrite: bool) -> None:
    there = [name for name in (*TOMLS, MANIFEST, CASC) if (directory / name).exists()]
    if there and not overwrite:
        mend = "name another directory, or add --overwrite; tokens and keys are never replaced"
        raise Failed(f"There already: {', '.join(there)}. Nothing was written.", USAGE, "exists", mend=mend)


def _ask(given: Mapping[str, str]) -> Answers:
    """The answers: those given, those of a person at a terminal, the usual ones."""
    known = dict(given)
    missing = [q for q in QUESTIONS if q.field not in known and not (sys.stdin.isatty() or q.usual(known))]
    if missing:
        flags = ", ".join(f"--{question.field.replace('_', '-')}" for question in missing)
        raise Failed(f"Not said: {flags}. Nothing was written.", USAGE, "usage", mend="add them, or use a terminal")
    for question in QUESTIONS:
        if question.field in known:
            continue
        known[question.field] = _asked(question, known) if sys.stdin.isatty() else question.usual(known)
    return Answers(**known)


def _asked(question: Question, known: Mapping[str, str]) -> str:
    """The answer to one question; asked again while the files could not be read with it. Nobody has seen those yet:
    their places are left out.
    """
    samples = {one.field: one.sample for one in QUESTIONS}
    while True:
        value = str(click.prompt(question.asks, default=question.usual(known) or None, err=True)).strip()
        try:
            _tried(Answers(**(samples | {question.field: value})))
        except ConfigError as error:
            click.echo("\n".join(f"  {problem.partition(': ')[2]}" for problem in error.problems), err=True)
        else:
            return value


def _rendered(answers: Answers) -> dict[str, str]:
    """The text of each file."""
    texts = {name: first_files.toml(answers, (TEMPLATES / name).read_text()) for name in TOMLS}
    texts[MANIFEST] = first_files.manifest(answers, shipped(f"deploy/{MANIFEST}").read_text())
    texts[CASC] = first_files.casc(answers, shipped(f"deploy/{CASC}").read_text())
    return texts


def _tried(answers: Answers) -> dict[str, str]:
    """The text of each file, read as the agent will. Raises ConfigError."""
    texts = _rendered(answers)
    with tempfile.TemporaryDirectory(prefix="jenkins-mfa-") as folder:
        for name in TOMLS:
            (Path(folder) / name).write_text(texts[name])
        try:
            configuration.load(Path(folder) / "config.toml", with_secrets=False)
        except ConfigError as error:
            raise ConfigError([problem.replace(f"{folder}/", "") for problem in error.problems]) from None
    return texts


def _write(directory: Path, texts: Mapping[str, str]) -> None:
    """Write what is not there, and keep what is replaced."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in texts.items():
        path = directory / name
        if path.exists():
            path.replace(path.with_name(f"{name}.old"))
        path.write_text(text)
    for name in TOKENS:
        (directory / name).touch(mode=0o600)
    keys = configuration.load(directory / "config.toml", with_secrets=False).keys
    if not key_index.read(keys.dir):
        key_files.generate(keys, int(time.time()))


def _next(directory: Path, manifest: str, answers: Answers) -> None:
    config = directory / "config.toml"
    click.echo(
        f"""\
Written into {directory}: {", ".join((*TOMLS, MANIFEST, CASC))}, keys, and empty files for three tokens.
Back up keys, vault.key and hmac.key, apart from the store.

Next:
1. Slack. Open the address below, install the app, and put its bot token into slack-bot.token. Make an app-level token
   with connections:write and put it into slack-app.token. Invite the app to both channels.
   {first_files.new_app(manifest)}
2. Jenkins. Merge {CASC}, make an API token as {answers.jenkins_user} and put it into jenkins.token. Then lay out
   the library while the store runs, and push it to {answers.library_remote}:
   jenkins-mfa init --library ../mfa-library --config {config}
3. Say in policy.toml which jobs are production, enrol yourself, look whether all is well, and start the agent.
   The last line, in another terminal, plays one gate with you, without a build:
   export JENKINS_MFA_CONFIG={config.absolute()}
   jenkins-mfa enroll local {answers.person}
   jenkins-mfa check && jenkins-mfa run
   jenkins-mfa check --live --to {answers.person}"""
    )
