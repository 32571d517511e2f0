"""What a code costs the server: processor time from the six digits to the judgement, the person's record read."""

from __future__ import annotations

import secrets
import time

from benchmarks import gates
from benchmarks.figures import Figure, Sizes, percentile
from benchmarks.stage import TEAM, slack_id, stage
from jenkins_mfa.core import totp
from jenkins_mfa.usecases import codes, enroll
from jenkins_mfa.usecases.answer import Answers, NeedsCode
from jenkins_mfa.usecases.desk import Who


def measure(sizes: Sizes) -> list[Figure]:
    """One right code, judged again and again: what matches is committed by whoever asked, which this leaves out."""
    with stage() as here, here.desk() as desk:
        person = here.people[0]
        seed = totp.seed_text(secrets.token_bytes(totp.SEED_BYTES))
        enroll.enroll(desk, person, seed, totp.code_at(seed, desk.store.now() // 1000 - totp.STEP), "bench")
        (gate,) = gates.open_gates(here, desk, gates.wanted(here, 1, "code"))
        desk.messenger.inactive([person])
        asked = Answers(desk).tap(gate.jti, Who(f"slack:{TEAM}", slack_id(person)), "tap")
        assert isinstance(asked, NeedsCode)
        now, spent = desk.store.now(), []
        code = totp.code_at(seed, now // 1000)
        for _ in range(sizes.answers):
            began = time.process_time()
            codes.judge(desk, gate, person, asked.challenge_id, code, "form", now)
            spent.append((time.process_time() - began) * 1000)
    middle, slow = percentile(spent, 50), percentile(spent, 99)
    how = f"{len(spent)} codes, processor time from the digits to the judgement, with the read; median {middle:.2f} ms"
    return [Figure("code of an app, 99th percentile", slow, "ms", 0.5, how)]
