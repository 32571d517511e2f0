"""Requests to the simulated Jenkins, as its tests make them."""

import requests

from jenkins_mfa.simulators.jenkins import JenkinsSimulator, PausedInput

LISTING = (
    "computer/api/json?tree=computer[oneOffExecutors[currentExecutable"
    "[url,actions[executions[id,settled]{0,20},libraries[name]{0,20}]]]]"
)
AGENT = "mfa-agent"


def get(sim: JenkinsSimulator, path: str, user: str = AGENT) -> requests.Response:
    return requests.get(sim.url + path, auth=sim.auth(user), timeout=20)


def post(sim: JenkinsSimulator, path: str, user: str = AGENT, **form: str) -> requests.Response:
    return requests.post(sim.url + path, data=form, auth=sim.auth(user), timeout=20, allow_redirects=False)


def waiting(name: str = "gate") -> PausedInput:
    return PausedInput(name, "Go?", submitter=AGENT)


def listed(sim: JenkinsSimulator) -> list[str]:
    """The ids of all inputs in the listing."""
    node = get(sim, LISTING).json()["computer"][0]
    return [
        execution["id"]
        for executor in node["oneOffExecutors"]
        for action in executor["currentExecutable"]["actions"]
        for execution in action.get("executions", [])
    ]
