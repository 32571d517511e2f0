"""The documents say what the code does: examples load, every name is explained, diagrams and links are right."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli_docs import commands
from jenkins_mfa import config as configuration
from jenkins_mfa.cli import base, main
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.gate import TABLE, Kind
from jenkins_mfa.core.model import State
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.slack.check import SCOPES
from jenkins_mfa.usecases.opening_commit import ALARMING
from jenkins_mfa.words import alerts, incidents

ROOT = Path(__file__).parent.parent
EXAMPLES = ("config", "policy", "roster")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")])
SECRETS = ("jenkins.token", "slack-bot.token", "slack-app.token", "slack-client.secret")
#: What `advance` makes of answers that count, that count no longer, and of what is asked on top, beside plain states.
COUNTED = {State.PENDING: "confirmed, more needed", State.APPROVED: "confirmed, every clause filled"}
RECOUNTED = {
    State.PENDING: {State.PENDING: "{kind}"},
    State.APPROVED: {State.APPROVED: "{kind}, enough left", State.PENDING: "{kind}, more needed"},
}
TIGHTENED = {
    State.PENDING: {State.PENDING: "tightened"},
    State.APPROVED: {State.APPROVED: "tightened, enough there", State.PENDING: "tightened, more needed"},
}


def text(name: str) -> str:
    """A document of the repository."""
    return (ROOT / name).read_text()


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A directory with the three example files under their real names, and secret files."""
    for name in EXAMPLES:
        (tmp_path / f"{name}.toml").write_text(text(f"{name}.example.toml"))
    for name in SECRETS:
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("secret")
    return tmp_path


def test_the_example_files_load_as_they_are(examples: Path) -> None:
    """Copying the examples and adding secret files is a configuration without a problem."""
    config = configuration.load(examples / "config.toml")
    assert [source.id for source in config.sources] == ["main"]
    assert {"production", "rotation", "staging"} < {rule.name for rule in config.policy.rules}
    assert config.policy.default is not None
    assert len(config.roster.people) == 4


def known_keys(examples: Path, name: str) -> Iterator[tuple[str, str]]:
    """(table, key) of everything that the real loader knows, told by itself about a key that it does not know."""
    lines = text(f"{name}.example.toml").splitlines()
    for number, line in enumerate(["", *lines]):
        if number and not line.startswith("["):
            continue
        spoilt = [*lines[:number], "zzqq = 1", *lines[number:]]
        (examples / f"{name}.toml").write_text("\n".join(spoilt))
        with pytest.raises(ConfigError) as raised:
            configuration.load(examples / "config.toml")
        told = next(problem for problem in raised.value.problems if "zzqq" in problem)
        for key in told.rpartition("known: ")[2].split(", "):
            yield line.strip("[]").split(".")[0], key
    (examples / f"{name}.toml").write_text("\n".join(lines))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_key_stands_in_the_example_and_in_the_docs(examples: Path, name: str) -> None:
    """No key of the three files is a secret: the example writes it, and a page explains it."""
    example, page = (
        text(f"{name}.example.toml"),
        text("docs/configuration.md" if name == "config" else "docs/policy.md"),
    )
    found = set(known_keys(examples, name))
    assert len({table for table, _ in found}) > 1
    for table, key in found:
        written = rf"^(# )?(\[+([a-z]+\.)*{key}|{key} = )"
        assert re.search(written, example, re.MULTILINE), f"{table} {key} is not in the example"
        assert key in page, f"{table} {key} is not explained"


def test_every_key_of_the_policy_is_in_its_schema(examples: Path) -> None:
    """A key that the parser knows and an editor would mark: it is missing in data/policy.schema.json."""
    schema = text("src/jenkins_mfa/data/policy.schema.json")
    assert [key for _, key in known_keys(examples, "policy") if f'"{key}": {{' not in schema] == []


#: What does something by itself, as some groups do, too, by what is typed behind `jenkins-mfa`.
CALLED = {
    path.partition(" ")[2]: one
    for path, one in commands(main)
    if not isinstance(one, click.Group) or one.invoke_without_command
}


