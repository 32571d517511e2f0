"""Taking over a policy of 5,000 lines: how long it takes, and what it costs whoever taps at that moment."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable

from benchmarks import gates
from benchmarks.figures import Figure, Sizes, percentile
from benchmarks.stage import POLICY, TEAM, Stage, slack_id, stage
from jenkins_mfa import config as configuration
from jenkins_mfa.reload import Reloader
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.desk import Desk, Who

LINES = 5_000

RULE = """
[[rules]]
name = "rule-{n}"
when = {{ pipeline = ["team-{n}/*", "other-{n}/*"], branch = "main", trigger = "person", first_run = "branch" }}
require = [
  {{ factor = "totp", count = 2, approvers = ["group:release"] }},
  {{ factor = "push", approvers = ["{who}", "group:release"] }},
]
ttl_seconds = {ttl}
"""


def measure(sizes: Sizes) -> list[Figure]:
    """Taps while nothing else happens, then taps while one policy after the other is taken over; then what that policy
    asks for in the gates that are still open.
    """
    with stage() as here, here.desk() as desk:
        opened = gates.open_gates(here, desk, gates.wanted(here, sizes.taps))
        jtis = [gate.jti for gate in opened]
        desk.messenger.inactive(here.people)
        config = configuration.load(here.config_path)
        reloader = Reloader(config.rules, desk, config.rules_digest)
        half = len(jtis) // 2
        alone = [_tapped(desk, here.people[0], jti) for jti in jtis[:half]]
        stop, taken = threading.Event(), list[float]()
        writer = threading.Thread(target=_take_over, args=(here, reloader.look, sizes.reload_lines, stop, taken))
        writer.start()
        meanwhile = [_tapped(desk, here.people[0], jti) for jti in jtis[half:]]
        stop.set()
        writer.join()
        assert "rule-0" in {rule.name for rule in desk.policy.rules}
        began = time.perf_counter()
        reloader.tighten()
        each = (time.perf_counter() - began) / len(jtis)
    slow, quick = (percentile(times, 99) * 1000 for times in (meanwhile, alone))
    lines = f"{sizes.reload_lines} lines"
    told = f"{len(meanwhile)} taps, one after the other, while policies of {lines} are taken over without a pause"
    return [
        Figure(f"policy of {LINES} lines taken over", statistics.median(taken) * 1000, "ms", 200, f"median; {lines}"),
        Figure("open gate looked at afterwards", each * 1000, "ms", None, f"mean of {len(jtis)}, one after the other"),
        Figure("tap meanwhile, 99th percentile", slow, "ms", 100, f"{told}; {quick:.1f} ms without"),
    ]


def _tapped(desk: Desk, person: str, jti: str) -> float:
    began = time.perf_counter()
    Answers(desk).tap(jti, Who(f"slack:{TEAM}", slack_id(person)), f"bench:{jti}")
    return time.perf_counter() - began


def _take_over(here: Stage, look: Callable[..., None], lines: int, stop: threading.Event, taken: list[float]) -> None:
    """Write a policy that differs from the one before, and have it taken over; at least once."""
    while not taken or not stop.is_set():
        text = POLICY
        for number in range((lines - POLICY.count("\n")) // RULE.count("\n")):
            text += RULE.format(n=number, who=here.people[0], ttl=600 + len(taken))
        (here.directory / "policy.toml").write_text(text)
        began = time.perf_counter()
        look(at_once=True)
        taken.append(time.perf_counter() - began)
