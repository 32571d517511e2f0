"""The Jenkins pane of the demo's page: jobs, builds and paused steps, and what people do there. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jenkins_mfa.demo.web_form import Form
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.simulators.jenkins import JenkinsSimulator, Job, Parameter, PausedInput, Run

Json = dict[str, Any]

STARTER, ADMIN = "dev", "admin"  #: Jenkins accounts: Dan Fox, and whoever presses Proceed past the gate
SHOWN_BUILDS = 8  #: of each job, newest first


def jobs(jenkins: JenkinsSimulator) -> list[Job]:
    """The jobs of the demo, in the order of the page."""
    return list(jenkins.controller.jobs.values())


def view(jenkins: JenkinsSimulator) -> Json:
    """The jobs with their newest builds."""
    return {"jobs": [_job(job) for job in jobs(jenkins)]}


def _job(job: Job) -> Json:
    newest = sorted(job.builds.copy(), reverse=True)[:SHOWN_BUILDS]
    return {
        "name": job.full_name,
        "parameters": [_parameter(parameter) for parameter in job.parameters],
        "builds": [_build(job.builds[number]) for number in newest],
    }


def _build(run: Run) -> Json:
    with run.changed:
        return {
            "number": run.number,
            "started": run.started,
            "ended": run.ended,
            "result": run.result if run.ended is not None else None,
            "causes": [str(cause["shortDescription"]) for cause in run.causes],
            "description": run.description or "",
            "inputs": [_input(asked) for asked in run.inputs],
            "console": list(run.log),
        }


def _input(asked: PausedInput) -> Json:
    parameters = [_parameter(parameter) for parameter in asked.parameters]
    return {"id": asked.id, "message": asked.message, "ok": asked.ok, "parameters": parameters}


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "value": parameter.default,
        "description": parameter.description or "",
    }


def start(jenkins: JenkinsSimulator, form: Form) -> Json:
    """Dan Fox starts a build, with the parameters of the page."""
    job = _known_job(jenkins, form)
    known = {parameter.name for parameter in job.parameters}
    values = {name: value for name, value in form.values().items() if name in known and isinstance(value, str)}
    run = jenkins.build(job.full_name, user=STARTER, parameters=values)
    return {"number": run.number}


def proceed(jenkins: JenkinsSimulator, form: Form) -> Json:
    """An administrator presses Proceed, without a receipt."""
    return _settle(jenkins, form, lambda run, asked: run.proceed(asked, {}, jenkins.users[ADMIN]))


def abort(jenkins: JenkinsSimulator, form: Form) -> Json:
    """An administrator presses Abort."""
    return _settle(jenkins, form, lambda run, asked: run.abort(asked, jenkins.users[ADMIN]))


def _settle(jenkins: JenkinsSimulator, form: Form, how: Callable[[Run, PausedInput], None]) -> Json:
    run = _known_job(jenkins, form).builds.get(form.number("number"))
    asked = run.find(form.text("input")) if run else None
    if run is None or asked is None:
        return {"error": "This step does not wait any more."}
    how(run, asked)
    return {}


def _known_job(jenkins: JenkinsSimulator, form: Form) -> Job:
    name = form.text("job")
    found = next((job for job in jobs(jenkins) if job.full_name == name), None)
    if found is None:
        raise UntrustedInputError("There is no such job.")
    return found


ACTIONS: Mapping[str, Callable[[JenkinsSimulator, Form], Json]] = {"start": start, "proceed": proceed, "abort": abort}
