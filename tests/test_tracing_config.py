"""`[tracing]`: what is wrong is named with its mend."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import cli_files
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError

RIGHT = 'endpoint = "http://127.0.0.1:4318/v1/traces"'


def written(folder: Path, *lines: str) -> Path:
    path = cli_files.write(folder)
    path.write_text("\n".join([path.read_text(), "[tracing]", *lines, ""]))
    return path


def test_an_endpoint_is_all_that_is_needed(tmp_path: Path) -> None:
    found = configuration.load(written(tmp_path, RIGHT)).tracing
    assert found is not None
    assert found.endpoint == "http://127.0.0.1:4318/v1/traces"


def test_without_the_table_nothing_is_measured(tmp_path: Path) -> None:
    assert configuration.load(cli_files.write(tmp_path)).tracing is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "endpoint is missing"),
        (['endpoint = "collector:4318"'], "endpoint: seen: .*allowed: http"),
        (['endpoint = "https://a:b@collector/"'], "endpoint: seen: "),
        ([RIGHT, 'ca_file = "ca.pem"'], "ca_file: url is http://"),
        ([RIGHT, "sample = 1"], "sample: this key is not known"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        configuration.load(written(tmp_path, *lines))


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"mend: pip install 'jenkins-mfa\[otel\]'"):
        configuration.load(written(tmp_path, RIGHT))
