"""The cases of requests.json and shown.json: arguments by hand, texts and sums by the library under test.

What may be wrong in `args` is only what an author of a Pipeline (or the name of a job) can cause; what only
another writer than our library can cause is given as `text` or, where it is not UTF-8, as `base64`.
"""

import base64
from typing import Any

import foreign_cases
from foreign_cases import BASE

from jenkins_mfa.core import characters, request
from jenkins_mfa.errors import RequestError

DIGEST = "sha256:" + "9c1e" * 16
FULL = {
    "subject": {"name": "registry/app", "digest": DIGEST},
    "details": {
        "version": "1.4",
        "ticket": "OPS-12",
        "a/b.c-d_e": "",
        "Zeta": "last by ASCII order, not by letters",
    },
    "variables": {"REPLICAS": "6", "DB_HOST": "db-2.internal", "_x": "y"},
    "unset": ["DB_PORT"],
    "ask": {"factor": "totp", "quorum": 2, "ttl": 1200},
    "kids": ["k1", "k2"],
}

VALID: dict[str, dict[str, Any]] = {
    "least": {},
    "everything": FULL,
    "action_run": {"action": "run"},
    "subject_without_digest": {"subject": {"name": "registry/app"}},
    "ask_factor_only": {"ask": {"factor": "push+number"}},
    "ask_edges": {"ask": {"factor": "webauthn", "quorum": 10, "ttl": 86400}},
    "ask_lower_edges": {"ask": {"factor": "push", "quorum": 1, "ttl": 60}},
    "unset_only": {"unset": ["B", "A"]},
    "escapes": {"message": 'say "no" \\ to /this\\n', "details": {"quote": '"', "slash": "a/b\\c"}},
    "markup_characters": {"message": "<!channel> & <@U1> *bold* `code`"},
    "not_ascii": {
        "message": "Größe 日本語 Привет ελληνικά",
        "run": {"pipeline": "команда/развёртывание", "id": "9"},
    },
    "beyond_the_first_plane": {"message": "ship it 🚀 𝔘𝔫𝔦"},
    "right_to_left_letters": {"message": "שלום مرحبا"},
    "two_marks_in_a_row": {"message": "e\u0301\u0323x"},
    "message_of_300": {"message": "m" * 300},
    "message_of_300_code_points": {"message": "🚀" * 300},
    "detail_of_200_code_points": {"details": {"x": "🚀" * 200}},
    "names_of_64": {"environment": "e" * 64, "details": {"n" * 64: "v"}, "variables": {"V" * 64: "v"}},
    "twenty_details": {"details": {f"d{n}": "x" for n in range(20)}},
    "variables_and_unset_20": {"variables": {f"V{n}": "x" for n in range(19)}, "unset": ["U"]},
    "shown_2200": {
        "message": "m" * 300,
        "details": {f"d{n}": "x" * 200 for n in range(8)},
        "variables": {"A": "y" * 177},
    },
    "branch_with_percent_2f": {"run": {"pipeline": "web/feature%2Flogin", "id": "904"}},
}

