"""A case by options and the same case in a file: the policy is asked about the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from builders import ROSTER, environment, policy
from jenkins_mfa.cli.case import Case, case_options
from jenkins_mfa.core.model import Claims, Facts, History, Trigger
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.policy_cases import read_cases

RULES = policy(environments=(environment("production", "team/*"),))
CONFIG: Any = SimpleNamespace(policy=RULES, roster=ROSTER, sources=[SimpleNamespace(id="main")])
Asked = tuple[Facts, Claims, History]


def by_options(*options: str) -> Asked:
    """What `policy explain` asks about."""
    found: list[Asked] = []

    @click.command()
    @case_options
    def command(**given: Any) -> None:
        found.append(Case(**given).scene(CONFIG, 0))

    result = CliRunner().invoke(command, ["--pipeline", "team/app", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


def by_file(folder: Path, text: str) -> Asked:
    """What `policy test` asks about."""
    case = f'[[cases]]\nname = "x"\npipeline = "team/app"\n{text}\n[cases.expect]\npasses = true\n'
    (folder / "cases.toml").write_text(case, encoding="utf-8")
    (found,) = read_cases(folder, RULES, ROSTER)
    return found.facts, found.claims, found.history


DAN = 'requesters = ["dan"]'
PAIRS = [
    ("--requester dan", DAN),
    ("--requester dan --requester x", f'{DAN}\nunknown_requesters = ["x"]'),
    ("--requester dan --trigger schedule", f'{DAN}\ntrigger = "schedule"'),
    ("--requester dan --replayed --trigger schedule", f'{DAN}\ntrigger = "schedule"\nreplayed = true'),
    ("--requester dan --trigger person --trigger api", f'{DAN}\ntrigger = ["person", "api"]'),
    ("--replayed", "replayed = true"),
    ("--trigger scm --author alice --author x", 'trigger = "scm"\nauthors = ["alice"]\nunknown_authors = ["x"]'),
    ("--requester dan --path a --path b --branch main", f'{DAN}\npaths = ["a", "b"]\nbranch = "main"'),
    (
        "--requester dan --param A=b --library l@1 --upstream j",
        f'{DAN}\nparameters = {{A = "b"}}\nlibraries = ["l@1"]\nupstream = ["j"]',
    ),
    ("--requester dan --plain-input Go", f'{DAN}\nplain_input = "Go"'),
    (
        "--requester dan --environment e --action drop --subject s --detail a=b --variable c=d",
        f"""{DAN}
        claims.environment = "e"
        claims.action = "drop"
        claims.subject = "s"
        claims.details = {{a = "b"}}
        claims.variables = {{c = "d"}}""",
    ),
    (
        "--requester dan --factor totp --quorum 2 --timeout-minutes 5",
        f'{DAN}\nclaims = {{factor = "totp", quorum = 2, timeout_minutes = 5}}',
    ),
    (
        "--requester dan --at 2026-12-24T10:00:00Z --earlier 3 --first-run branch",
        f'{DAN}\nat = 2026-12-24T10:00:00Z\nearlier_gates = {{count = 3, minutes_ago = 0}}\nfirst_run = "branch"',
    ),
    (
        "--requester dan --changed-parameter A --changed-variable B",
        f'{DAN}\nchanged_parameters = ["A"]\nchanged_variables = ["B"]',
    ),
]


@pytest.mark.parametrize(("options", "text"), PAIRS, ids=[options for options, _ in PAIRS])
def test_options_and_files_mean_the_same(tmp_path: Path, options: str, text: str) -> None:
    """Whatever is said, and whatever is left out."""
    assert by_options(*options.split()) == by_file(tmp_path, text)


def test_what_is_left_out_is_claimed_as_the_policy_declares_it() -> None:
    """The declared environment, or one that no policy has; a deployment."""
    _, said, _ = by_options("--requester", "dan")
    assert (said.environment, said.action) == ("production", "deploy")
    _, said, _ = by_options("--pipeline", "other")
    assert said.environment == "unnamed"


def test_whoever_is_named_is_behind_it_whatever_started_it() -> None:
    """A schedule beside them takes nobody away."""
    found, _, _ = by_options("--requester", "dan", "--trigger", "schedule")
    assert [(one.trigger, one.person) for one in found.starters] == [
        (Trigger.SCHEDULE, None),
        (Trigger.PERSON, "dan"),
    ]


def test_nobody_is_both_known_and_unknown(tmp_path: Path) -> None:
    """Somebody of the roster under `unknown_requesters` would be known all the same."""
    with pytest.raises(ConfigError, match=r"\(in the roster\)"):
        by_file(tmp_path, 'unknown_requesters = ["dan"]')
