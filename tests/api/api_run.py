"""`make api`: Schemathesis asks an agent what docs/openapi.json has, right and wrong, and holds each answer to it.

The pages stand on a real socket, on a store in memory that knows a build which was let go on; nobody is too often here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from test_web_receipts import CONSUMERS, SECRET
from web_kit import served

from desk_world import World
from jenkins_mfa.web.rates import Rate

ROOT = Path(__file__).parents[2]
#: All but two: what fits must not be taken (a receipt that nobody has signed fits), and whoever sends what changes
#: something, from no page of ours, is refused (403) before it is looked whether the path takes it.
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "ignored_auth",
    ]
)


def main(seed: str) -> int:
    """0 where every answer is one that the document has."""
    world = World()
    world.open()
    world.tap("alice")
    world.deliver()
    with served(world.desk, consumers=CONSUMERS) as place:
        often: Rate = place.site.rates.consumer
        often.burst = 1_000_000
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", str(ROOT / "docs" / "openapi.json"), "--url", place.settings.url),
            *("--header", f"Authorization: Bearer {SECRET}", "--checks", CHECKS, "--seed", seed),
            *("--max-examples", "300", "--continue-on-failure", "--generation-database", "none"),
        ]
        return subprocess.run(command, check=False, cwd=ROOT / ".api").returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["1"]))
