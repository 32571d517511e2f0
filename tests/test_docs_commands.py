"""Each command of the tutorial and the how-to guides is run here, or names the test that runs it.

A mark stands before each block: `<!-- run -->`, or `<!-- elsewhere: tests/… -->`.
"""

from __future__ import annotations

import re
import shlex
from itertools import count
from pathlib import Path

import pytest

from cli_files import edit, with_keys, write
from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import totp
from jenkins_mfa.simulators import jenkins_samples
from jenkins_mfa.usecases import enroll
from jenkins_mfa.wiring import open_desk
from store_server import Server

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "docs" / "tutorial.md", *(ROOT / "docs" / "howto").glob("*.md")])
#: Commands in blocks of all other pages: the tests that run them.
ELSEWHERE = {
    "init": "tests/test_init_command.py",
    "enroll local": "tests/e2e/test_command_line.py",
    "check": "tests/e2e/test_command_line.py",
    "run": "tests/e2e/test_command_line.py",
    "receipt verify": "tests/test_receipt_command.py",
    "roster import": "tests/test_roster_command.py",
}
BLOCK = re.compile(r"^( *<!-- (.*?) -->\n)? *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

_numbers = count(1)


def blocks(page: Path) -> list[tuple[str, list[list[str]]]]:
    """(mark, commands) of each block of a shell."""
    found = []
    for _, mark, text in BLOCK.findall(page.read_text()):
        found.append((mark, [shlex.split(line) for line in text.splitlines() if line.strip()]))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_block_is_marked_and_the_tests_it_names_have_its_commands(page: Path) -> None:
    for mark, commands in blocks(page):
        assert mark == "run" or mark.startswith("elsewhere: "), f"{page.name}: {commands}"
        assert all(command[0] == "jenkins-mfa" for command in commands), f"{page.name}: {commands}"
        if mark != "run":
            text = "".join((ROOT / name).read_text() for name in mark.removeprefix("elsewhere: ").split(", "))
            words = {word for command in commands for word in command[1:3] if word.isalpha() and word.islower()}
            assert [word for word in words if word not in text and word != "alice"] == [], page.name


def test_commands_in_blocks_of_other_pages_have_a_test() -> None:
    """README and docs; `docs/cli.md` is made from the commands, and repeats their own help."""
    others = [ROOT / "README.md", *set((ROOT / "docs").glob("*.md")) - {*PAGES, ROOT / "docs" / "cli.md"}]
    for page in others:
        fenced = "".join(re.findall(r"^ *```(?:sh)?\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL))
        for words in re.findall(r"^ *jenkins-mfa ([a-z]+)(?: ([a-z]+))?", fenced, re.MULTILINE):
            path = next((one for one in (" ".join(words), words[0]) if one in ELSEWHERE), None)
            assert path, f"{page.name}: jenkins-mfa {' '.join(words)}"
            text = (ROOT / ELSEWHERE[path]).read_text()
            assert [word for word in path.split() if f'"{word}"' not in text] == [], path


def test_the_tutorial_starts_jobs_of_the_demo() -> None:
    started = re.findall(r"\*\*Start `([^`]+)`", (ROOT / "docs" / "tutorial.md").read_text())
    assert started
    assert set(started) <= {jenkins_samples.PRODUCTION, jenkins_samples.STAGING}


@pytest.fixture
def place(tmp_path: Path, valkey: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with keys, a store and Alice's code app; the directory of its files is the present one."""
    path = with_keys(write(tmp_path, store=valkey.url))
    edit(path, ('prefix = "mfa"', f'prefix = "guide-{next(_numbers)}"'))
    config = configuration.load(path)
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        before = totp.code_at(SEED, desk.store.now() // 1000 - totp.STEP)
        enroll.enroll(desk, "alice", SEED, before, "operator")
    monkeypatch.setenv("JENKINS_MFA_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    return path


RUN = [page for page in PAGES if any(mark == "run" for mark, _ in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_what_a_guide_says_can_be_typed(page: Path, place: Path) -> None:
    """From its first block to its last: each is done, or finds nothing."""
    assert place.exists()
    for mark, commands in blocks(page):
        for command in commands if mark == "run" else []:
            done = run(*command[1:])
            assert done.returncode in {0, 1}, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