@pytest.mark.parametrize("path", CALLED)
def test_every_command_is_in_the_docs_and_has_an_example(path: str) -> None:
    """An operator finds each command in docs/operations.md, and an example of it in its help."""
    assert re.search(rf"^\| `jenkins-mfa {path}[ `]", text("docs/operations.md"), re.MULTILINE)
    result = CliRunner().invoke(main, [*path.split(), "--help"])
    assert result.exit_code == 0
    assert f"Example: jenkins-mfa {path}" in " ".join(result.output.split())


def test_every_command_that_the_docs_name_exists() -> None:
    """No page sends anybody to a command or an option that is not there."""
    word = "(?:[a-z]+(?:-[a-z]+)*|--[a-z-]+)"
    for page in [*PAGES, ROOT / "jenkinsfile-library/README.md"]:
        for named in re.findall(rf"^ *jenkins-mfa ({word}(?: {word})*)", code_of(page), re.MULTILINE):
            words = named.split()
            path = next((p for p in (" ".join(words[:2]), words[0]) if p in CALLED), None)
            assert path, f"{page.name}: jenkins-mfa {named}"
            options = {option for parameter in CALLED[path].params for option in parameter.opts}
            missing = {option for option in words if option.startswith("--")} - options - {"--help"}
            assert not missing, f"{page.name}: jenkins-mfa {named}"


def code_of(page: Path) -> str:
    """What a page marks as code, a line each."""
    content = page.read_text()
    blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", content, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", content)])


def test_every_trail_event_is_explained() -> None:
    """Each event's name stands in docs/operations.md."""
    assert not [name for name in Name if f"`{name}`" not in text("docs/operations.md")]


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes has those that commands use."""
    page = text("docs/operations.md")
    codes = {0, base.FINDING, base.USAGE, base.UNREACHABLE, base.REFUSED}
    assert codes == {0, 1, 2, 3, 4}
    assert not [code for code in codes if not re.search(rf"^\| {code} \|", page, re.MULTILINE)]


def test_every_alert_is_explained() -> None:
    """Whatever ops may read in their channel has a line that says what to do."""
    tree = ast.parse(inspect.getsource(alerts))
    worded = set(incidents.TEXTS) | {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant)
    }
    assert {"bypassed", "token_stolen", "abort_caught"} <= worded
    assert not [code for code in sorted(worded | ALARMING) if f"`{code}`" not in text("docs/operations.md")]


def test_attacks_and_rules_lead_to_their_tests() -> None:
    """docs/testing.md: each test that is named there exists, and no number that a test bears is missing there."""
    page = text("docs/testing.md")
    for file, name in re.findall(r"`([a-z0-9_/]+\.py)::(test_\w+)`", page):
        assert f"def {name}(" in text(f"tests/{file}"), f"{file}::{name}"
    code = "".join(file.read_text() for file in sorted((ROOT / "tests").rglob("test_*.py")))
    rows = {one for row in re.findall(r"^\| ([\d, ]+) \|", page, re.MULTILINE) for one in row.split(", ")}
    assert rows == {str(row) for row in range(1, 46)}
    assert rows - set(re.findall(r"def test_row_(\d+)_", code)) == {"30", "31"}  # of what there is not
    rules = set(re.findall(r"^\| S(\d+) \|", page, re.MULTILINE))
    assert rules == set(re.findall(r"def test_s(\d+)_", code))


def test_each_hole_that_is_promised_is_tried_and_the_other_way_round() -> None:
    """docs/testing.md has a row for each test of a hole, with an alert and an event that exist."""
    row = r"^\| .* \| `(\w+)`.*\| `(gate:\w+|receipt:\w+)` \| .*::(test_hole_\w+)`"
    rows = re.findall(row, text("docs/testing.md"), re.MULTILINE)
    code = text("tests/usecases/test_holes.py")
    assert sorted(name for *_, name in rows) == sorted(re.findall(r"def (test_hole_\w+)\(", code))
    assert {event for _, event, _ in rows} <= set(Name)
    assert not [alert for alert, *_ in rows if f"`{alert}`" not in text("docs/operations.md")]


def diagram() -> str:
    """The life of a gate as a Mermaid state diagram, made from the table."""
    edges: dict[tuple[State, State], list[str]] = {}
    for state, row in TABLE.items():
        for kind, target in row.items():
            for to, label in _targets(state, kind, target).items():
                edges.setdefault((state, to), []).append(label)
    opened = [f"    [*] --> {state}" for state in (State.PENDING, State.DENIED, State.APPROVED)]
    steps = [f"    {state} --> {to}: {' / '.join(labels)}" for (state, to), labels in edges.items()]
    ends = [f"    {state} --> [*]" for state in State if state.settled]
    return "\n".join(["stateDiagram-v2", *opened, *steps, *ends])


def _targets(state: State, kind: Kind, target: State | str) -> dict[State, str]:
    if isinstance(target, State):
        return {target: kind.value}
    counted = {"count": COUNTED, "recount": RECOUNTED.get(state, {}), "tighten": TIGHTENED.get(state, {})}
    labels = counted.get(target, {state: kind.value})
    return {to: label.format(kind=kind.value) for to, label in labels.items()}


def test_the_state_diagram_is_the_table() -> None:
    """docs/architecture.md shows exactly the transitions of core/gate.TABLE."""
    shown = re.search(r"```mermaid\n(stateDiagram.*?)\n```", text("docs/architecture.md"), re.DOTALL)
    assert shown is not None, diagram()
    assert shown[1] == diagram()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """Files exist, and so do the headings that links name."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, target


