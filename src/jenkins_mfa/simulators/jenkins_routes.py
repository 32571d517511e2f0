"""The routes of the controller itself: who am I, executors, queue, crumbs, plugins, quiet down."""

from __future__ import annotations

import hashlib
import secrets

from jenkins_mfa.simulators import jenkins_beans as beans
from jenkins_mfa.simulators.jenkins_answers import Answer
from jenkins_mfa.simulators.jenkins_call import Call
from jenkins_mfa.simulators.jenkins_item_routes import item


def crumb(session: str) -> str:
    """The crumb of a session."""
    return hashlib.sha256(f"crumb of {session}".encode()).hexdigest()


def route(call: Call) -> Answer:
    """The answer to one request."""
    parts = [part for part in call.parts if part]
    match parts:
        case ["whoAmI", "api", "json"]:
            return call.exported(beans.whoami_bean(call.user), "plain")
        case ["login"]:
            return call.answers.page(200, "Sign in")
        case ["j_spring_security_check"]:
            return _sign_in(call)
    if call.user is None:
        return call.answers.login_needed()
    if not call.user.may("Overall/Read"):
        return call.answers.forbidden(call.user, "Overall/Read")
    if parts and parts[0] == "job":
        return item(call, parts)
    return _root(call, parts)


def _root(call: Call, parts: list[str]) -> Answer:
    controller, user = call.controller, call.viewer
    match parts:
        case [] | ["api", "json"]:
            return call.exported(beans.root_bean(controller, call.root, user), "root")
        case ["computer", "api", "json"]:
            return call.exported(beans.computer_bean(controller, call.root, user), "computer")
        case ["me", "api", "json"]:
            return call.exported(beans.user_bean(user, call.root), "plain")
        case ["me", "submitDescription"] if call.method != "POST":
            return call.answers.page(405, "Method Not Allowed", "<h1>Method Not Allowed</h1>")
        case ["me", "submitDescription"]:
            user.description = (call.form or {}).get("description")
            return call.answers.empty(302, location=f"{call.context}/me/")
        case ["user", name, "api", "json"]:
            return _user(call, name)
        case ["crumbIssuer", "api", "json"]:
            return _crumb(call)
        case ["queue", "api", "json"]:
            return call.exported({"_class": "hudson.model.Queue", "items": []}, "queue")
        case ["queue", "item", number, "api", "json"] if number.isdigit():
            return _queue_item(call, int(number))
        case ["pluginManager", "api", "json"]:
            if not user.may("Overall/SystemRead"):
                return call.answers.forbidden(user, "Overall/SystemRead")
            return call.exported(beans.plugins_bean(controller), "plugins")
        case ["createItem"] if not user.may("Job/Create"):
            return call.answers.forbidden(user, "Job/Create")
        case ["scriptText" | "quietDown" | "cancelQuietDown"] if not user.may("Overall/Administer"):
            return call.answers.forbidden(user, "Overall/Administer")
        case ["quietDown"]:
            controller.running.clear()
            return call.answers.empty(302, location=f"{call.context}/")
        case ["cancelQuietDown"]:
            controller.running.set()
            return call.answers.empty(302, location=f"{call.context}/")
    return call.answers.unknown_page()


def _user(call: Call, name: str) -> Answer:
    alike = (one for one in call.controller.users.values() if name.lower() in {one.id.lower(), one.full_name.lower()})
    found = next(alike, None)
    return call.exported(beans.user_bean(found, call.root), "plain") if found else call.answers.not_found()


def _sign_in(call: Call) -> Answer:
    form = call.form or {}
    user = call.controller.users.get(form.get("j_username", ""))
    if user is None or user.password != form.get("j_password"):
        return call.answers.empty(302, location=f"{call.context}/loginError")
    session = "node0" + secrets.token_hex(12)
    call.sessions[session] = user.id
    answer = call.answers.empty(302, location=f"{call.context}/")
    answer.headers.append(("Set-Cookie", f"JSESSIONID.sim={session}; Path={call.context}/; HttpOnly"))
    return answer


def _crumb(call: Call) -> Answer:
    session = call.session or "node0" + secrets.token_hex(12)
    bean = {
        "_class": "hudson.security.csrf.DefaultCrumbIssuer",
        "crumb": crumb(session),
        "crumbRequestField": "Jenkins-Crumb",
    }
    answer = call.exported(bean, "plain")
    if not call.session:
        answer.headers.append(("Set-Cookie", f"JSESSIONID.sim={session}; Path={call.context}/; HttpOnly"))
    return answer


def _queue_item(call: Call, number: int) -> Answer:
    run = call.controller.queue.get(number)
    if run is None or not call.viewer.sees(run.job.full_name):
        return call.answers.not_found()
    left = {
        "_class": "hudson.model.Queue$LeftItem",
        "id": number,
        "cancelled": False,
        "executable": beans.build_bean(run, call.root, call.viewer),
        "url": f"queue/item/{number}/",
    }
    return call.exported(left, "plain")
