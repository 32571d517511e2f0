"""`policy test`: the cases beside a policy, each with what it expects; for people, for programs, for a CI system."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import click

from jenkins_mfa.cli.base import FINDING, json_option, print_json
from jenkins_mfa.cli.report import count
from jenkins_mfa.core.policy import Policy, Roster, evaluate
from jenkins_mfa.core.policy.expect import differences
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.policy_cases import FOLDER, Case, read_cases
from jenkins_mfa.policy_file import read_policy
from jenkins_mfa.roster_file import WRITER, read_roster
from jenkins_mfa.words.cases import difference

MAX_TTL = 86400  #: seconds: the most that any configuration allows
ANY_ISSUER = {"slack:", "jenkins:", WRITER}

#: What XML has no way to write.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case, and in words where the policy asks for something else; empty where it is right."""

    case: Case
    differs: tuple[str, ...]


@click.command(name="test", epilog="Example: jenkins-mfa policy test /etc/jenkins-mfa --junit policy.xml")
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the outcome as JUnit XML to this file."
)
@json_option
def policy_test(directory: Path, junit: Path | None, as_json: bool) -> None:
    """Run the cases in DIRECTORY/policy_tests/*.toml on DIRECTORY/policy.toml with DIRECTORY/roster.toml.

    Neither config.toml nor a secret is read. Exit 1 when the policy asks for something else than a case expects, 2 when
    a file cannot be used.
    """
    outcomes = run_cases(directory)
    if junit is not None:
        _write(junit, outcomes)
    if as_json:
        _as_json(outcomes)
    else:
        _as_text(outcomes)
    sys.exit(FINDING if any(outcome.differs for outcome in outcomes) else 0)


def run_cases(directory: Path) -> list[Outcome]:
    """Every case with its outcome. Raises ConfigError with what is wrong with the files."""
    policy, roster = _load(directory)
    found = []
    for case in read_cases(directory / FOLDER, policy, roster):
        requirement = evaluate(policy, roster, case.facts, case.claims, case.history)
        found.append(Outcome(case, tuple(map(difference, differences(case.expected, requirement)))))
    return found


def _load(directory: Path) -> tuple[Policy, Roster]:
    roster, problems = read_roster(directory / "roster.toml", ANY_ISSUER)
    policy, more = read_policy(
        directory / "policy.toml", None if problems else roster, {""}, MAX_TTL, keys=True, roots=True
    )
    if problems or more:
        raise ConfigError([*problems, *more])
    return policy, roster


def _as_text(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        click.echo(f"{'finding' if outcome.differs else 'right':<8} {outcome.case.file}: {outcome.case.name}")
        for text in outcome.differs:
            click.echo(f"{'':<8}   {text}")
    wrong = sum(bool(outcome.differs) for outcome in outcomes)
    click.echo(f"{count(len(outcomes), 'case')}, {count(wrong, 'finding') if wrong else 'all right'}.")


def _as_json(outcomes: list[Outcome]) -> None:
    rows = [{"file": o.case.file, "name": o.case.name, "ok": not o.differs, "differs": o.differs} for o in outcomes]
    print_json({"ok": all(row["ok"] for row in rows), "cases": rows})


def _write(path: Path, outcomes: list[Outcome]) -> None:
    """One suite for each file, as CI systems read it. Raises ConfigError where the file cannot be written."""
    root = ElementTree.Element("testsuites", {"name": "policy"} | _sums(outcomes))
    for file in dict.fromkeys(outcome.case.file for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.case.file == file]
        suite = ElementTree.SubElement(root, "testsuite", {"name": _legal(file)} | _sums(own))
        for outcome in own:
            shown = ElementTree.SubElement(
                suite, "testcase", classname=f"policy.{_legal(Path(file).stem)}", name=_legal(outcome.case.name)
            )
            if outcome.differs:
                failure = ElementTree.SubElement(shown, "failure", message=_legal(outcome.differs[0]))
                failure.text = _legal("\n".join(outcome.differs))
    ElementTree.indent(root)
    try:
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise ConfigError([f"{path} cannot be written: {error.strerror}"]) from error


def _sums(outcomes: list[Outcome]) -> dict[str, str]:
    failures = sum(bool(outcome.differs) for outcome in outcomes)
    return {"tests": str(len(outcomes)), "failures": str(failures), "errors": "0"}


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
