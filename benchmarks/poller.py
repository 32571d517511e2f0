"""Polls one installation's source and prints the processor time of each poll, ms: `python -m benchmarks.poller`.

A process of its own, so that its processor time is the agent's alone and not the simulators'.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files, log
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.wiring import open_desk

WARM = 3  #: polls before the first that counts


def main(config_path: str, polls: str) -> None:
    """Poll, and print a JSON list."""
    log.set_up("ERROR")
    config = configuration.load(Path(config_path))
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        watch = Watch(desk, desk.sources["main"])
        spent = []
        for _ in range(WARM + int(polls)):
            began = time.process_time()
            pending = watch.poll()
            spent.append((time.process_time() - began) * 1000)
    print(json.dumps({"pending": pending, "ms": spent[WARM:]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
