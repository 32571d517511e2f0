"""What is in deploy/: containers, compose, Jenkins and Slack as code fit the code, and pin what they take."""

from __future__ import annotations

import importlib.util
import json
import re
import stat
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
import yaml

from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa.demo import files, slack_alone
from jenkins_mfa.demo.web import Web
from jenkins_mfa.demo.world import populate
from jenkins_mfa.simulators.slack import SlackSimulator

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
DOCKERFILES = ("docker/Dockerfile", "compose/jenkins/Dockerfile")
PINNED = re.compile(r"\S+:\S+@sha256:[0-9a-f]{64}")


def parsed(name: str) -> Any:
    """A YAML file of deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def stages(name: str) -> list[str]:
    """The stages of a Dockerfile, each with its lines joined."""
    return (DEPLOY / name).read_text().replace("\\\n", "").split("\nFROM ")[1:]


def rights(casc: Any, user: str) -> set[str]:
    """What a matrix gives a user."""
    entries = casc["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]
    return {
        right
        for entry in entries
        if entry.get("user", {}).get("name") == user
        for right in entry["user"]["permissions"]
    }


@pytest.mark.parametrize("name", ["jenkins-casc.yaml", "compose/jenkins/casc.yaml"])
def test_the_jenkins_side_gives_the_agent_the_least_and_pins_the_library(name: str) -> None:
    """The agent's account gets three rights at most; nobody may choose another version of the library."""
    casc = parsed(name)
    assert rights(casc, "mfa-agent") == {"Overall/Read", "Job/Read", "Run/Update"}
    [library] = casc["unclassified"]["globalLibraries"]["libraries"]
    assert (library["name"], library["defaultVersion"]) == ("jenkins-mfa", "mfa-1")
    assert [library[key] for key in ("allowVersionOverride", "implicit", "includeInChangesets")] == [False] * 3
    assert set(library["retriever"]["modernSCM"]["scm"]["git"]) <= {"remote", "credentialsId"}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_an_image_is_built_upon_cannot_change(name: str) -> None:
    """Tag for people, digest for the machine."""
    assert stages(name)
    for stage in stages(name):
        assert PINNED.fullmatch(stage.split()[0]), stage.split()[0]


def test_what_the_release_runs_cannot_change() -> None:
    """Each action is a commit, with the tag that it is; a job has the rights that it names, and no others."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    used = re.findall(r"uses: (.*)", text)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert all(job["permissions"] for job in workflow["jobs"].values())


def test_the_image_needs_no_shell_and_no_root() -> None:
    """Every command of its last stage is a list; it runs as a user with a number, where it may write."""
    last = stages("docker/Dockerfile")[-1]
    assert "\nRUN" not in last
    for command in ("ENTRYPOINT", "CMD", "HEALTHCHECK .* CMD"):
        assert json.loads(re.findall(rf"^{command} (\[.*\])$", last, re.MULTILINE)[0])
    assert re.findall(r"^USER (\S+)$", last, re.MULTILINE) == ["65532:65532"]
    assert "COPY --from=build --chown=65532:65532 /state /var/lib/jenkins-mfa" in last


def test_the_image_has_all_that_a_wheel_is_built_from() -> None:
    """What pyproject.toml puts into the wheel is copied before it is built, and let through to the build."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copies = re.findall(r"^COPY ([^-].*) \S+$", stages("docker/Dockerfile")[0].partition("pip wheel")[0], re.MULTILINE)
    copied = [source for line in copies for source in line.split()]
    let_through = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    for source in (*wheel["packages"], *wheel["force-include"]):
        assert source in copied or source.partition("/")[0] in copied, source
    assert sorted(f"!{source}" for source in copied) == sorted(line for line in let_through if line.startswith("!"))


