"""A mutation run over the policy core: `make mutants`. The changes are those of mutmut; docs/testing.md says the rest.

mutmut itself swaps functions in a program that runs; tables and closures made at import would stay as they are. Here
each mutant is a source of its own, imported anew in a process of its own; no file is touched.
"""

from __future__ import annotations

import difflib
import functools
import importlib.abc
import importlib.util
import os
import resource
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from multiprocessing import Pool
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from libcst import Module
from mutmut.mutation.file_mutation import Mutation, create_mutations

CORE = Path("src/jenkins_mfa/core")
FILES = (CORE / "quorum.py", *(file for file in sorted(CORE.glob("policy/*.py")) if file.name != "__init__.py"))

#: Tests of the policy core, what is fast and kills most first; drawn examples only for what survives the others.
TESTS = sorted(str(path) for path in Path("tests/core").glob("test_policy*.py"))
MORE = [f"tests/core/test_{name}.py" for name in ("predicates", "tightened", "barred", "absence", "asked", "quorum")]
RULES = ["tests/test_break_glass_rules.py", "tests/test_loosening.py"]
STAGES = (("not hypothesis", [*TESTS, *MORE, *RULES]), ("hypothesis", [*TESTS, *MORE]))

SECONDS = 60  #: of computing; the unchanged code needs fewer than 15
MEMORY = 2 << 30  #: bytes

hypothesis.settings.register_profile(
    "mutants",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@dataclass(frozen=True)
class Mutant(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """One changed source; as a finder, what is imported in place of the true one."""

    file: Path
    source: str

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        mine = ".".join(self.file.with_suffix("").parts[1:])
        return importlib.util.spec_from_loader(name, self) if name == mine else None

    def get_source(self, fullname: str) -> str:
        return self.source

    def diff(self) -> str:
        lines = difflib.unified_diff(self.file.read_text().splitlines(), self.source.splitlines(), n=0, lineterm="")
        return "\n".join((str(self.file), *(line for line in list(lines)[2:])))


@functools.cache
def changes(file: Path) -> tuple[Module, list[Mutation]]:
    """A file as a tree, and what can be changed in it."""
    tree, found, *_ = create_mutations(str(file), file.read_text())
    return tree, found


def mutant(file: Path, number: int) -> Mutant:
    """The file with one of its changes."""
    tree, found = changes(file)
    return Mutant(file, tree.deep_replace(found[number].original_node, found[number].mutated_node).code)


def survives(one: Mutant) -> bool:
    """Whether all tests pass with it, in a process that has imported nothing of ours yet."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        sys.meta_path.insert(0, one)
        os._exit(not _tests())
    return os.waitpid(child, 0)[1] == 0


def _tests() -> bool:
    hypothesis.settings.load_profile("mutants")
    options = ["-x", "-q", "--tb=no", "--noconftest", "--disable-plugin-autoload", "-W", "ignore"]
    options += [f"-p{name}" for name in ("pytest_timeout", "_hypothesis_pytestplugin", "no:cacheprovider")]
    return all(pytest.main([*options, "-m", kind, *names]) == 0 for kind, names in STAGES)


def _judged(what: tuple[Path, int]) -> str:
    """Empty for a mutant that is killed; the difference where it survives."""
    one = mutant(*what)
    return one.diff() if survives(one) else ""


def main(names: list[str]) -> None:
    """Judge all mutants, or those of the files whose names are given; print the survivors and the figures."""
    files = [file for file in FILES if not names or file.name in names]
    if not survives(Mutant(FILES[0], FILES[0].read_text())):
        sys.exit("The tests fail without any mutant.")
    todo = [(file, number) for file in files for number in range(len(changes(file)[1]))]
    survived = 0
    with Pool(os.cpu_count()) as pool:
        for difference in pool.imap_unordered(_judged, todo):
            if difference:
                survived += 1
                print(difference, end="\n\n", flush=True)
    print(f"{len(todo)} mutants, {len(todo) - survived} killed, {survived} survived")


if __name__ == "__main__":
    main(sys.argv[1:])
