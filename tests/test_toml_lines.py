"""Lines of keys, tables and items: of texts whose places are known, of the examples, and of whatever tomllib reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jenkins_mfa.toml_lines import lines_of

ROOT = Path(__file__).parent.parent

TEXT = '''\
# [not.a.table]
a = 1  # b = 2
"c d".e = [  # three
  1, { f = [
    2 ] },
]
g = """
[h]
i = 1"""

[[rules]]
name = "one"
when = { x = 1, y = { "z=" = "]" } }
require = [
  { factor = 'a' },

  { factor = "b#", count = 2 },
]

[rules.more]
deep.er = 1979-05-27T07:32:00Z

[[rules.list]]
k = 1
[[rules.list]]
k = 2

[[rules]]
  name = "two"
  [rules.when]
  x = \'\'\'
]\'\'\'
  y = 1.0
'''

KNOWN = {
    ("a",): 2,
    ("c d",): 3,
    ("c d", "e"): 3,
    ("c d", "e", 0): 4,
    ("c d", "e", 1): 4,
    ("c d", "e", 1, "f"): 4,
    ("c d", "e", 1, "f", 0): 5,
    ("g",): 7,
    ("rules",): 11,
    ("rules", 0): 11,
    ("rules", 0, "name"): 12,
    ("rules", 0, "when"): 13,
    ("rules", 0, "when", "x"): 13,
    ("rules", 0, "when", "y"): 13,
    ("rules", 0, "when", "y", "z="): 13,
    ("rules", 0, "require"): 14,
    ("rules", 0, "require", 0): 15,
    ("rules", 0, "require", 0, "factor"): 15,
    ("rules", 0, "require", 1): 17,
    ("rules", 0, "require", 1, "factor"): 17,
    ("rules", 0, "require", 1, "count"): 17,
    ("rules", 0, "more"): 20,
    ("rules", 0, "more", "deep"): 21,
    ("rules", 0, "more", "deep", "er"): 21,
    ("rules", 0, "list"): 23,
    ("rules", 0, "list", 0): 23,
    ("rules", 0, "list", 0, "k"): 24,
    ("rules", 0, "list", 1): 25,
    ("rules", 0, "list", 1, "k"): 26,
    ("rules", 1): 28,
    ("rules", 1, "name"): 29,
    ("rules", 1, "when"): 30,
    ("rules", 1, "when", "x"): 31,
    ("rules", 1, "when", "y"): 33,
}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path of parsed data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {found for key, one in inner for found in {(*path, key), *paths(one, (*path, key))}}


def test_known_places() -> None:
    """Comments, texts over lines, inline tables, lists over lines, tables below the items of lists."""
    tomllib.loads(TEXT)
    assert lines_of(TEXT) == KNOWN
    assert lines_of(TEXT.replace("\n", "\r\n")) == KNOWN


@pytest.mark.parametrize("name", ["config", "policy", "roster"])
def test_every_path_of_the_examples_has_its_line(name: str) -> None:
    """And its key stands there."""
    text = (ROOT / f"{name}.example.toml").read_text()
    found, lines = lines_of(text), text.splitlines()
    for path in paths(tomllib.loads(text)):
        if path in found:
            assert isinstance(path[-1], int) or path[-1] in lines[found[path] - 1]
        else:
            assert any(one[: len(path)] == path for one in found), path


keys = st.sampled_from(["a", "b-c", '"d.e"', "'f'", '"\\u0041"', "a.b", "a . 'x y'", '""'])
scalars = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        '"x"',
        "'y'",
        '"""\nz"""',
        "'''\n[a]\n'''",
        '"""a\\"""" ',
        '""""x"""""',
        "2026-01-01",
        "nan",
    ]
)


def over_lines(items: list[str]) -> str:
    """A list, an item a line, with comments that look like something else."""
    return "[\n" + ",# [\n".join(items) + ("," if items else "") + "\n]"


def inline(pairs: list[tuple[str, str]]) -> str:
    """An inline table."""
    return f"{{ {', '.join(f'{key} = {value}' for key, value in pairs)} }}"


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{' , '.join(items)}]"),
        st.lists(inner, max_size=3).map(over_lines),
        st.lists(st.tuples(keys, inner), max_size=2).map(inline),
    ),
    max_leaves=6,
)
lines = st.one_of(
    st.tuples(keys, values).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    keys.map(lambda key: f"[{key}]"),
    keys.map(lambda key: f"[[ {key} ]] # x"),
    st.sampled_from(["", "# a = 1", "  "]),
)


@given(st.lists(lines, max_size=8).map("\n".join))
@example('a = """\\""""\nb = 1')
def test_whatever_tomllib_reads_has_lines_within_the_text(text: str) -> None:
    """Every path that is found is in the data, and what has none is a table that follows from another's header."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = lines_of(text)
    known = paths(data)
    assert set(found) <= known
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    for path in known - set(found):
        assert any(one[: len(path)] == path for one in found), path


@given(st.text(alphabet="[]{}=,.\"'#\\\na1 ", max_size=40))
def test_anything_else_ends(text: str) -> None:
    """It is called for what tomllib has read; it ends for all that it is given."""
    try:
        lines_of(text)
    except tomllib.TOMLDecodeError:
        return
