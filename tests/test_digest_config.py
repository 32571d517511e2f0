"""[digest] of config.toml: when, and a sentence for each fault."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli_files import write
from jenkins_mfa import config as configuration
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.errors import ConfigError


def read(folder: Path, table: str) -> Weekly | None:
    path = write(folder)
    path.write_text(f"{path.read_text()}\n{table}")
    return configuration.load(path).digest


def test_it_is_off_where_it_is_left_out_and_has_a_usual_time(tmp_path: Path) -> None:
    """An upgrade posts nothing that nobody asked for."""
    assert read(tmp_path / "a", "") is None
    assert read(tmp_path / "b", "[digest]") == Weekly(0, 540, ZoneInfo("UTC"))
    written = '[digest]\nday = "fri"\nat = "16:30"\nzone = "Europe/Berlin"'
    assert read(tmp_path / "c", written) == Weekly(4, 990, ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('day = "monday"', "mon, tue, wed"),
        ('at = "9:00"', "a time of day such as 09:00"),
        ('at = "24:00"', "a time of day such as 09:00"),
        ('zone = "Berlin"', "an IANA zone such as Europe/Berlin; nearest: "),
        ('hour = "09:00"', "known: day, at, zone"),
    ],
)
def test_faults_are_told_with_what_is_allowed(tmp_path: Path, line: str, told: str) -> None:
    """And with the table that they stand in."""
    with pytest.raises(ConfigError) as error:
        read(tmp_path, f"[digest]\n{line}")
    assert "[digest]" in str(error.value)
    assert told in str(error.value)
