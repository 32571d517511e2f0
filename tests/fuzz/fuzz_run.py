"""`make fuzz`: every target for its share of the time, guided by the code that its inputs reach (atheris).

What is reached is kept in .fuzz/corpus, where the next run goes on. An input that is a finding ends its target's run.
It is printed as a line for corpus/NAME.txt, where it stays as a test under a name that says what was wrong.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["jenkins_mfa", "webauthn", "jwt", "tomllib"]):
    from fuzz_targets import TARGETS

from fuzz_kit import Target, in_memory, in_time, quiet
from fuzz_mutation import mutated

WORK = Path(__file__).parents[2] / ".fuzz"
LONGEST = 16_384  #: bytes of an input; larger ones are in fuzz_mutation.LARGE
STUCK = 60  #: seconds on the clock after which an input is given up that no signal reaches
STATS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def fuzz(target: Target, seconds: int) -> None:
    """In a process of its own, which this ends."""
    seeds = [*target.seeds(), *target.kept.values()]
    for number, seed in enumerate(seeds):
        (_folder("seeds", target.name) / str(number)).write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            with in_time():
                target(data)
        except BaseException:
            _found(target).write_bytes(data)
            raise

    def changed(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        return mutated(data, seeds, random, most) if random.random() < 0.5 else atheris.Mutate(data, most)

    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={STUCK}", "-rss_limit_mb=0"]
    options += ["-print_final_stats=1", f"-artifact_prefix={_folder('stuck')}/{target.name}-"]
    folders = [str(_folder("corpus", target.name)), str(_folder("seeds", target.name))]
    log = os.open(_folder("log") / target.name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    with ExitStack() as bounds:
        bounds.enter_context(quiet())
        bounds.enter_context(in_memory())
        atheris.Setup(["fuzz", *options, *folders], one, custom_mutator=changed)
        atheris.Fuzz()


def _folder(*names: str) -> Path:
    path = WORK.joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _found(target: Target) -> Path:
    return _folder("found") / target.name


def _told(target: Target, status: int) -> bool:
    """Say how it went; whether nothing was found."""
    text = (_folder("log") / target.name).read_text(errors="replace")
    runs = STATS.search(text)
    right = status == 0 and runs is not None
    print(f"{target.name:20} {int(runs[1]) if runs else 0:>12,} inputs{'' if right else '  FINDING'}", flush=True)
    if not right:
        print("\n".join(line for line in text.splitlines() if not line.startswith(("#", "INFO", "WARNING")))[-4000:])
    if _found(target).exists():
        print(f"for tests/fuzz/corpus/{target.name}.txt: NAME {_found(target).read_bytes()!r}", flush=True)
    return right


def main(seconds: int, names: list[str]) -> int:
    """All targets, or those named, side by side on all processors; exit code 1 where there was a finding."""
    waiting = [TARGETS[name] for name in names or TARGETS]
    side_by_side = os.cpu_count() or 1
    share = max(1, seconds * side_by_side // len(waiting))
    print(f"{len(waiting)} targets, {share} s each, {side_by_side} at a time", flush=True)
    running: dict[int, Target] = {}
    right = True
    try:
        while waiting or running:
            while waiting and len(running) < side_by_side:
                target = waiting.pop(0)
                _found(target).unlink(missing_ok=True)
                child = os.fork()
                if child == 0:
                    try:
                        fuzz(target, share)
                    finally:
                        os._exit(1)
                running[child] = target
            child, status = os.wait()
            right = _told(running.pop(child), status) and right
    finally:
        for child in running:
            os.kill(child, signal.SIGKILL)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
