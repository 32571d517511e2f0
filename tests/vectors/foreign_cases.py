"""The cases of requests.json that only something else than our library can have written."""

import json
from typing import Any

from jenkins_mfa.core import request

BASE: dict[str, Any] = {
    "lib": "1.0.0",
    "kids": ["k1"],
    "at": 1764000000,
    "number": "493817",
    "run": {"pipeline": "team one/deploy", "id": "17"},
    "environment": "production",
    "action": "deploy",
    "message": "Deploy 1.4",
}


def _text(**changes: Any) -> str:
    return request.build_text({**BASE, **changes})


#: name → (text or bytes, places at fault, none if it is right): written by something else than our library.
FOREIGN: dict[str, tuple[str | bytes, list[str]]] = {
    "one_line": (json.dumps({"v": 1, **BASE}), []),
    "escaped_letters": (json.dumps({"v": 1, **BASE, "message": "Größe 🚀"}), []),
    "nothing": ("", ["request"]),
    "not_json": ("Deploy 1.4", ["request"]),
    "cut": (_text()[:-3], ["request"]),
    "two_documents": (_text() + _text(), ["request"]),
    "a_list": ("[]", ["request"]),
    "a_string": ('"request"', ["request"]),
    "byte_order_mark": ("\ufeff" + _text(), ["request"]),
    "not_utf8": (_text().encode().replace(b"1.4", b"1.\xff"), ["request"]),
    "utf16": (_text().encode("utf-16"), ["request"]),
    "larger_than_4096": (_text() + " " * 4096, ["request"]),
    "deep": (_text(details={"x": {"y": {}}}), ["request"]),
    "very_deep": ("[" * 2000 + "]" * 2000, ["request"]),
    "key_twice": (_text().replace('"message"', '"action": "x",\n  "message"'), ["request"]),
    "detail_twice": (_text(details={"a": "x"}).replace('"a": "x"', '"a": "x", "a": "y"'), ["request"]),
    "key_twice_by_escape": (_text().replace('"message"', '"\\u0061ction": "x",\n  "message"'), ["request"]),
    "nan": (_text().replace("1764000000", "NaN"), ["request"]),
    "float": (_text().replace("1764000000", "1764000000.0"), ["request"]),
    "exponent": (_text().replace("1764000000", "1e9"), ["request"]),
    "minus_zero": (_text().replace("1764000000", "-0"), ["request"]),
    "huge_number": (_text().replace("1764000000", "9" * 1000), ["request"]),
    "half_a_character": (_text().replace("Deploy", "\\ud800"), ["request"]),
    "version_2": (_text(v=2), ["v"]),
    "version_true": (_text(v=True), ["v"]),
    "version_text": (_text(v="1"), ["v"]),
    "version_missing": (json.dumps(BASE), ["v"]),
    "unknown_key": (_text(enviroment="x"), ["request"]),
    "unknown_key_in_ask": (_text(ask={"quorums": 2}), ["ask"]),
    "unknown_key_long_and_hostile": (_text(**{"\u202e" * 100: "x"}), ["request"]),
    "null_detail": (_text(details=None), ["details"]),
    "missing_environment": (
        json.dumps({"v": 1, **{k: v for k, v in BASE.items() if k != "environment"}}),
        ["environment"],
    ),
    "message_number": (_text(message=5), ["message"]),
    "details_list": (_text(details=[]), ["details"]),
    "details_number": (_text(details={"x": 1}), ["details.x"]),
    "quorum_true": (_text(ask={"quorum": True}), ["ask.quorum"]),
    "quorum_text": (_text(ask={"quorum": "2"}), ["ask.quorum"]),
    "kids_empty": (_text(kids=[]), ["kids"]),
    "kids_5": (_text(kids=["a", "b", "c", "d", "e"]), ["kids"]),
    "kids_form": (_text(kids=["k 1"]), ["kids"]),
    "kids_number": (_text(kids=[1]), ["kids"]),
    "kids_twice": (_text(kids=["k1", "k1"]), ["kids"]),
    "number_five_digits": (_text(number="49381"), ["number"]),
    "number_full_width": (_text(number="４９３８１７"), ["number"]),
    "number_a_number": (_text(number=493817), ["number"]),
    "at_milliseconds": (_text(at=1764000000000), ["at"]),
    "at_text": (_text(at="1764000000"), ["at"]),
    "lib_empty": (_text(lib=""), ["lib"]),
    "run_text": (_text(run="team one/deploy"), ["run"]),
    "run_id_number": (_text(run={"pipeline": "p", "id": 17}), ["run.id"]),
}
