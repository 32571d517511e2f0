"""[[consumers]]: who may redeem receipts; every fault has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_files import without_pages, write
from jenkins_mfa import config as configuration
from jenkins_mfa.core.consumers import Consumer, of_secret
from jenkins_mfa.errors import ConfigError

ROOT = Path(__file__).parent.parent
SECRET = "s" * 32
RIGHT = {
    "name": '"prod"',
    "secret_file": '"prod.secret"',
    "sources": '["main"]',
    "pipelines": '["team one/*"]',
    "environments": '["production"]',
}


def read(folder: Path, *tables: dict[str, str], pages: bool = True) -> tuple[Consumer, ...]:
    """The consumers of these tables; all secret files are there."""
    path = write(folder)
    if not pages:
        without_pages(path)
    for name, secret in {"prod": SECRET, "twin": SECRET, "other": "o" * 32, "short": "s" * 31}.items():
        (folder / f"{name}.secret").touch(mode=0o600)
        (folder / f"{name}.secret").write_text(f"{secret}\n")
    lines = ["[[consumers]]\n" + "\n".join(f"{k} = {v}" for k, v in table.items() if v) for table in tables]
    path.write_text("\n".join([path.read_text(), *lines, ""]))
    return configuration.load(path).consumers


def problems(folder: Path, *tables: dict[str, str], pages: bool = True) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(folder, *tables, pages=pages)
    return refused.value.problems


def test_a_consumer_is_read_and_its_secret_is_not_kept(tmp_path: Path) -> None:
    """S16: from a file that others cannot read; what stays is its digest."""
    assert read(tmp_path) == ()
    found = read(tmp_path, RIGHT, {**RIGHT, "name": '"other"', "secret_file": '"other.secret"'})
    assert [one.name for one in found] == ["prod", "other"]
    assert of_secret(found, SECRET) == found[0]
    assert (found[0].sources, str(found[0].pipelines), found[0].environments) == (
        ("main",),
        "team one/*",
        ("production",),
    )
    assert SECRET not in repr(found)


def test_s16_without_secrets_a_consumer_is_nobody(tmp_path: Path) -> None:
    """Commands that leave secrets alone know its table; an empty secret is not its own."""
    read(tmp_path, RIGHT)
    (found,) = configuration.load(tmp_path / "config.toml", with_secrets=False).consumers
    assert (found.name, found.secret_sha256) == ("prod", "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": '"Prod 1"'}, "a-z, 0-9, dash; 32 at most"),
        ({"secret_file": '"short.secret"'}, "the secret has 31 characters; allowed: 32 at least"),
        ({"secret_file": '"nowhere.secret"'}, "cannot be read: no such file or directory"),
        ({"secret_file": f'"{"a1" * 16}"'}, "this looks like the token itself"),
        ({"sources": '["other"]'}, 'seen: "other" (text); known: main'),
        ({"sources": "[]"}, "a list of ids of [[sources]]"),
        ({"pipelines": '["a[b"]'}, "it has a [ that is never closed"),
        ({"pipelines": ""}, "pipelines is missing"),
        ({"environments": "[]"}, "a list of names of environments"),
        ({"environment": '"x"'}, "this key is not known; nearest: environments"),
    ],
    ids=["name", "short", "missing", "token", "source", "no_source", "glob", "pipelines", "environments", "unknown"],
)
def test_a_consumer_with_a_fault_ends_the_start(tmp_path: Path, change: dict[str, str], says: str) -> None:
    """With the table, the key, what was seen and what is allowed."""
    found = problems(tmp_path, RIGHT | change)
    assert any(says in problem and "[[consumers]]" in problem for problem in found), found


def test_s16_a_secret_that_others_can_read_ends_the_start(tmp_path: Path) -> None:
    """As every other secret file."""
    read(tmp_path, RIGHT)
    (tmp_path / "prod.secret").chmod(0o640)
    with pytest.raises(ConfigError, match=r"prod\.secret can be read by others"):
        configuration.load(tmp_path / "config.toml")


def test_consumers_that_cannot_be_told_apart_end_the_start(tmp_path: Path) -> None:
    """One name twice, or one secret twice."""
    assert any("two consumers have this name" in one for one in problems(tmp_path, RIGHT, RIGHT))
    twins = (RIGHT, {**RIGHT, "name": '"b"', "secret_file": '"twin.secret"'})
    assert any("another consumer has the same secret" in one for one in problems(tmp_path, *twins))


def test_without_pages_nobody_redeems(tmp_path: Path) -> None:
    """They are redeemed where the pages are."""
    assert any("receipts are redeemed at the agent's pages" in one for one in problems(tmp_path, RIGHT, pages=False))


def test_every_key_of_a_consumer_is_in_the_example_and_explained() -> None:
    """The example has the table as a comment, since few need one."""
    example, page = (ROOT / "config.example.toml").read_text(), (ROOT / "docs/configuration.md").read_text()
    section = page.partition("### `[[consumers]]`")[2].partition("###")[0]
    for key in RIGHT:
        assert f"# {key} = " in example
        assert f"| `{key}` |" in section
