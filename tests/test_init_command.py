"""`init`: from a few answers to files that the agent takes, and to a library that trusts its keys."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import Done, run
from jenkins_mfa import config as configuration
from jenkins_mfa import first_files
from jenkins_mfa.cli.init import QUESTIONS, TEMPLATES, TOMLS
from jenkins_mfa.first_files import Answers

ROOT = Path(__file__).parents[1]
ANSWERS = {
    "--installation": "prod",
    "--jenkins-url": "https://ci.example.com",
    "--slack-team": "T0123ABCD",
    "--slack-channel": "C0123DEPLOY",
    "--slack-ops-channel": "C0123OPS",
    "--person": "alice",
    "--name": "Alice Wu",
    "--slack-user": "U0ALICE01",
}
TOKENS = ("jenkins.token", "slack-bot.token", "slack-app.token")


def init(folder: Path, *more: str, **changes: str) -> Done:
    """`init` with all answers as options; `changes` are by the option's name."""
    answers = ANSWERS | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return run("init", folder, *(part for pair in answers.items() for part in pair), *more)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_few_answers_make_files_that_the_agent_takes(tmp_path: Path) -> None:
    """All of it can be read at once; only the tokens are missing, and each secret is its owner's alone."""
    folder = tmp_path / "mfa"
    done = init(folder)
    assert (done.returncode, done.stderr) == (0, "")
    for name in TOKENS:
        (folder / name).write_text("secret\n")
    config = configuration.load(folder / "config.toml")
    assert config.installation == "prod"
    assert (config.sources[0].url, config.sources[0].user) == ("https://ci.example.com/", "mfa-agent")
    assert config.roster.find("slack:T0123ABCD", "U0ALICE01") == config.roster.people["alice"]
    secret = [folder / name for name in (*TOKENS, "vault.key", "hmac.key", "keys/k1.pem")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert 'url: "https://ci.example.com/"' in (folder / "jenkins-casc.yaml").read_text()


def test_its_policy_and_roster_have_no_fault(tmp_path: Path) -> None:
    """What a person is given to begin with says what it would do, and nothing is wrong with it."""
    init(tmp_path / "mfa")
    done = run("policy", "check", config=tmp_path / "mfa" / "config.toml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_last_words_are_three_steps_with_slacks_page_filled_in(tmp_path: Path) -> None:
    """The address holds the manifest, named after the installation."""
    lines = init(tmp_path / "mfa").stdout.splitlines()
    assert [line[:2] for line in lines if line[:1].isdigit()] == ["1.", "2.", "3."]
    address = next(line.strip() for line in lines if "api.slack.com" in line)
    manifest = unquote(address.removeprefix(first_files.NEW_APP))
    assert manifest.startswith("display_information:\n  name: jenkins-mfa prod\n")
    assert "socket_mode_enabled: true" in manifest
    assert "#" not in manifest
    written = (tmp_path / "mfa" / "slack-manifest.yaml").read_text()
    assert [line for line in manifest.splitlines() if line not in written] == []


def test_what_is_not_said_without_a_terminal_is_named(tmp_path: Path) -> None:
    """All at once, and nothing is written."""
    done = run("init", tmp_path / "mfa", "--installation", "prod", "--person", "alice")
    assert done.returncode == 2
    assert (
        "Not said: --jenkins-url, --public-url, --slack-team, --slack-channel, --slack-ops-channel, --name"
        in done.stderr
    )
    assert not (tmp_path / "mfa").exists()


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("installation", "Prod!", "installation"),
        ("jenkins_url", "ci.example.com", "url"),
        ("slack_team", "prod", "team"),
        ("slack_channel", "#deploys", "channel"),
        ("store_url", "localhost:6379", "url"),
        ("person", "Alice Wu", "people"),
        ("name", "<!channel>", "name"),
        ("slack_user", "alice", "a member id such as U0123ABCD"),
    ],
)
def test_a_wrong_answer_is_named_with_what_is_allowed(tmp_path: Path, option: str, value: str, named: str) -> None:
    """In the words of the files' own reader; nothing is written."""
    done = init(tmp_path / "mfa", **{option: value})
    assert done.returncode == 2
    assert named in done.stderr
    assert "/tmp" not in done.stderr.replace(str(tmp_path), "")
    assert not (tmp_path / "mfa").exists()