#: name → (changes, places at fault)
INVALID: dict[str, tuple[dict[str, Any], list[str]]] = {
    "environment_upper_case": ({"environment": "Production"}, ["environment"]),
    "environment_with_newline_at_end": ({"environment": "production\n"}, ["environment"]),
    "environment_empty": ({"environment": ""}, ["environment"]),
    "environment_65": ({"environment": "e" * 65}, ["environment"]),
    "environment_look_alike": ({"environment": "pr\u043eduction"}, ["environment"]),
    "action_with_space": ({"action": "de ploy"}, ["action"]),
    "action_begins_with_dot": ({"action": ".deploy"}, ["action"]),
    "message_empty": ({"message": ""}, ["message"]),
    "message_301": ({"message": "m" * 301}, ["message"]),
    "message_301_code_points": ({"message": "é" * 301}, ["message"]),
    "message_two_lines": ({"message": "one\ntwo"}, ["message"]),
    "message_tab": ({"message": "one\ttwo"}, ["message"]),
    "message_escape_character": ({"message": "a\x1b[31mred"}, ["message"]),
    "message_delete_character": ({"message": "a\x7fb"}, ["message"]),
    "message_c1": ({"message": "a\x9bb"}, ["message"]),
    "message_next_line": ({"message": "a\x85b"}, ["message"]),
    "message_line_separator": ({"message": "a\u2028b"}, ["message"]),
    "message_no_break_space": ({"message": "a\u00a0b"}, ["message"]),
    "message_ideographic_space": ({"message": "a\u3000b"}, ["message"]),
    "message_right_to_left_override": ({"message": "Deploy \u202e4.1"}, ["message"]),
    "message_isolate": ({"message": "a\u2066b"}, ["message"]),
    "message_arabic_letter_mark": ({"message": "a\u061cb"}, ["message"]),
    "message_zero_width_space": ({"message": "a\u200bb"}, ["message"]),
    "message_zero_width_joiner": ({"message": "👩\u200d💻"}, ["message"]),
    "message_byte_order_mark": ({"message": "\ufeffDeploy"}, ["message"]),
    "message_soft_hyphen": ({"message": "pro\u00adduction"}, ["message"]),
    "message_grapheme_joiner": ({"message": "a\u034fb"}, ["message"]),
    "message_variation_selector": ({"message": "❤\ufe0f"}, ["message"]),
    "message_variation_selector_17": ({"message": "a\U000e0100b"}, ["message"]),
    "message_tag_character": ({"message": "a\U000e0041b"}, ["message"]),
    "message_hangul_filler": ({"message": "a\u3164b"}, ["message"]),
    "message_half_width_filler": ({"message": "a\uffa0b"}, ["message"]),
    "message_choseong_filler": ({"message": "a\u115fb"}, ["message"]),
    "message_jungseong_filler": ({"message": "a\u1160b"}, ["message"]),
    "message_blank_braille": ({"message": "a\u2800b"}, ["message"]),
    "message_khmer_inherent_vowel": ({"message": "a\u17b4b"}, ["message"]),
    "message_mongolian_selector": ({"message": "a\u180bb"}, ["message"]),
    "message_unassigned": ({"message": "a\u0378b"}, ["message"]),
    "message_noncharacter": ({"message": "a\uffffb"}, ["message"]),
    "message_private_use": ({"message": "a\ue000b"}, ["message"]),
    "message_half_a_character": ({"message": "a\ud800b"}, ["message"]),
    "message_halves_the_wrong_way": ({"message": "a\udc00\ud800b"}, ["message"]),
    "message_three_marks": ({"message": "e\u0301\u0323\u0302x"}, ["message"]),
    "message_begins_with_space": ({"message": " a"}, ["message"]),
    "message_ends_with_space": ({"message": "a "}, ["message"]),
    "message_two_spaces": ({"message": "a  b"}, ["message"]),
    "subject_name_empty": ({"subject": {"name": ""}}, ["subject.name"]),
    "subject_name_201": ({"subject": {"name": "n" * 201}}, ["subject.name"]),
    "subject_digest_upper_case": ({"subject": {"name": "n", "digest": DIGEST.upper()}}, ["subject.digest"]),
    "subject_digest_other_hash": (
        {"subject": {"name": "n", "digest": "md5:" + "0" * 32}},
        ["subject.digest"],
    ),
    "subject_without_name": ({"subject": {"digest": DIGEST}}, ["subject.name"]),
    "details_21": ({"details": {f"d{n}": "x" for n in range(21)}}, ["details"]),
    "details_name_with_space": ({"details": {"DB_HOST was": "x"}}, ["details"]),
    "details_name_empty": ({"details": {"": "x"}}, ["details"]),
    "details_name_65": ({"details": {"n" * 65: "x"}}, ["details"]),
    "details_name_not_ascii": ({"details": {"größe": "x"}}, ["details"]),
    "details_name_begins_with_dash": ({"details": {"-a": "x"}}, ["details"]),
    "details_name_of_the_box": ({"details": {"environment": "staging"}}, ["details"]),
    "details_value_201": ({"details": {"version": "v" * 201}}, ["details.version"]),
    "details_value_two_spaces": ({"details": {"version": "a  b"}}, ["details.version"]),
    "details_two_faults": ({"details": {"a": "x ", "b": "\u200f"}}, ["details.a", "details.b"]),
    "variables_name": ({"variables": {"1A": "x"}}, ["variables"]),
    "variables_name_with_dash": ({"variables": {"A-B": "x"}}, ["variables"]),
    "variables_value_control": ({"variables": {"A": "x\x00"}}, ["variables.A"]),
    "variables_21": ({"variables": {f"V{n}": "x" for n in range(21)}}, ["variables"]),
    "variables_and_unset_21": ({"variables": {f"V{n}": "x" for n in range(20)}, "unset": ["U"]}, ["unset"]),
    "unset_name": ({"unset": ["A B"]}, ["unset"]),
    "unset_twice": ({"unset": ["A", "A"]}, ["unset"]),
    "unset_and_set": ({"variables": {"A": "x"}, "unset": ["A"]}, ["unset"]),
    "ask_factor_unknown": ({"ask": {"factor": "sms"}}, ["ask.factor"]),
    "ask_factor_upper_case": ({"ask": {"factor": "TOTP"}}, ["ask.factor"]),
    "ask_quorum_0": ({"ask": {"quorum": 0}}, ["ask.quorum"]),
    "ask_quorum_11": ({"ask": {"quorum": 11}}, ["ask.quorum"]),
    "ask_ttl_59": ({"ask": {"ttl": 59}}, ["ask.ttl"]),
    "ask_ttl_86401": ({"ask": {"ttl": 86401}}, ["ask.ttl"]),
    "several_at_once": (
        {"environment": "A B", "message": "", "ask": {"quorum": 0}},
        ["environment", "message", "ask.quorum"],
    ),
    "shown_2201": (
        {
            "message": "m" * 300,
            "details": {f"d{n}": "x" * 200 for n in range(8)},
            "variables": {"A": "y" * 178},
        },
        ["request"],
    ),
    "shown_by_ampersands": ({"details": {f"d{n}": "&" * 60 for n in range(8)}}, ["request"]),
    "shown_by_unset": (
        {
            "unset": ["U" * 63 + "ABCDEFGHIJKLMNOPQRST"[n] for n in range(20)],
            "details": {f"d{n}": "x" * 200 for n in range(4)},
        },
        ["request"],
    ),
    "bytes_4097": (
        {"run": {"pipeline": "я" * 1000, "id": "1"}, "details": {f"d{n}": "x" * 180 for n in range(10)}},
        ["request"],
    ),
    "pipeline_two_spaces": ({"run": {"pipeline": "a  b", "id": "1"}}, ["run.pipeline"]),
    "pipeline_right_to_left": ({"run": {"pipeline": "a\u202eb", "id": "1"}}, ["run.pipeline"]),
}


