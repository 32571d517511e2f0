"""The committed vectors are what the generator makes, and what this project reads."""

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from jenkins_mfa.core import characters, receipt, request, signing_keys
from jenkins_mfa.errors import RequestError

VECTORS = Path(__file__).parent.parent / "vectors"
REQUESTS: list[dict[str, Any]] = json.loads((VECTORS / "requests.json").read_text())
RECEIPTS: dict[str, Any] = json.loads((VECTORS / "receipts.json").read_text())
KEYS = {kid: (key["alg"], signing_keys.public_from_spki(key["spki"])) for kid, key in RECEIPTS["keys"].items()}


def _text(case: dict[str, Any]) -> str | bytes:
    if "args" in case:
        return request.build_text(case["args"])
    return case["text"] if "text" in case else base64.b64decode(case["base64"])


def test_the_committed_vectors_are_what_the_generator_makes() -> None:
    """A change of shapes, words or rules shows in the vectors, which the other language runs too."""
    spec = importlib.util.spec_from_file_location("make_vectors", VECTORS / "make_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, content in module.files().items():
        assert (VECTORS / name).read_text() == content, name


@pytest.mark.parametrize("case", [c for c in REQUESTS if c["valid"]], ids=lambda c: c["name"])
def test_a_right_request_is_read_and_written_the_same(case: dict[str, Any]) -> None:
    """Text, digest and sum are those of the vector, and the value holds what the text says."""
    text = _text(case)
    read = request.parse(text)
    assert request.without_number(read) == {k: v for k, v in json.loads(text).items() if k != "number"}
    if "args" in case:
        assert text == case["text"]
        assert request.digest(text) == case["sha256"]
        assert request.shown_request(read) == case["shown"]


@pytest.mark.parametrize("case", [c for c in REQUESTS if not c["valid"]], ids=lambda c: c["name"])
def test_a_wrong_request_is_refused_at_its_place(case: dict[str, Any]) -> None:
    """Every place at fault is named, no other one, and the sentences are those of the vector."""
    with pytest.raises(RequestError) as refused:
        request.parse(_text(case))
    assert refused.value.problems == case["problems"]
    places = {problem.split(" ")[0] for problem in refused.value.problems}
    lone = "half_a_character" in case["name"] or "halves" in case["name"]  # found before any place is known
    assert places == ({"request"} if lone else set(case["at"]))


@pytest.mark.parametrize("case", json.loads((VECTORS / "shown.json").read_text()), ids=lambda c: ascii(c["text"][:9]))
def test_the_room_that_a_text_takes(case: dict[str, Any]) -> None:
    """Markup counts as it is escaped, all else as its bytes."""
    assert characters.shown(case["text"]) == case["shown"]


@pytest.mark.parametrize("case", RECEIPTS["cases"], ids=lambda c: c["name"])
def test_s10_a_receipt_counts_or_is_refused_for_its_reason(case: dict[str, Any]) -> None:
    """Each attacker gets the reason of the vector and its sentence; a right receipt names its approvers (S8, S10)."""
    if case["valid"] or case["reason"] == "submitter":
        read = receipt.verify(case["receipt"], keys=KEYS, now=case["now"], **case["expect"])
        assert read.jti == "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1"
        return
    with pytest.raises(receipt.RefusedReceipt) as refused:
        receipt.verify(case["receipt"], keys=KEYS, now=case["now"], **case["expect"])
    assert (refused.value.reason, str(refused.value)) == (case["reason"], f"the receipt {case['says']}")
