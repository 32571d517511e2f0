"""How long people and builds wait: from the pause to the message, and from an answer to its effect in Jenkins."""

from __future__ import annotations

import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from benchmarks import gates
from benchmarks.figures import Figure, Sizes, percentile
from benchmarks.floor import FORM
from benchmarks.polling import LISTING
from benchmarks.stage import CHANNEL, Stage, slack_id, stage, until
from jenkins_mfa.core import totp
from jenkins_mfa.simulators.jenkins import Parameter, PausedInput, Run
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain
from jenkins_mfa.usecases import enroll

#: Seconds between two pauses: one for each poll at most, and the golden ratio spreads them evenly between two polls.
APART = 1.381966
SAMPLE_PEOPLE = 8
_JOB = re.compile(r"“((?:tap|code|key)/\d+)”")


def measure_message(sizes: Sizes) -> list[Figure]:
    """Pauses at all phases of the polling; each until chat.postMessage has arrived."""
    with stage(SAMPLE_PEOPLE) as here:
        here.start_agent()
        here.connected()
        paused: dict[str, float] = {}
        began = time.monotonic()
        for number, one in enumerate(gates.wanted(here, sizes.pauses)):
            time.sleep(max(0.0, began + number * APART - time.monotonic()))
            gates.pause(here, [one])
            paused[one.job] = time.time()
        until(lambda: len(asked_at(here)) == len(paused))
        asked, ahead = asked_at(here), time.time() - time.monotonic()
        polls = [seen.at + ahead for seen in here.jenkins.requests if LISTING in f"GET {seen.path}"]
    waited = [(asked[job] - at) * 1000 for job, at in paused.items()]
    seen_first = {job: next(poll for poll in polls if poll > at) for job, at in paused.items()}
    ours = [(asked[job] - seen_first[job]) * 1000 for job in paused]
    how = f"median of {len(waited)}, slowest {max(waited):.0f} ms; polled every second"
    exact = f"median of {len(ours)}, p90 {percentile(ours, 90):.0f} ms: what is left without the chance of the phase"
    return [
        Figure("pause to Slack message", statistics.median(waited), "ms", 530, how),
        Figure("listing that shows the pause to Slack message", statistics.median(ours), "ms", 30, exact),
    ]


def measure_answer(sizes: Sizes) -> list[Figure]:
    """Taps, codes and the floor in turns, so that all meet the same machine."""
    with stage(max(sizes.codes, SAMPLE_PEOPLE)) as here, _floor(here) as floor:
        seeds = _enrol(here, sizes.codes)
        here.start_agent()
        here.connected()
        pauses = gates.wanted(here, sizes.taps) + gates.wanted(here, sizes.codes, "code")
        builds = {run.job.full_name: run for run in gates.pause(here, pauses)}
        until(lambda: len(messages_of(here)) == len(builds))
        here.quiet()
        messages, taps, codes, floors = messages_of(here), [], [], []
        for number in range(sizes.taps):
            floors.append(_floored(here, floor, number))
            taps.append(tapped(here, builds[f"tap/{number}"], messages[f"tap/{number}"]))
            if number < sizes.codes:
                person = here.people[number]
                job = f"code/{number}"
                codes.append(_coded(here, builds[job], messages[job], person, seeds[person]))
    return [*compared("tap", taps, floors, 3), *compared("code", codes, floors, 3)]


def compared(what: str, seconds: list[float], floors: list[float], limit: float) -> list[Figure]:
    """Two figures of how long people and builds wait, in floors, of which `limit` are allowed."""
    figures = []
    for percent, name in ((50, "median"), (99, "99th percentile")):
        ours, floor = percentile(seconds, percent), percentile(floors, percent)
        how = f"{ours * 1000:.1f} ms, floor {floor * 1000:.1f} ms; {len(seconds)} answers"
        figures.append(Figure(f"{what} to taken by Jenkins, over the floor, {name}", ours / floor, "×", limit, how))
    return figures


