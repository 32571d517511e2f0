"""[[sources.watched]]: which pipelines are watched, and a sentence for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_files import write
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError


def read(folder: Path, *names: str, more: str = "") -> dict[str, frozenset[str]]:
    path = write(folder)
    tables = "".join(f'[[sources.watched]]\npipeline = "{name}"\n{more}' for name in names)
    path.write_text(path.read_text().replace("[slack]", f"{tables}[slack]", 1))
    return dict(configuration.load(path).sources[0].watched)


def test_watched_pipelines_are_read_in_order(tmp_path: Path) -> None:
    """A branch's name keeps its `%2F`."""
    assert list(read(tmp_path, "team one/deploy", "app/feature%2Fx")) == ["team one/deploy", "app/feature%2Fx"]
    assert read(tmp_path / "none") == {}


def test_stages_that_none_may_reach_without_a_gate(tmp_path: Path) -> None:
    """By their names; a fault is told with its place."""
    assert read(tmp_path, "a", more='stages = ["Deploy", "Roll out"]\n') == {"a": frozenset({"Deploy", "Roll out"})}
    with pytest.raises(ConfigError) as error:
        read(tmp_path / "fault", "a", more='stages = "Deploy"\n')
    assert "stages" in str(error.value)
    assert "a list of stages' names" in str(error.value)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("/deploy",), "a job's full name such as team/deploy"),
        (("a/../b",), "a job's full name such as team/deploy"),
        (("",), "a job's full name such as team/deploy"),
        (("a", "a"), "it is watched twice"),
        (tuple(f"job-{n}" for n in range(51)), "51 pipelines; allowed: 50"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, names: tuple[str, ...], told: str) -> None:
    """The report names the key."""
    with pytest.raises(ConfigError) as error:
        read(tmp_path, *names)
    assert told in str(error.value)
    assert "watched" in str(error.value)
