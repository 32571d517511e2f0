"""What `make dist` made, installed by uv where nothing is, as whoever reads "uvx jenkins-mfa demo" does it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

pytestmark = [pytest.mark.release, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
UVX = ROOT / ".release" / "bin" / "uvx"
TYPED = "from jenkins_mfa.core.totp import code_at\nreveal_type(code_at('A', 1))\n"


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment of nobody: an empty home, no cache, no Python of this checkout."""
    home = str(tmp_path_factory.mktemp("nobody"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {"HOME": home, "UV_CACHE_DIR": f"{home}/cache"}


def made(pattern: str) -> str:
    """The one file of that form in dist/."""
    [found] = (ROOT / "dist").glob(pattern)
    return str(found)


def test_uvx_plays_the_demo_from_the_wheel(tmp_path: Path, nowhere: dict[str, str]) -> None:
    """Every story, with all checks, out of nothing but the wheel and what it names."""
    command = [UVX, "--from", made("*.whl"), "jenkins-mfa", "demo", "--auto"]
    played = subprocess.run(command, cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    assert str(ROOT) not in played.stdout


def test_uvx_shows_the_demo_from_the_wheel(tmp_path: Path, nowhere: dict[str, str]) -> None:
    """One address, which answers with the page and its script; Ctrl-C ends it."""
    command = [UVX, "--from", made("*.whl"), "jenkins-mfa", "demo"]
    with subprocess.Popen(command, cwd=tmp_path, env=nowhere, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        line = next(line for line in demo.stdout if "http" in line)
        page = HTTPConnection(re.findall("127[^/]+", line)[0], timeout=30)
        answers = []
        for path in ("/", "/page.js"):
            page.request("GET", path)
            answer = page.getresponse()
            answers.append((answer.status, len(answer.read()) > 100))
        page.close()
        demo.send_signal(signal.SIGINT)
    assert answers == [(200, True), (200, True)]
    assert demo.returncode == 0


def test_the_source_distribution_installs_as_the_same_version(tmp_path: Path, nowhere: dict[str, str]) -> None:
    """Without git: it has its version written down."""
    told = [
        subprocess.run(
            [UVX, "--from", made(pattern), "jenkins-mfa", "--version"],
            cwd=tmp_path,
            env=nowhere,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for pattern in ("*.whl", "*.tar.gz")
    ]
    assert told[0] == told[1]
    assert told[0].split()[1].rstrip(",") == Path(made("*.whl")).name.split("-")[1]


def test_its_types_are_there_for_others(tmp_path: Path, nowhere: dict[str, str]) -> None:
    """mypy reads them from the installed package (PEP 561)."""
    (tmp_path / "others.py").write_text(TYPED)
    command = [UVX, "--with", made("*.whl"), "mypy", "--strict", "others.py"]
    checked = subprocess.run(command, cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert 'Revealed type is "str"' in checked.stdout.replace("builtins.", "")
