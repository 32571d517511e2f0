"""The routes of folders, jobs and builds: api, triggers, inputs, stop, description, console."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import quote

from jenkins_mfa.simulators import jenkins_beans as beans
from jenkins_mfa.simulators.jenkins_answers import Answer
from jenkins_mfa.simulators.jenkins_call import Call
from jenkins_mfa.simulators.jenkins_input import USER_INTERRUPTION, FlowInterruptedError, PausedInput
from jenkins_mfa.simulators.jenkins_model import remote_cause, replay_cause, restart_cause, user_cause
from jenkins_mfa.simulators.jenkins_run import Run
from jenkins_mfa.simulators.jenkins_state import Job


def item(call: Call, parts: list[str]) -> Answer:
    """The answer for anything below `/job/`."""
    names: list[str] = []
    while len(parts) > 1 and parts[0] == "job":
        names.append(parts[1])
        parts = parts[2:]
    full_name = "/".join(names)
    job = call.controller.jobs.get(full_name)
    if job is None and names:
        # The real one also answers to a branch's name decoded once too often, and spells urls that way then.
        job = call.controller.jobs.get("/".join([*names[:-1], quote(names[-1], safe="")]))
    if job is not None and call.viewer.sees(job.full_name):
        answer = _job(call, job, parts)
        if job.full_name != full_name:
            answer.body = answer.body.replace(job.path.encode(), "".join(map(_spelled, names)).encode())
        return answer
    if full_name in call.controller.folders and call.viewer.sees(full_name):
        if parts in ([], ["api", "json"]):
            return call.exported(beans.folder_bean(call.controller, full_name, call.root, call.viewer), "folder")
        return call.answers.unknown_page()
    return call.answers.not_found()


def _spelled(name: str) -> str:
    return f"job/{quote(name, safe='')}/"


def _job(call: Call, job: Job, parts: list[str]) -> Answer:
    match parts:
        case [] | ["api", "json"]:
            return call.exported(beans.job_bean(job, call.root, call.viewer), "job")
        case ["build" | "buildWithParameters" as how] if call.method == "POST":
            return _trigger(call, job, how)
        case ["lastBuild", *rest] if job.last:
            return _build(call, job.last, rest)
        case [number, *rest] if number.isdigit():
            run = job.builds.get(int(number))
            return _build(call, run, rest) if run else call.answers.not_found()
    return call.answers.unknown_page()


def _trigger(call: Call, job: Job, how: str) -> Answer:
    given: dict[str, Any] = {**call.query, **(call.form or {})}
    causes = [user_cause(call.viewer.id, call.viewer.full_name)]
    if job.token is not None and given.get("token") == job.token:
        causes = [remote_cause("127.0.0.1", given.get("cause"))]
    elif not call.viewer.may("Job/Build"):
        return call.answers.forbidden(call.viewer, "Job/Build")
    if how == "build" and job.parameters:
        try:
            entries = json.loads(given["json"])["parameter"]
            given = {entry["name"]: entry.get("value", "") for entry in entries}
        except (KeyError, TypeError, ValueError):
            return call.answers.container(400, "Nothing is submitted", call.path)
    else:
        given = {p.name: _typed(p.kind, given[p.name]) for p in job.parameters if p.name in given}
    call.controller.start(job.full_name, call.viewer.id, causes=causes, parameters=given, only_given=how == "build")
    return call.answers.empty(201, location=f"{call.root}queue/item/{len(call.controller.queue)}/")


def _typed(kind: str, value: str) -> str | bool:
    return value == "true" if kind == "Boolean" else value


def _build(call: Call, run: Run, parts: list[str]) -> Answer:
    match parts:
        case [] | ["api", "json"]:
            return call.exported(beans.build_bean(run, call.root, call.viewer), "build")
        case ["consoleText"]:
            return call.answers.text(run.console)
        case ["console"]:
            return call.answers.page(200, run.name, f"<pre>{html.escape(run.console)}</pre>")
        case ["stop" | "term" | "kill" as how] if call.method == "POST":
            return _stop(call, run, how)
        case ["submitDescription"] if call.method == "POST":
            return _describe(call, run)
        case ["replay", "run"] | ["restart", "restart"] if call.method == "POST":
            return _again(call, run, parts[0])
        case ["input"] if run.input_action in run.actions:
            return call.answers.page(200, f"Paused for Input : {run.name}", _input_page(run))
        case ["input", input_id, verb] if run.input_action in run.actions:
            return _input(call, run, input_id, verb)
    return call.answers.unknown_page()


def _stop(call: Call, run: Run, how: str) -> Answer:
    if not call.viewer.may("Job/Cancel"):
        return call.answers.forbidden(call.viewer, "Job/Cancel")
    said = f"Aborted by {call.viewer.id}"
    if how == "kill":
        run.kill()
    elif how == "term":
        run.terminate()
    else:
        run.write(said)
        cause = {"_class": USER_INTERRUPTION, "shortDescription": said}
        with run.changed:
            run.record_interruption([cause])  # at once, while the build still runs: other interruptions at its end
            run.interrupt(FlowInterruptedError("ABORTED", [cause], call.viewer.id))
    return call.answers.empty(302, location=f"{call.context}/{run.path}")


def _describe(call: Call, run: Run) -> Answer:
    if not call.viewer.may("Run/Update"):
        return call.answers.forbidden(call.viewer, "Run/Update")
    run.description = (call.form or {}).get("description")
    return call.answers.empty(302, location=f"{call.context}/{run.path}")


def _again(call: Call, run: Run, how: str) -> Answer:
    if not call.viewer.may("Job/Build"):
        return call.answers.forbidden(call.viewer, "Job/Build")
    stage = (call.form or {}).get("stageName", "")
    second = replay_cause(run.number) if how == "replay" else restart_cause(run.number, stage)
    causes = [user_cause(call.viewer.id, call.viewer.full_name), second]
    call.controller.start(run.job.full_name, call.viewer.id, causes=causes)
    return call.answers.empty(302, location=f"{call.context}/{run.path}{how}/../..")


def _input_page(run: Run) -> str:
    forms = []
    for asked in list(run.inputs):
        fields = "".join(
            f"<p>{html.escape(p.description or p.name)}</p><textarea>{html.escape(str(p.default))}</textarea>"
            for p in asked.parameters
        )
        forms.append(f"<h2>{html.escape(asked.message)}</h2>{fields}<button>{html.escape(asked.ok)}</button>")
    return "".join(forms)


def _input(call: Call, run: Run, input_id: str, verb: str) -> Answer:
    asked = run.find(input_id)
    if asked is None:
        return call.answers.not_found()
    if verb not in ("proceed", "proceedEmpty", "abort", "submit"):
        return call.answers.unknown_page()
    if call.method != "POST":
        return call.answers.page(405, "Method Not Allowed", "<h1>Method Not Allowed</h1>")
    if verb == "abort" or (verb == "submit" and "proceed" not in (call.form or {})):
        done = _abort(call, run, asked)
    else:
        done = _proceed(call, run, asked, empty=verb == "proceedEmpty")
    if done is None and verb == "submit":
        return call.answers.empty(302, location=f"{call.context}/{run.path}console")
    return done or call.answers.empty()


def _named(call: Call, asked: PausedInput) -> bool:
    named = {name.strip().lower() for name in (asked.submitter or "").split(",") if name.strip()}
    return bool(named & {call.viewer.id.lower(), *(group.lower() for group in call.viewer.groups)})


def _abort(call: Call, run: Run, asked: PausedInput) -> Answer | None:
    user = call.viewer
    if not (user.may("Job/Cancel") or _named(call, asked)):
        who = f"You need to be '{asked.submitter}' (or have Job/Cancel permissions) to cancel this."
        return call.answers.refused(
            who if asked.submitter else "You need to have Job/Cancel permissions to cancel this."
        )
    run.abort(asked, user)
    return None


def _proceed(call: Call, run: Run, asked: PausedInput, *, empty: bool) -> Answer | None:
    user = call.viewer
    if asked.submitter:
        if not (_named(call, asked) or user.may("Overall/Administer")):
            return call.answers.refused(f"You need to be {asked.submitter} to submit this.")
    elif not user.may("Job/Build"):
        return call.answers.refused("You need to have Job/Build permissions to submit this.")
    given: dict[str, Any] = {}
    if not empty:
        if call.form is None:
            return call.answers.container(400, "Nothing is submitted", call.path)
        text = call.form.get("json", call.query.get("json"))
        if text is None:
            return call.answers.container(400, "This page expects a form submission", call.path)
        try:
            given = _given(asked, json.loads(text))
        except (KeyError, TypeError, ValueError, AttributeError):
            return call.answers.page(500, "Jenkins", "<h1>Oops!</h1>")
    run.proceed(asked, given, user)
    return None


def _given(asked: PausedInput, form: Any) -> dict[str, Any]:
    """The values that were sent, by name. Raises for names that the input does not have and other shapes."""
    entries = form.get("parameter", [])
    known = {p.name for p in asked.parameters}
    values: dict[str, Any] = {}
    for entry in [entries] if isinstance(entries, dict) else entries:
        if entry["name"] not in known:
            raise KeyError(entry["name"])
        values[entry["name"]] = entry["value"]
    return values
