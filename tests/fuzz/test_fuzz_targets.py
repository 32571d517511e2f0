"""A part of `make fuzz` for every day, and whether all parsers of outside data are among its targets."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from types import CodeType, FrameType

import pytest
from fuzz_kit import CORPUS, in_memory, in_time, quiet
from fuzz_mutation import LARGE, mutated
from fuzz_targets import TARGETS

import jenkins_mfa

INPUTS = 60  #: of each target, the same in every run
KEPT = [(target, name) for target in sorted(TARGETS) for name in TARGETS[target].kept]
SRC = Path(jenkins_mfa.__file__).parent

#: Calls that make a value of a text or of bytes. Whoever calls one reads something.
READERS = {
    *("loads", "decode", "parse", "fullmatch", "int", "float", "unquote", "unescape", "urlsplit", "connect"),
    *("fromisoformat", "strptime", "parsedate_to_datetime", "ip_address", "ip_network", "parse_cbor"),
    *("fromhex", "b64decode", "urlsafe_b64decode", "b32decode", "load_pem_private_key", "load_der_public_key"),
    *("load_pem_x509_certificates", "load_der_x509_certificate"),
}

#: Functions that call one, and read nothing from outside: why. Each must still be there.
OURS = {
    "agent.py:*": "starts threads",
    "wiring.py:*": "starts adapters",
    "core/webhook.py:headers": "a digest, encoded in the same line",
    "tracing/otel.py:_traceparent": "flags of our own",
    "cli/*": "commands: what is typed is read by click, and the types in targets_files; files by targets of their own",
    "core/receipt_form.py:_text": "makes a check; the check is entered",
    "key_files.py:generate": "writes; the index is read by `key_index`",
    "reporting/*": "figures for plots, which this project has made",
    "store/gates.py:*": "texts that were encoded in the same line",
    "usecases/*:_binding": "a nonce of a sealed record",
    "usecases/*:_seed": "a seed that the vault opened",
    "usecases/claim.py:_sign": "times of our own",
    "usecases/deliver.py:deliver": "seconds that an adapter has read",
    "usecases/supersede.py:newer_run": "an id that was found to be a number",
    "usecases/tickets.py:fresh": "random bytes, encoded in the same line",
    "web/receipts.py:_by": "values of our own refusal",
    "words/*": "values that a use case wrote as numbers; a failure ends one delivery, and is tried again",
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_drawn_is_taken_or_refused_as_it_should_be(name: str) -> None:
    """Right inputs are taken; others, long and deep ones, too, end in the documented error, in time and memory."""
    target, random = TARGETS[name], Random(name)
    seeds = list(target.seeds())
    with quiet(), in_memory():
        assert True in {target(seed) for seed in seeds}
        for data in (*LARGE, *(mutated(random.choice(seeds), seeds, random) for _ in range(INPUTS))):
            with in_time():
                target(data)


@pytest.mark.parametrize(("name", "kept"), KEPT)
def test_what_was_found_once_stays_mended(name: str, kept: str) -> None:
    """Each input that was a finding, under a name that says what was wrong."""
    with quiet(), in_memory(), in_time():
        TARGETS[name](TARGETS[name].kept[kept])


def test_each_file_of_kept_inputs_belongs_to_a_target() -> None:
    """A target that was renamed would leave its findings behind."""
    assert {path.stem for path in CORPUS.glob("*.txt")} <= TARGETS.keys()


def _readers() -> Iterator[str]:
    """`module:function` of all that reads, but for simulators and the demo, which nobody runs in earnest."""
    for path in sorted(SRC.rglob("*.py")):
        module = path.relative_to(SRC)
        if module.parts[0] not in {"simulators", "demo"}:
            functions = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef))
            yield from (f"{module}:{function.name}" for function in functions if _reads(function))


def _reads(function: ast.AST) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(getattr(call, "attr", getattr(call, "id", "")) in READERS for call in calls)


@contextmanager
def _entered() -> Iterator[set[CodeType]]:
    """All functions that are entered meanwhile, in whichever thread."""
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def test_every_function_that_reads_is_entered_by_a_target() -> None:
    """Whoever writes a parser adds a target, or says above why it reads nothing from outside."""
    with quiet(), _entered() as codes:
        for target in TARGETS.values():
            for seed in list(target.seeds())[:25]:
                with suppress(Exception):
                    target(seed)
    there = {f"{code.co_filename.removeprefix(f'{SRC}/')}:{code.co_name}" for code in codes}
    readers = set(_readers())
    assert {one for one in readers - there if not any(fnmatchcase(one, ours) for ours in OURS)} == set()
    assert {ours for ours in OURS if not any(fnmatchcase(one, ours) for one in readers)} == set()