def test_the_compose_file_starts_a_store_that_the_agent_accepts() -> None:
    """The server writes each answer to disk before it is told, evicts nothing, and only the agent's parts reach it."""
    compose = parsed("compose/compose.yaml")
    command = compose["services"]["store"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options == {
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--maxmemory-policy": "noeviction",
        "--save": "",
    }
    assert compose["networks"]["store"] == {"internal": True}
    assert {name for name, one in compose["services"].items() if "store" in one["networks"]} == {
        *("agent", "prepare", "store"),
    }


def test_the_compose_file_confines_its_parts() -> None:
    """Ports are this computer's alone; nothing has capabilities that it needs not; what is taken is pinned."""
    services = parsed("compose/compose.yaml")["services"]
    assert {port for one in services.values() for port in one.get("ports", [])} == {
        *("127.0.0.1:8080:8080", "127.0.0.1:8090:8090"),
    }
    for name, one in services.items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one.get("read_only", name == "jenkins"), name
        assert "build" in one or PINNED.fullmatch(one["image"]), name
    assert [name for name, one in services.items() if "cap_add" in one] == ["prepare"]


def test_the_parts_of_the_compose_file_know_each_other() -> None:
    """Addresses, accounts, jobs and people are the same wherever they are written."""
    services = parsed("compose/compose.yaml")["services"]
    config = tomllib.loads((COMPOSE / "config" / "config.toml").read_text())
    policy = tomllib.loads((COMPOSE / "config" / "policy.toml").read_text())
    casc = parsed("compose/jenkins/casc.yaml")
    [source] = config["sources"]
    assert source["public_url"] == casc["unclassified"]["location"]["url"]
    accounts = {user["id"] for user in casc["jenkins"]["securityRealm"]["local"]["users"]}
    assert accounts == {"admin", "dev", source["user"]}
    assert config["slack"]["api_url"] == f"http://slack:{slack_alone.API}/api/"
    assert services["slack"]["command"] == ["slack"]
    assert services["slack"]["ports"] == [f"127.0.0.1:{slack_alone.PAGE}:{slack_alone.PAGE}"]
    jobs = {pipeline for environment in policy["environments"] for pipeline in environment["pipelines"]}
    assert jobs == {f"deploy-{where}" for where in re.findall(r"'(\w+)'", casc["jobs"][0]["script"].split("]")[0])}
    assert {Path(config["audit"]["checkpoint_file"]).parent} == {Path("/var/lib/jenkins-mfa")}
    plugins = (COMPOSE / "jenkins" / "plugins.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[a-z-]+:\S+", plugin) for plugin in plugins)


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """deploy/compose/prepare.py on a copy of its folder, with a store of its own, and nobody to give files to."""
    spec = importlib.util.spec_from_file_location("prepare", COMPOSE / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    here = tmp_path / "compose" / "config"
    here.mkdir(parents=True)
    for name in module.TOMLS:
        text = (COMPOSE / "config" / name).read_text()
        (here / name).write_text(text.replace("redis://store:6379/0", f"embedded:{tmp_path / 'store'}"))
    monkeypatch.setattr(module, "HERE", here.parent)
    monkeypatch.setattr(module, "belongs", lambda folder, user: None)
    monkeypatch.setattr(module, "mfa", lambda config, *line: _right(run(*line, config=config / "config.toml")))
    return module


def _right(done: Any) -> None:
    assert done.returncode == 0, done.stderr


def test_preparing_makes_what_is_missing_and_keeps_what_is_there(
    tmp_path: Path, prepare: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """A configuration that the agent takes, a library that trusts its keys, secrets that are their owner's alone."""
    config, handed, library = (tmp_path / name for name in ("config", "handed", "library"))
    for folder in (config, handed, library):
        folder.mkdir()
    prepare.main(config, handed, library)
    secret = [*config.glob("*.token"), *handed.iterdir()]
    before = {path: path.read_bytes() for path in (*secret, *(config / "keys").iterdir())}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert re.fullmatch(r"11[0-9a-f]{32}", (handed / "agent.token").read_text())
    loaded = configuration.load(config / "config.toml")
    assert loaded.sources[0].token.reveal() == (handed / "agent.token").read_text()
    assert "'k1'" in (library / "mfa" / "src" / "mfa" / "Trust.groovy").read_text()
    (prepare.HERE / "secrets").mkdir()
    (prepare.HERE / "secrets" / "slack-bot.token").write_text("xoxb-real")
    prepare.main(config, handed, library)
    after = {path: path.read_bytes() for path in before}
    assert [path.name for path in before if before[path] != after[path]] == ["slack-bot.token"]
    assert (config / "slack-bot.token").read_text() == "xoxb-real"
    assert (handed / "dev.password").read_text() in capsys.readouterr().out


def test_the_people_of_the_compose_file_are_those_of_the_simulated_slack() -> None:
    """With the same accounts; a real workspace has others."""
    roster = tomllib.loads((COMPOSE / "config" / "roster.toml").read_text())["people"]
    assert {person: (one["name"], one["identities"][f"slack:{files.TEAM}"]) for person, one in roster.items()} == {
        person: (name, user) for person, name, _, user, _ in files.PEOPLE
    }


def test_slack_alone_shows_its_page_without_a_jenkins() -> None:
    """Its own host name alone is answered, wherever it listens; the page is told that there are no jobs."""
    with SlackSimulator(team=files.TEAM) as slack:
        populate(slack)
        with Web(slack_alone.Alone(slack), host=slack_alone.EVERYWHERE) as page:
            with requests.get(f"{page.url}events", params={"as": "U0ALICE"}, stream=True, timeout=10) as stream:
                picture = json.loads(next(stream.iter_lines(chunk_size=1)).removeprefix(b"data: "))
            elsewhere = requests.get(page.url, headers={"Host": "mfa.example.com"}, timeout=10).status_code
    assert picture["jenkins"] == {"jobs": []}
    assert {place["name"] for place in picture["slack"]["channels"]} >= {"deploys", "ops"}
    assert elsewhere == 403