def requests() -> list[dict[str, Any]]:
    """requests.json: what is right with its text, digest and sum; what is not with the places at fault."""
    cases = []
    for name, changes in VALID.items():
        args = {**BASE, **changes}
        text = request.build_text(args)
        room = request.shown_request(request.parse(text))
        cases.append(
            {
                "name": name,
                "valid": True,
                "args": args,
                "text": text,
                "sha256": request.digest(text),
                "shown": room,
            }
        )
    for name, (changes, places) in INVALID.items():
        args = {**BASE, **changes}
        cases.append(
            {
                "name": name,
                "valid": False,
                "args": args,
                "at": places,
                "problems": _problems(request.build_text(args)),
            }
        )
    for name, (text, places) in foreign_cases.FOREIGN.items():
        given = {"text": text} if isinstance(text, str) else {"base64": base64.b64encode(text).decode()}
        problems = {"at": places, "problems": _problems(text)} if places else {}
        cases.append({"name": f"foreign_{name}", "valid": not places, **given, **problems})
    return cases


def _problems(text: str | bytes) -> list[str]:
    try:
        request.parse(text)
    except RequestError as error:
        return error.problems
    return []


SHOWN = [
    "",
    "a",
    "&",
    "<",
    ">",
    '"',
    "\\",
    "'",
    "/",
    "é",
    "日",
    "🚀",
    "e\u0301",
    'a & b <c> "d" \\e é日🚀',
    "x" * 200,
    "&" * 200,
]


def shown() -> list[dict[str, Any]]:
    """shown.json: texts with the room that they take (contract.md: 5, 4, 2 or the bytes of UTF-8)."""
    return [{"text": text, "shown": characters.shown(text)} for text in SHOWN]
