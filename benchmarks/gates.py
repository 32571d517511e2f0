"""Many open gates at once: paused builds in the simulated Jenkins, and their gates in the store."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from benchmarks.stage import Stage
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.model import Facts, Gate, Library, Parameter, Revision, Starter, Trigger
from jenkins_mfa.core.model import Run as RunOf
from jenkins_mfa.simulators import jenkins_model as model
from jenkins_mfa.simulators.jenkins import Run
from jenkins_mfa.simulators.jenkins_input import PausedInput
from jenkins_mfa.sources.jenkins.refs import Ref, build_path
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.ports import Opened, Paused


@dataclass(frozen=True, slots=True)
class Wanted:
    """One gate of `open_gates`: its job, its input's id, and the request as the library writes it."""

    job: str
    nonce: str
    text: str


class _Given:
    """Answers `open_gate` from memory: what a source would read, without reading it."""

    id = "main"

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def facts(self, paused: Paused) -> Opened:
        """A build that a schedule started, so that its gate waits beside any number of others; one commit."""
        facts = Facts(
            paused.run,
            "main",
            (Starter(Trigger.SCHEDULE),),
            (Revision("https://git.example.com/shop/web.git", "origin/main", "5" * 40),),
            commits=1,
            parameters=(Parameter("VERSION", "1.4"), Parameter("TICKET", "OPS-12")),
            libraries=(Library("jenkins-mfa", "v0.1.0", True, ("mfaGate",)),),
        )
        return Opened(self._texts[paused.ref].encode(), facts)


def wanted(stage: Stage, count: int, folder: str = "tap") -> list[Wanted]:
    """`count` pauses, each in the first build of a job of its own; the folder decides which rule holds."""
    return [_wanted(stage, f"{folder}/{number}") for number in range(count)]


def builds(stage: Stage, job: str, count: int) -> list[Wanted]:
    """`count` pauses, each in another build of one job that has had none."""
    return [_wanted(stage, job, number) for number in range(1, count + 1)]


def pause(stage: Stage, pauses: list[Wanted]) -> list[Run]:
    """Let builds wait in the simulated Jenkins, without a thread each; they end as their inputs do. A schedule started
    them: of one person only a few are asked at a time.
    """
    builds = []
    for one in pauses:
        definitions = (model.Parameter("MFA_REQUEST", "Text", one.text), model.Parameter("MFA_RECEIPT"))
        asked = PausedInput(
            one.nonce, "Deploy 1.4", submitter="mfa-agent", submitter_parameter="submitter", parameters=definitions
        )
        builds.append(stage.jenkins.paused(one.job, asked, causes=[model.plain_cause("timer")]))
    return builds


def open_gates(stage: Stage, desk: Desk, pauses: list[Wanted]) -> list[Gate]:
    """Open their gates in the store, as the watcher does, but without asking Jenkins."""
    listed = [_listed(stage, one) for one in pauses]
    given = _Given({paused.ref: one.text for paused, one in zip(listed, pauses, strict=True)})
    return [open_gate(desk, given, paused) for paused in listed]  # type: ignore[arg-type]


def _listed(stage: Stage, one: Wanted) -> Paused:
    run = RunOf("main", "jenkins", one.job, "1", 1, stage.jenkins.url + build_path(one.job, 1))
    return Paused(Ref(one.job, 1, one.nonce).text, one.nonce, run)


def _wanted(stage: Stage, job: str, build: int = 1) -> Wanted:
    members: dict[str, object] = {
        "lib": "1.0.0",
        "kids": [stage.keys.signing[0].kid],
        "at": int(time.time()),
        "number": "493817",
        "run": {"pipeline": job, "id": str(build)},
        "environment": "staging",
        "action": "deploy",
        "message": "Deploy 1.4",
        "details": {"version": "1.4", "ticket": "OPS-12"},
    }
    return Wanted(job, f"Mfa-{secrets.token_hex(16)}", requests.build_text(members))
