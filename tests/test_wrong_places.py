"""Files and addresses that cannot be used: each is a sentence with the mend, never a stack trace."""

from __future__ import annotations

import datetime
import errno
from pathlib import Path

import pytest

from certificates import Maker
from cli_files import edit, write
from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa.cli.check_web import client_parts
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import untaken

ANSWERS = {
    "--installation": "demo",
    "--jenkins-url": "https://ci.example.com/",
    "--slack-team": "T0DEMO",
    "--slack-channel": "C0DEPLOYS",
    "--slack-ops-channel": "C0OPS",
    "--person": "alice",
    "--name": "Alice Wu",
    "--slack-user": "U0ALICE",
}


def test_a_directory_that_cannot_be_written_is_named_by_init(tmp_path: Path) -> None:
    """With the account that must be able to, and the disk."""
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "mfa"
    done = run("init", str(place), *(text for pair in ANSWERS.items() for text in pair))
    assert done.returncode == 2
    assert f"{place} cannot be used: not a directory." in done.stderr
    assert "Mend: see that " in done.stderr


def refusal(path: Path) -> list[str]:
    """Every problem; none where it can be used."""
    try:
        configuration.load(path)
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize("name", ["config.toml", "policy.toml", "roster.toml"])
def test_a_half_written_file_is_told_by_its_name_at_every_place(tmp_path: Path, name: str) -> None:
    """As after a full disk, or an editor that was stopped: it is refused with its problems, or complete as it is."""
    path = write(tmp_path)
    whole = (tmp_path / name).read_text()
    told: list[str] = []
    for end in range(0, len(whole), 41):
        (tmp_path / name).write_text(whole[:end])
        told += refusal(path)
    assert len(told) > len(whole) / 41 / 3
    assert all(".toml" in problem for problem in told)


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EADDRINUSE, "end what listens there, or name another port"),
        (errno.EACCES, "name a port from 1024 on"),
        (errno.EADDRNOTAVAIL, "name an address of this host"),
        (errno.EINVAL, "name another address in listen"),
    ],
)
def test_each_reason_for_not_listening_has_its_mend(number: int, mend: str) -> None:
    """The system's own word, then what to do."""
    assert mend in untaken(OSError(number, "Some reason"))


@pytest.mark.parametrize(("days", "found"), [(-1, "certificate_ended"), (3, "certificate_ends"), (20, "")])
def test_a_client_certificate_that_ends_is_a_finding(tmp_path: Path, days: int, found: str) -> None:
    """From two weeks before its end; the mend names the file."""
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    _, certificate = Maker.new().host("agent", until)
    file = tmp_path / "agent.crt"
    file.write_bytes(certificate)
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    parts = list(client_parts("source main", file, now))
    assert [part.id for part in parts] == ([f"source.{found}"] if found else [])
    assert all(str(file) in part.mend and part.subject == "source main" for part in parts)


@pytest.mark.parametrize(
    ("content", "says", "mend"),
    [
        ("", "config.toml is empty", "take it from a backup; to begin: jenkins-mfa init"),
        ("# nothing yet\n", "config.toml is empty", "jenkins-mfa init"),
        ('installation = "de', "end of document: not TOML: unterminated string", "it ends in the middle"),
        ("[sources\n", "not TOML at column", ""),
    ],
)
def test_a_file_that_ends_too_early_says_so(tmp_path: Path, content: str, says: str, mend: str) -> None:
    """One problem, not one for everything that is missing."""
    path = write(tmp_path)
    path.write_text(content)
    (problem,) = refusal(path)
    assert says in problem
    assert mend in problem


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.token", "no such file or directory; mend: correct the path, or write the file"),
        (".", "is a directory; mend: name a file, not a directory"),
        ("empty.token", "is empty; mend: write the token into it, alone"),
        ("two.token", "holds something else than one line of text; mend: write the token into it, alone"),
    ],
)
def test_a_secret_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, name: str, says: str) -> None:
    """And nothing of its content."""
    path = write(tmp_path)
    for file, text in {"empty.token": "", "two.token": "hunter2\nhunter3\n"}.items():
        (tmp_path / file).write_text(text)
        (tmp_path / file).chmod(0o600)
    (tmp_path / "secret").mkdir(mode=0o700)
    edit(path, ('token_file = "jenkins.token"', f'token_file = "{"secret" if name == "." else name}"'))
    (problem,) = refusal(path)
    assert says in problem
    assert "hunter" not in problem
