"""The library writes and reads what the agent writes and reads: the shared vectors, in Groovy."""

import json
from pathlib import Path
from typing import Any

import pytest
from groovy_driver import Library, trust_source

VECTORS = Path(__file__).parents[1] / "vectors"
ALL: list[dict[str, Any]] = json.loads((VECTORS / "requests.json").read_text())
REQUESTS = [case for case in ALL if case["valid"] and "args" in case]
REFUSALS: list[dict[str, Any]] = json.loads((VECTORS / "refusals.json").read_text())
RECEIPTS: dict[str, Any] = json.loads((VECTORS / "receipts.json").read_text())
SHOWN: list[dict[str, Any]] = json.loads((VECTORS / "shown.json").read_text())
AGENT: str = RECEIPTS["agent"]
ENDINGS = {
    "missing": "mfa-agent pressed Proceed, but only a receipt of jenkins-mfa counts. Confirm in Slack next time.",
    "submitter": "the receipt came through dev, not mfa-agent.",
}
SPKI = {kid: key["spki"] for kid, key in RECEIPTS["keys"].items()}


def _arguments(fields: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `mfaGate` that ask for these fields of the request."""
    ask = fields.get("ask", {})
    args = {key: fields[key] for key in ("environment", "action", "message", "subject", "details") if key in fields}
    args.update({key: ask[key] for key in ("factor", "quorum") if key in ask})
    if "ttl" in ask:
        args["timeoutMinutes"] = ask["ttl"] // 60
    if watched := [*fields.get("variables", {}), *fields.get("unset", [])]:
        args["watchEnv"] = watched
    return args


def _asked(library: Library, case: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The library that knows the case's keys, and what its functions take."""
    fields = case["args"]
    where = library.trusting(trust_source({kid: SPKI[kid] for kid in fields["kids"]}))
    frozen = library.call(where, "Arguments.freeze", _arguments(fields))
    place = json.dumps({**fields["run"], "source": "main", "agent": "mfa-agent"})
    return where, (frozen, json.dumps(fields.get("variables", {})), place)


@pytest.mark.parametrize("case", REQUESTS, ids=lambda c: c["name"])
def test_a_right_request_has_the_agents_bytes(library: Library, case: dict[str, Any]) -> None:
    """Text, digest and room are those that Python writes and counts."""
    where, given = _asked(library, case)
    assert library.call(where, "Request.faults", *given, case["args"]["at"]) == ""
    text = library.call(where, "Request.text", *given, case["args"]["number"], case["args"]["at"])
    assert text == case["text"]
    assert library.call(where, "Request.sha256", text) == case["sha256"]
    assert library.call(where, "Request.shown", text) == case["shown"]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c["name"])
def test_what_is_refused_is_refused_in_these_words(library: Library, case: dict[str, Any]) -> None:
    """Each fault ends the build before it pauses, in the sentences of the vector and the simulator (S20)."""
    where = library.trusting(trust_source({kid: SPKI[kid] for kid in case["kids"]}))
    frozen = library.call(where, "Arguments.freeze", case["step"])
    place = json.dumps({**case["run"], "source": "main", "agent": AGENT})
    said = library.call(where, "Request.faults", frozen, json.dumps(case["env"]), place, case["at"])
    assert case["says"]
    assert said == " ".join(case["says"])


@pytest.mark.parametrize("case", SHOWN, ids=lambda c: ascii(c["text"][:12]))
def test_the_room_of_a_text_is_the_agents(library: Library, trusting: str, case: dict[str, Any]) -> None:
    """Both sides count the same, so that neither refuses what the other takes."""
    assert library.call(trusting, "Text.shown", case["text"]) == case["shown"]


@pytest.mark.parametrize("case", RECEIPTS["cases"], ids=lambda c: c["name"])
def test_a_receipt_is_judged_as_the_agent_judges_it(library: Library, case: dict[str, Any]) -> None:
    """Right receipts open the gate; every other one is refused with the agent's own words (S8, S10)."""
    expect = case["expect"]
    where = library.trusting(trust_source(SPKI, issuer=expect["issuer"]))
    place = {"pipeline": expect["pipeline"], "id": expect["run_id"], "source": expect["source"], "agent": AGENT}
    ask = {key: expect[key] for key in ("factor", "quorum") if expect[key] is not None}
    given = (case["receipt"] or "", expect["request_sha256"], json.dumps(ask), expect["nonce"], json.dumps(place))
    said = library.call(where, "Receipt.fault", *given, case["now"])
    if case.get("reason") in ("missing", "submitter"):
        assert _told(library, where, case) == f"Not approved: {ENDINGS[case['reason']]}"
    else:
        assert said == case.get("says", "")


def _told(library: Library, where: str, case: dict[str, Any]) -> str:
    answer = {"submitter": case["submitter"], "MFA_REQUEST": "", "MFA_RECEIPT": case["receipt"]}
    place = {"pipeline": "p", "id": "1", "source": "main", "agent": AGENT}
    told: str = library.call(
        where, "Receipt.verify", json.dumps(answer), "{}", case["expect"]["nonce"], json.dumps(place), case["now"]
    )
    return told
