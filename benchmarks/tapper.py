"""One agent's worth of taps: `python -m benchmarks.tapper CONFIG GATE …`.

Says "ready", starts when its standard input ends, and prints when it began and ended, in seconds of the
machine.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.decisions import THREADS
from benchmarks.stage import TEAM, slack_id
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files, log
from jenkins_mfa.core.model import State
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.wiring import open_desk


def main(config_path: str, *gates: str) -> None:
    """Tap each gate once, person by person in turns, from eight threads."""
    log.set_up("ERROR")
    config = configuration.load(Path(config_path))
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        answers, people, lock = Answers(desk), threading.local(), threading.Lock()
        free = [f"p{number}" for number in range(THREADS)]

        def begin() -> None:
            with lock:
                people.mine = free.pop()

        def tap(gate: str) -> None:
            who = Who(f"slack:{TEAM}", slack_id(people.mine))
            counted = answers.tap(gate, who, f"slack:{TEAM}:{who.subject}:{gate}")
            assert isinstance(counted, Counted)
            assert counted.gate.state is State.APPROVED

        desk.messenger.inactive(free)
        with ThreadPoolExecutor(THREADS, initializer=begin) as pool:
            print("ready", flush=True)
            sys.stdin.read()
            began = time.monotonic()
            list(pool.map(tap, gates))
            print(began, time.monotonic())


if __name__ == "__main__":
    main(*sys.argv[1:])