def test_nothing_is_overwritten_without_being_told(tmp_path: Path) -> None:
    """With --overwrite the old files stay beside the new ones, and tokens and keys stay as they are."""
    folder = tmp_path / "mfa"
    init(folder)
    (folder / "jenkins.token").write_text("mine\n")
    before = content(folder)
    refused = init(folder, installation="other")
    assert refused.returncode == 2
    assert "There already: config.toml, policy.toml, roster.toml" in refused.stderr
    assert content(folder) == before
    assert init(folder, "--overwrite", installation="other").returncode == 0
    after = content(folder)
    assert after["config.toml.old"] == before["config.toml"]
    assert b'installation = "other"' in after["config.toml"]
    kept = [name for name in before if name.endswith((".token", ".key", ".pem")) or name.startswith("keys")]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert len(kept) == 8


def test_a_person_at_a_terminal_is_asked_and_asked_again(tmp_path: Path) -> None:
    """Each answer is tried at once; Enter takes what is usual."""
    typed = ["Prod!", "prod", "ci", "https://ci.example.com", "", "", "", "T0123ABCD", "C0123DEPLOY", "C0123OPS"]
    typed += ["", "alice", "Alice Wu", "@alice", "U0ALICE01", "", ""]
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jenkins_mfa", "init", str(tmp_path / "mfa")]
    with os.fdopen(ours, "wb", buffering=0) as keyboard:
        asked = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        keyboard.write("".join(f"{line}\n" for line in typed).encode())
        out, said = asked.communicate(timeout=60)
    os.close(theirs)
    assert asked.returncode == 0, said
    assert said.count("Name of this installation") == said.count("Where the agent reaches Jenkins") == 2
    assert '  seen: "Prod!" (text); allowed: a-z, 0-9, dash' in said
    assert ".toml" not in said
    assert said.count("Your Slack member id") == 2
    assert "Next:" in out
    found = tomllib.loads((tmp_path / "mfa" / "config.toml").read_text())
    assert (found["installation"], found["store"]["url"]) == ("prod", "redis://127.0.0.1:6379/0")


@given(st.dictionaries(st.sampled_from([q.field for q in QUESTIONS]), st.text(max_size=40)))
def test_no_answer_becomes_another_key(wild: dict[str, str]) -> None:
    """Whatever is typed stands in the files as the text it is, or the file cannot be read; it never adds a key."""
    answers = Answers(**({question.field: question.sample for question in QUESTIONS} | wild))
    keys = {"config.toml": 7, "policy.toml": 5, "roster.toml": 3}
    for name in TOMLS:
        text = first_files.toml(answers, (TEMPLATES / name).read_text())
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            assert wild
            continue
        assert len(found) == keys[name]
        assert name != "config.toml" or found["installation"] == answers.installation
        assert name != "roster.toml" or list(found["people"]) == [answers.person]


def test_the_library_is_laid_out_and_only_its_trust_changes_later(tmp_path: Path) -> None:
    """The first time all of it; after a new key only the class Trust, which names both keys."""
    config, library = tmp_path / "mfa" / "config.toml", tmp_path / "library"
    init(tmp_path / "mfa", store_url=f"embedded:{tmp_path / 'store'}")
    done = run("init", "--library", library, config=config)
    assert done.returncode == 0, done.stderr
    assert "git tag mfa-1" in done.stdout
    first = content(library)
    origin = ROOT / "jenkinsfile-library"
    assert {name for name in first if name.startswith(("src", "vars"))} == {
        str(path.relative_to(origin)) for part in ("src", "vars") for path in (origin / part).rglob("*.*")
    }
    assert run("keys", "generate", config=config).returncode == 0
    again = run("init", "--library", library, config=config)
    assert again.returncode == 0, again.stderr
    second = content(library)
    changed = [name for name in second if second[name] != first.get(name)]
    assert changed == ["src/mfa/Trust.groovy"]
    assert b"'k1'" in second[changed[0]]
    assert b"'k2'" in second[changed[0]]


def test_a_library_of_another_version_is_told_and_replaced_on_demand(tmp_path: Path) -> None:
    """What differs is named with the mend; Trust is written in any case."""
    config, library = tmp_path / "mfa" / "config.toml", tmp_path / "library"
    init(tmp_path / "mfa", store_url=f"embedded:{tmp_path / 'store'}")
    run("init", "--library", library, config=config)
    gate = library / "src" / "mfa" / "Gate.groovy"
    ours = gate.read_bytes()
    gate.write_bytes(b"// older\n")
    told = run("init", "--library", library, config=config)
    assert told.returncode == 1
    assert "Not those of this version: src/mfa/Gate.groovy." in told.stderr
    assert gate.read_bytes() == b"// older\n"
    assert run("init", "--library", library, "--overwrite", config=config).returncode == 0
    assert gate.read_bytes() == ours
