"""Typed JSON in several threads: a class that is met for the first time by all of them at once."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "jenkins_mfa"

FIRST_MEETINGS = """
import dataclasses, sys, threading
from typing import Dict, Optional, Tuple
from jenkins_mfa import shapes

sys.setswitchinterval(1e-6)
text = b"{%s}" % b",".join(b'"f%d":{"a":[1]}' % n for n in range(25))
for number in range(100):
    fields = [(f"f{n}", Optional[Dict[str, Tuple[int, ...]]], None) for n in range(25)]
    kind = dataclasses.make_dataclass(f"D{number}", fields, frozen=True)
    together = threading.Barrier(4)

    def read():
        together.wait()
        assert shapes.decode(text, kind).f24 == {"a": (1,)}

    threads = [threading.Thread(target=read) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


def test_threads_that_meet_a_class_at_once_do_not_end_the_process() -> None:
    """Decoders made by two threads at a time end the process with a segmentation fault; these do not."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_MEETINGS], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_other_typed_json_is_decoded() -> None:
    """Classes are decoded in one place; elsewhere plain values, or tuples of them, which have no fields to list.

    A decoder that a module makes as it is imported is made by one thread: imports take turns.
    """
    found = {path.name for path in SRC.rglob("*.py") if any(map(_typed, _calls(ast.parse(path.read_text()))))}
    assert found == {"shapes.py"}


def _calls(module: ast.Module) -> Iterator[ast.Call]:
    """Every call but those that give a constant of the module its value."""
    constants = {node.value for node in module.body if isinstance(node, ast.Assign)}
    return (node for node in ast.walk(module) if isinstance(node, ast.Call) and node not in constants)


def _typed(call: ast.Call) -> bool:
    """Whether it makes a decoder, or decodes into a class."""
    shape = next((ast.unparse(one.value) for one in call.keywords if one.arg == "type"), "tuple[")
    match ast.unparse(call.func):
        case "msgspec.json.Decoder" | "msgspec.convert":
            return True
        case "msgspec.json.decode":
            return not shape.startswith("tuple[")
    return False
