"""`policy diff` over very many past gates: its time, and the most memory that its process takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, Sizes
from benchmarks.stage import POLICY, PREFIX, STARTER, Stage, stage
from jenkins_mfa import config as configuration
from jenkins_mfa.core.model import (
    Author,
    Claims,
    Facts,
    Gate,
    History,
    Library,
    Parameter,
    Requirement,
    Revision,
    Run,
    Starter,
    State,
    Trigger,
)
from jenkins_mfa.core.policy import Policy, Roster, evaluate
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.records import planned

RULES = 10  #: of both policies, beside the stage's two
CHUNK = 1000  #: gates written at once
DAYS = 25  #: over which they are spread

#: What the other policy has on top: a calendar, declared environments, tags of paths, and people of the commits.
STRICTER = """\
[calendars.office]
zone = "Europe/Berlin"
weekdays = ["mon", "tue", "wed", "thu", "fri"]
hours = ["08:00-18:00"]
holidays = "DE"

[[environments]]
name = "production"
pipelines = ["code/*"]
tags = ["sensitive"]

[[resources]]
paths = ["terraform/*"]
tags = ["sensitive"]

[[rules]]
name = "out-of-hours"
when = { tags = "sensitive", outside = "office" }
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
authors_may_approve = false

"""


def measure(sizes: Sizes) -> list[Figure]:
    """Write the gates as the agent stores them, then run the command in a process of its own."""
    with stage() as here:
        (here.directory / "policy.toml").write_text(_with(""))
        _write(here, sizes.replayed)
        (here.directory / "new.toml").write_text(_with(STRICTER))
        began = time.monotonic()
        told, peak = _diff(here)
        seconds = time.monotonic() - began
    assert f"{sizes.replayed} gate" in told.splitlines()[-1], told
    lines, rules = len(told.splitlines()) - 1, f"{RULES + 2} and {RULES + 3} rules"
    how = f"{sizes.replayed} gates, {rules}, {lines} lines of differences; the whole command with its start"
    name = f"policy diff over {sizes.replayed} gates"
    return [Figure(f"{name}, time", seconds, "s", 60, how), Figure(f"{name}, memory", peak, "MiB", 300, "peak; " + how)]


def _with(rules: str) -> str:
    """The stage's policy with `RULES` rules of three questions each that match now and then, and these."""
    before, _, after = POLICY.partition("[default]")
    many = (
        f'[[rules]]\nname = "team-{n}"\nrequire = [{{ factor = "totp", approvers = ["group:release"] }}]\n'
        f'when = {{ pipeline = "*/{n}", changed_paths = "terraform/*", branch = ["main", "release/*"] }}\n\n'
        for n in range(RULES)
    )
    return "".join((before, *many, rules, "[default]", after))


def _diff(here: Stage) -> tuple[str, float]:
    """What the command printed, and its peak of resident memory in MiB, told by itself at its end."""
    code = (
        "import re, sys; from jenkins_mfa.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)"
    )
    files = [str(here.directory / name) for name in ("policy.toml", "new.toml")]
    command = [sys.executable, "-c", code, "policy", "diff", *files, "--config", str(here.config_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, int(done.stderr.split()[-1]) / 1024


def _write(here: Stage, count: int) -> None:
    """Past gates, with the seals and the index of all gates that a commit makes."""
    config = configuration.load(here.config_path)
    now = int(time.time() * 1000)
    with client_for(here.server.url) as client:
        pipeline = client.pipeline(transaction=False)
        for number, gate in enumerate(_gates(count, config.policy, config.roster, now), 1):
            record = planned(gate, here.keys.mac_key)
            fields = {name: record[name] for name in ("version", "json", "seal")}
            pipeline.hset(f"{{{PREFIX}}}:{record['key']}", mapping=fields)  # type: ignore[arg-type]
            pipeline.zadd(f"{{{PREFIX}}}:gates", {gate.id: 0})
            if number % CHUNK == 0 or number == count:
                pipeline.execute()


def _gates(count: int, policy: Policy, roster: Roster, now: int) -> Iterator[Gate]:
    """Gates of a hundred jobs, of which half change under the other policy for one reason or another."""
    claims = Claims("staging", "deploy", "Deploy 1.4", details=(("version", "1.4"), ("ticket", "OPS-12")))
    for number in range(count):
        job = f"{'code' if number % 2 else 'tap'}/{number // 2 % 50}"
        run = Run("main", "jenkins", job, str(number), 1, f"http://127.0.0.1/job/{job}/{number}/", now)
        paths = ("src/web/page.py", "terraform/main.tf") if number % 5 == 0 else ("src/web/page.py",)
        facts = Facts(
            run,
            "main",
            (Starter(Trigger.PERSON, STARTER, STARTER),),
            (Revision("https://git.example.com/shop/web.git", "origin/main", "5" * 40),),
            commits=2,
            authors=(Author("p1", "p1@example.com"), Author("somebody", "else@example.com")),
            paths=paths,
            parameters=(Parameter("VERSION", "1.4"), Parameter("TICKET", "OPS-12")),
            libraries=(Library("jenkins-mfa", "v0.1.0", True, ("mfaGate",)),),
        )
        at = now - (number + 1) * DAYS * 86_400_000 // (count + 1)
        history = History(at, tuple(at - 60_000 * n for n in range(1, 11)), True, True)
        requirement = evaluate(policy, roster, facts, claims, history)
        yield _gate(number, facts, claims, requirement, history)


def _gate(number: int, facts: Facts, claims: Claims, requirement: Requirement, history: History) -> Gate:
    at = history.at
    return Gate(
        id=f"g_{number:032x}",
        generation=1,
        version=5,
        state=State.RESUMED,
        external_ref=f"{facts.run.key}/Mfa-{number:032x}",
        nonce=f"Mfa-{number:032x}",
        run=facts.run,
        facts=facts,
        opened_at=at,
        deadline=at + 1_800_000,
        first_deadline=at + 1_800_000,
        request_text='{"v":1}' + " " * 800,
        request_sha256="0" * 64,
        kids=("k1",),
        claims=claims,
        requirement=requirement,
        history=history,
        decided_at=at + 60_000,
    )
