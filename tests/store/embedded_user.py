"""A process that uses an embedded store, for tests that kill it: opens it, commits, says so, waits for a line."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from factory import gate, opening

from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.settings import Settings

SEAL_KEY = b"m" * 32


def main(folder: Path, number: int) -> None:
    """Ctrl-C is the agent's: one more commit, then the end."""
    with open_store(Settings(f"embedded:{folder}"), SEAL_KEY) as (store, _):
        store.commit(opening(gate(number)))
        server = store._wire.client.info("server")["process_id"]
        try:
            print(server, flush=True)
            sys.stdin.readline()
        except KeyboardInterrupt:
            store.commit(opening(gate(number + 1)))


if __name__ == "__main__":
    # Where the tests run in a shell's background, Ctrl-C is ignored from the start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(Path(sys.argv[1]), int(sys.argv[2]))