def test_every_page_of_the_docs_is_in_the_sites_navigation() -> None:
    """One that is not is found by nobody: name it in docs/site/zensical.toml."""
    site = text("docs/site/zensical.toml")
    pages = [path.relative_to(ROOT) for path in PAGES if path.is_relative_to(ROOT / "docs")]
    assert [str(page) for page in pages if f'"{page}"' not in site] == []
    assert [name for name in re.findall(r'= "(.*\.md)"', site) if not (ROOT / name).exists()] == []
    for name, anchor in re.findall(r'= "(.*)\.html#(.*)"', site):  # parts of a page, which the builder does not check
        headings = re.findall(r"^#+ (.+)$", text(f"{name}.md"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, anchor


def test_the_slack_app_has_exactly_the_scopes_that_the_agent_needs() -> None:
    """The manifest and `check` ask for the same; Socket Mode is on, and the command is there."""
    manifest = text("deploy/slack-manifest.yaml")
    scopes = manifest.partition("    bot:\n")[2].partition("settings:")[0]
    assert set(re.findall(r"- (\S+)", scopes)) == set(SCOPES)
    assert "socket_mode_enabled: true" in manifest
    assert "command: /mfa\n" in manifest
    assert "home_tab_enabled: true" in manifest
    assert "bot_events:\n      - app_home_opened" in manifest
    assert re.search(r"interactivity:\n +is_enabled: true", manifest)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    """systemd's own checks: no unknown setting, and an exposure of 2.0 at most, of 10."""
    unit = text("deploy/systemd/jenkins-mfa.service")
    there = tmp_path / "jenkins-mfa.service"
    there.write_text(unit.replace("/opt/jenkins-mfa/bin/jenkins-mfa run", "/bin/true"))
    verified = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", there]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-500:]


def test_a_clean_clone_gets_everything_that_the_project_names() -> None:
    """The lock has each dependency: make and README install nothing beside it."""
    project = tomllib.loads(text("pyproject.toml"))
    groups = project["dependency-groups"].values()
    grouped = [one for group in groups for one in group if isinstance(one, str)]
    named = [*project["project"]["dependencies"], *grouped]
    locked = set(re.findall(r"^([a-z0-9-]+)==", text("requirements.lock"), re.MULTILINE))
    assert {re.split(r"[\[<>=]", one)[0] for one in named} <= locked
