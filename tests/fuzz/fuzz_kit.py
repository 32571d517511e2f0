"""What a target of the fuzzing is, what it may take, and the inputs that are kept for it.

A target reads bytes that strangers could send, and may refuse them with its documented errors alone. Whatever else
leaves it, takes too long or takes too much memory is a finding.
"""

from __future__ import annotations

import ast
import logging
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

SECONDS = 1.0  #: of processor time for one input; what the whole of a large file takes is far below
BYTES = 512 << 20  #: of memory, beyond what the process has when it begins
#: Where files are made: in memory where there is such a place, since a disk that is asked to be sure takes its time.
FILES = "/dev/shm" if Path("/dev/shm").is_dir() else None
CORPUS = Path(__file__).parent / "corpus"

Reads = Callable[[bytes], object]


class SlowError(BaseException):
    """An input took longer than SECONDS. No `except Exception` of what is tested takes it for its own."""


@dataclass(frozen=True)
class Target:
    """One parser of outside data. `seeds` are inputs that it takes, made by whoever writes them in earnest."""

    name: str
    reads: Reads
    refuses: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]

    def __call__(self, data: bytes) -> bool:
        """Whether the input is taken; False where it is refused as it should be. Raises what is a finding."""
        try:
            self.reads(data)
        except self.refuses:
            return False
        return True

    @property
    def kept(self) -> dict[str, bytes]:
        """Inputs by their names, from corpus/NAME.txt: a name and a literal of bytes a line."""
        path = CORPUS / f"{self.name}.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return {name: ast.literal_eval(text) for name, _, text in (line.partition(" ") for line in lines)}


TARGETS: dict[str, Target] = {}


def target(*refuses: type[Exception], seeds: Callable[[], Iterable[bytes]]) -> Callable[[Reads], Reads]:
    """Makes a function a target of its name."""

    def add(reads: Reads) -> Reads:
        assert reads.__name__ not in TARGETS
        TARGETS[reads.__name__] = Target(reads.__name__, reads, refuses, seeds)
        return reads

    return add


@contextmanager
def in_time(seconds: float = SECONDS) -> Iterator[None]:
    """Raises SlowError after so much processor time: an input that never ends is one that took too long."""

    def slow(*_: object) -> None:
        raise SlowError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def in_memory(size: int = BYTES) -> Iterator[None]:
    """Raises MemoryError where more than `size` bytes are asked for beyond what the process has now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def quiet() -> Iterator[None]:
    """No line of a log: thousands of inputs are refused."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)