def _enrol(here: Stage, count: int) -> dict[str, str]:
    """A phone for each of the first `count` people: each sends one code."""
    seeds = {}
    with here.desk() as desk:
        for person in here.people[:count]:
            seed = totp.seed_text(secrets.token_bytes(totp.SEED_BYTES))
            before = totp.code_at(seed, desk.store.now() // 1000 - totp.STEP)
            enroll.enroll(desk, person, seed, before, "bench")
            seeds[person] = seed
    return seeds


def asked_at(here: Stage) -> dict[str, float]:
    """When the message of each job arrived."""
    found: dict[str, float] = {}
    for call in here.slack.calls("chat.postMessage"):
        name = _JOB.search(call.args["text"])
        if name and "thread_ts" not in call.args:
            found.setdefault(name[1], call.at)
    return found


def messages_of(here: Stage) -> dict[str, Message]:
    """The message of each job."""
    found = {}
    for message in here.slack.messages(CHANNEL):
        name = _JOB.search(plain(message))
        if name and message.thread_ts is None:
            found[name[1]] = message
    return found


def tapped(here: Stage, build: Run, message: Message) -> float:
    """Seconds from a tap until Jenkins has taken the proceed."""
    began = time.monotonic()
    here.slack.press(slack_id(here.people[0]), CHANNEL, message.ts, "gate_approve", confirm=True)
    return taken(here, build) - began


def _coded(here: Stage, build: Run, message: Message, person: str, seed: str) -> float:
    user = slack_id(person)
    here.slack.press(user, CHANNEL, message.ts, "gate_approve").wait("modal")
    view = here.slack.views(user)[-1]
    code = totp.code_at(seed, int(time.time()))
    began = time.monotonic()
    outcome = here.slack.submit(user, view, {"code": code})
    assert outcome.closed, outcome.errors
    return taken(here, build) - began


def taken(here: Stage, build: Run) -> float:
    """When Jenkins had taken the proceed of a build, monotonic seconds; returns when all is quiet again."""
    assert build.wait_finished() == "SUCCESS"
    here.quiet()
    requests = reversed(here.jenkins.requests)
    proceed = next(s for s in requests if s.path.endswith("/proceed") and build.path in s.path)
    return proceed.at + proceed.seconds


def _floored(here: Stage, floor: SlackSimulator, number: int) -> float:
    """One answer on the bare way, until it is acknowledged."""
    asked = PausedInput(f"Floor-{number}", "?", submitter="mfa-agent", parameters=(Parameter("MFA_RECEIPT"),))
    run = here.jenkins.paused(f"floor/{number}", asked)
    field = {"type": "plain_text_input", "action_id": "code"}
    label = {"type": "plain_text", "text": "Code", "emoji": False}
    blocks = [{"type": "input", "block_id": "code", "label": label, "element": field}]
    form = {"type": "modal", "callback_id": FORM, "title": label, "submit": label, "blocks": blocks}
    view = floor.workspace.open_view("U0FLOOR", form | {"private_metadata": f"{run.path}input/{asked.id}/"})
    began = time.monotonic()
    outcome = floor.submit("U0FLOOR", view, {"code": "123456"})
    seconds = time.monotonic() - began
    assert outcome.closed
    assert not run.building
    return seconds


@contextmanager
def _floor(here: Stage) -> Generator[SlackSimulator]:
    """A bare app on a Slack of its own, and the same Jenkins."""
    with SlackSimulator() as slack:
        slack.add_user("U0FLOOR", "Floor")
        command = [sys.executable, "-m", "benchmarks.floor", here.jenkins.url, *here.jenkins.auth("mfa-agent")]
        process = subprocess.Popen([*command, slack.base_url, slack.bot_token, slack.app_token])
        try:
            until(lambda: slack.connections)
            yield slack
        finally:
            process.kill()
            process.wait()
