"""The cases of refusals.json: what an author can write wrongly, with every sentence that refuses it.

The faults of requests.json that an author can cause, as arguments of the step, and what only arguments can be.
"""

from typing import Any

import request_cases
from foreign_cases import BASE

from jenkins_mfa.simulators import jenkins_arguments as arguments

#: What an author cannot cause: minutes are whole, and a variable is either set or not.
INEXPRESSIBLE = {"ask_ttl_59", "ask_ttl_86401", "unset_and_set"}

#: name → arguments that no request can show: they are refused before there is one.
STEPS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "mistyped": {"enviroment": "production"},
    "unknown_and_hostile": {"environment": "x", "\u202e" * 70: "x"},
    "environment_null": {"environment": None},
    "action_number": {"environment": "x", "action": 5},
    "message_true": {"environment": "x", "message": True},
    "minutes_as_text": {"environment": "x", "timeoutMinutes": "20"},
    "minutes_0": {"environment": "x", "timeoutMinutes": 0},
    "minutes_1441": {"environment": "x", "timeoutMinutes": 1441},
    "minutes_with_a_fraction": {"environment": "x", "timeoutMinutes": 1.5},
    "quorum_true": {"environment": "x", "quorum": True},
    "quorum_null": {"environment": "x", "quorum": None},
    "factor_number": {"environment": "x", "factor": 5},
    "subject_text": {"environment": "x", "subject": "app"},
    "subject_unknown": {"environment": "x", "subject": {"name": "app", "tag": "1"}},
    "subject_name_number": {"environment": "x", "subject": {"name": 1}},
    "subject_digest_null": {"environment": "x", "subject": {"name": "app", "digest": None}},
    "details_null": {"environment": "x", "details": None},
    "details_list": {"environment": "x", "details": ["a"]},
    "details_value_null": {"environment": "x", "details": {"x": None}},
    "details_value_map": {"environment": "x", "details": {"x": {"y": 1}}},
    "details_value_list": {"environment": "x", "details": {"x": [1]}},
    "variables_text": {"environment": "x", "watchEnv": "DB_HOST"},
    "variables_hold_a_number": {"environment": "x", "watchEnv": [5, None]},
    "variables_secret": {"environment": "x", "watchEnv": ["API_TOKEN", "DB_HOST"]},
    "all_at_once": {"quorum": 0, "factor": "sms", "message": "", "watchEnv": "A", "details": 1, "subject": 1},
}


def refusals() -> list[dict[str, Any]]:
    """refusals.json: arguments, environment and build, and the sentences of the library in their order."""
    wrong = {name: {**BASE, **changes} for name, (changes, _) in request_cases.INVALID.items()}
    cases = [_case(name, _step(fields), fields) for name, fields in wrong.items() if name not in INEXPRESSIBLE]
    return cases + [_case(f"step_{name}", step, BASE) for name, step in STEPS.items()]


def _case(name: str, step: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    env, own = asked.get("variables", {}), {key: asked[key] for key in ("kids", "at", "number", "run")}
    says = arguments.faults(step) or arguments.faults_of_request(arguments.fields(step, env, **own))
    return {"name": name, "step": step, "env": env, **own, "says": says}


def _step(fields: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `mfaGate` that ask for these fields of the request."""
    ask = fields.get("ask", {})
    args = {key: fields[key] for key in ("environment", "action", "message", "subject", "details") if key in fields}
    args.update({key: ask[key] for key in ("factor", "quorum") if key in ask})
    if watched := [*fields.get("variables", {}), *fields.get("unset", [])]:
        args["watchEnv"] = watched
    return args
