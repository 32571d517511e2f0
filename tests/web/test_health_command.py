"""`health` asks the agent's own pages, in plain or with a certificate that is for another name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from web_kit import Place, served

from command import Done, run
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.health import Health
from jenkins_mfa.metrics.server import Metrics
from jenkins_mfa.metrics.state import State
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.desk import Desk


def asked(folder: Path, port: int, *lines: str, url: str = "") -> Done:
    """What the command says where config.toml has the pages at that port, and nothing else."""
    config = folder / "config.toml"
    where = f'[web]\nlisten = "127.0.0.1:{port}"\nurl = "{url or f"http://localhost:{port}"}"\n'
    config.write_text("\n".join([where, *lines]))
    return run("health", config=config)


def test_an_agent_that_can_take_answers_is_healthy(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy of the environment is asked for this machine's own address, and no policy is read."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    done = asked(tmp_path, place.settings.port)
    assert (done.returncode, done.stdout) == (0, "The agent can take answers.\n")


def test_an_agent_without_its_store_is_not(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, in words that tell nothing."""

    def away() -> int:
        raise StoreUnavailableError("redis at secret-host:6379 is away")

    monkeypatch.setattr(place.desk.store, "now", away)
    done = asked(tmp_path, place.settings.port)
    assert done.returncode == 1
    assert done.stderr == "The agent cannot take answers: the store cannot be reached.\n"


def test_its_own_certificate_need_not_name_this_machine(
    here: Desk, tmp_path: Path, certificate: Callable[[str], tuple[Path, Path]]
) -> None:
    """It is for what people open; the probe asks 127.0.0.1."""
    cert, key = certificate("mfa")
    with served(here, url="https://localhost", cert_file=cert, key_file=key) as place:
        lines = f'cert_file = "{cert}"\nkey_file = "{key}"'
        assert asked(tmp_path, place.settings.port, lines, url="https://localhost").returncode == 0


def test_nobody_there_and_nobody_to_ask_are_told_apart(tmp_path: Path) -> None:
    """3 where no agent answers; 2 where the configuration has neither pages nor numbers."""
    port = free_port()
    done = asked(tmp_path, port)
    assert (done.returncode, done.stderr) == (3, f"The agent does not answer at http://127.0.0.1:{port}/readyz.\n")
    (tmp_path / "config.toml").write_text('installation = "demo"\n')
    done = run("health", config=tmp_path / "config.toml")
    assert done.returncode == 2
    assert "has neither a right [web] nor a right [metrics] table" in done.stderr


def test_an_agent_without_pages_is_asked_beside_its_numbers(
    here: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is well, or why not."""
    port, config = free_port(), tmp_path / "config.toml"
    config.write_text(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    numbers = Metrics("127.0.0.1", port)
    numbers.start(Health(here, Crew(), lambda: 1, dict), State(here.store, here.keys, list))
    try:
        assert run("health", config=config).stdout == "The agent can take answers.\n"
        monkeypatch.setattr(here.continuity, "problem", "behind")
        done = run("health", config=config)
        assert done.returncode == 1
        assert "the store is not the one that is known" in done.stderr
    finally:
        numbers.stop()
