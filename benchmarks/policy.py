"""How long a policy is asked: 200 rules of five questions each, against the list of lambdas that people write first."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict

from benchmarks.figures import Figure, Sizes, percentile
from jenkins_mfa.core.model import Claims, Factor, Facts, History, Parameter, Run, Starter, Trigger
from jenkins_mfa.core.policy import Demand, Globs, Person, Policy, Roster, Rule, evaluate
from jenkins_mfa.core.policy.predicates import All, Not, Pair, People, Texts

NOW = 1_764_000_000_000
ROSTER = Roster(
    {f"p{n}": Person(f"p{n}", f"P {n}", (("dev", "release")[n % 2],), {"ci:main": f"p{n}"}) for n in range(250)}
)
FACTS = Facts(
    Run("main", "ci", "team one/deploy", "17", 1, "https://ci.example.com/17/"),
    "main",
    (Starter(Trigger.PERSON, "p0", "p0"),),
    paths=tuple(f"src/module{n}/file.py" for n in range(50)),
    parameters=(Parameter("DRY", "false"),),
)
CLAIMS = Claims("production", "deploy", "Deploy 1.4")

Lambda = Callable[[dict[str, object]], bool]


def measure(sizes: Sizes) -> list[Figure]:
    """Processor time of `evaluate`, reasons included, for rules none, one in twenty, and all of which match."""
    found = []
    for name, share, limit in (("none match", 0, 2.0), ("one in 20 matches", 20, 2.0), ("all match", 1, None)):
        policy = _policy(sizes.rules, share)
        spent = _times(lambda policy=policy: evaluate(policy, ROSTER, FACTS, CLAIMS, History(NOW)), sizes.evaluations)  # type: ignore[misc]
        how = f"{sizes.rules} rules of 5 questions, processor time; median {percentile(spent, 50):.2f} ms"
        found.append(Figure(f"policy asked, {name}, 99th percentile", percentile(spent, 99), "ms", limit, how))
    policy = _policy(sizes.rules, 20)
    ours = percentile(_times(lambda: evaluate(policy, ROSTER, FACTS, CLAIMS, History(NOW)), sizes.evaluations), 50)
    rules, facts = [_lambda(n, 20) for n in range(sizes.rules)], asdict(FACTS)
    naive = percentile(_times(lambda: [n for n, one in enumerate(rules) if one(facts)], sizes.evaluations), 50)
    how = (
        f"medians: {ours:.2f} ms, {naive:.2f} ms; the lambdas know neither reasons, people, claims nor what is unknown"
    )
    found.append(Figure("policy asked, over a list of lambdas", ours / naive, "×", None, how))
    return [
        *found,
        Figure("memory of a policy", _memory(sizes.rules), "KiB", None, f"{sizes.rules} rules of 5 questions"),
    ]


def _times(ask: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of each call, after one that warms up."""
    ask()
    found = []
    for _ in range(count):
        begun = time.process_time()
        ask()
        found.append((time.process_time() - begun) * 1000)
    return found


def _job(number: int, share: int) -> str:
    """A glob for the job: every `share`-th rule's matches; 0 stands for none."""
    return "team one/*" if share and number % share == 0 else f"team {number}/*"


def _policy(count: int, share: int) -> Policy:
    demand = (Demand(Factor.TOTP, 1, ("group:release",)),)
    rules = tuple(Rule(f"r{n}", demand, _when(n, share)) for n in range(count))
    return Policy(rules, (), Rule("default", demand), "0" * 64)


def _when(number: int, share: int) -> All:
    return All(
        (
            Texts("source", Globs(("main", "other"))),
            Texts("pipeline", Globs((_job(number, share),))),
            Texts("changed_paths", Globs((f"terraform/{number}/*", "src/*"))),
            Not(Pair("parameters", "DRY", Globs(("true",)))),
            People("requester", ("group:dev",)),
        )
    )


def _lambda(number: int, share: int) -> Lambda:
    """The same questions as one reads them out of a dictionary."""
    source, job = Globs(("main", "other")), Globs((_job(number, share),))
    paths, dry = Globs((f"terraform/{number}/*", "src/*")), Globs(("true",))
    developers = {person.id for person in ROSTER.people.values() if "dev" in person.groups}
    return lambda f: (  # type: ignore[return-value]
        source.match(f["run"]["source"])  # type: ignore[index]
        and job.match(f["run"]["pipeline"])  # type: ignore[index]
        and any(paths.match(path) for path in f["paths"])  # type: ignore[attr-defined]
        and not any(p["name"] == "DRY" and dry.match(p["value"]) for p in f["parameters"])  # type: ignore[attr-defined]
        and any(s["person"] in developers for s in f["starters"])  # type: ignore[attr-defined]
    )


def _memory(count: int) -> float:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    policy = _policy(count, 20)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(policy.rules) == count
    return (after - before) / 1024
