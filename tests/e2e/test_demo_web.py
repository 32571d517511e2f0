"""The demo's page over HTTP, in front of the whole real thing: what it shows, what it does, whom it refuses."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from demo_browser import ALICE, BOB, DAN, EVE, PATIENCE, Browser

from jenkins_mfa.demo.web import BODY_BYTES, Web
from jenkins_mfa.demo.world import World

DEPLOYS, OPS = "C0DEPLOYS", "C0OPS"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One whole demo for all tests of this file; each starts builds of its own."""
    with TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world, Web(world) as web:
        yield Browser(urlsplit(web.url).netloc, world)


def test_page_brings_all_its_parts_itself(browser: Browser) -> None:
    """Every file that the page names is served by the demo, under a policy that allows nothing else."""
    response, body = browser.ask("GET", "/")
    policy = response.headers["Content-Security-Policy"]
    names = re.findall(rb'(?:src|href)="([^"]+)"', body)

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {b"page.js", b"page.css"} <= set(names)
    assert not [name for name in names if b":" in name or b"//" in name]
    assert {browser.ask("GET", f"/{name.decode()}")[0].status for name in names} == {200}


def test_scripts_never_parse_foreign_text_as_html() -> None:
    """No script of the page uses a way that would turn text into markup or code."""
    folder = Path(__file__).parents[2] / "src/jenkins_mfa/demo/static"
    scripts = "".join(file.read_text() for file in folder.glob("*.js"))

    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
    assert not re.findall(banned, scripts)
    assert not re.findall(r"https?://\w", scripts)


def test_code_story(browser: Browser) -> None:
    """Start, tap, a wrong code with its sentence at the field, the right code: the build goes on and says who."""
    number = browser.start("deploy-prod", VERSION="2.0")
    build = browser.build("deploy-prod", lambda one: one["inputs"], number)
    ask = browser.message(f"Needs confirmation: “deploy-prod” #{number}")
    assert browser.act("press", channel=DEPLOYS, ts=ask["ts"], action="gate_approve") == {}
    picture = browser.picture(lambda one: one["slack"]["views"])
    view = picture["slack"]["views"][-1]["id"]
    wrong = browser.act("submit", view=view, values={"code": "12 3"})
    right = browser.act("submit", view=view, values={"code": browser.world.code("alice")})
    browser.message(f"Approved, resumed: “deploy-prod” #{number}")
    done = browser.build("deploy-prod", lambda one: one["ended"] and "Alice Wu" in one["description"], number)

    assert "2.0" in build["inputs"][0]["parameters"][0]["value"]
    assert list(wrong["errors"]) == ["code"]
    assert right["errors"] == {}
    assert done["result"] == "SUCCESS"
    assert "+ ./deploy.sh production 2.0" in done["console"]


def test_requester_gets_a_private_answer(browser: Browser) -> None:
    """Dan's tap on his own build is answered to him alone, and a tap without its dialog is refused."""
    number = browser.start("deploy-staging")
    ask = browser.message(f"Needs confirmation: “deploy-staging” #{number}")
    press = {"channel": DEPLOYS, "ts": ask["ts"], "action": "gate_approve"}
    without_dialog = browser.status("press", json.dumps({"as": DAN, **press}).encode())
    browser.act("press", DAN, **press, confirmed=True)
    seen = browser.picture(lambda one: [m for m in one["slack"]["messages"] if m["private"]], DAN)
    for_alice = browser.picture()

    assert without_dialog == 409
    assert "you started this build" in next(m["text"] for m in seen["slack"]["messages"] if m["private"])
    assert not [m for m in for_alice["slack"]["messages"] if "you started this build" in m["text"]]


def test_proceed_as_admin_runs_nothing(browser: Browser) -> None:
    """An administrator's Proceed ends the build without its body, the page shows it, and ops are told."""
    number = browser.start("deploy-staging")
    asked = browser.build("deploy-staging", lambda one: one["inputs"], number)["inputs"][0]["id"]
    browser.message(f"Needs confirmation: “deploy-staging” #{number}")
    press = {"job": "deploy-staging", "number": number, "input": asked}
    first, second = browser.act("proceed", **press), browser.act("proceed", **press)
    done = browser.build("deploy-staging", lambda one: one["ended"] is not None, number)
    browser.message(f"Bypassed: “deploy-staging” #{number}")
    browser.picture(lambda one: [m for m in one["slack"]["messages"] if m["channel"] == OPS])

    assert first == {}
    assert second == {"error": "This step does not wait any more."}
    assert done["result"] == "ABORTED"
    assert "+ ./deploy.sh staging" not in done["console"]


def test_abort_as_admin(browser: Browser) -> None:
    """An administrator's Abort ends the build, and Slack tells it."""
    number = browser.start("deploy-staging")
    asked = browser.build("deploy-staging", lambda one: one["inputs"], number)["inputs"][0]["id"]
    browser.message(f"Needs confirmation: “deploy-staging” #{number}")
    browser.act("abort", job="deploy-staging", number=number, input=asked)
    browser.message(f"Withdrawn: “deploy-staging” #{number}")

    assert browser.build("deploy-staging", lambda one: one["ended"], number)["result"] == "ABORTED"


def test_home_follows_what_waits_and_opens_the_same_forms(browser: Browser) -> None:
    """A place of its own; what is denied from there is denied, and the form says so."""
    assert browser.act("home", user=BOB) == {}
    number = browser.start("deploy-prod", VERSION="2.1")
    line = f'"text": "#{number}"'
    picture = browser.picture(lambda one: line in json.dumps(one["slack"]["home"]), user=BOB)
    blocks = picture["slack"]["home"]["blocks"]
    buttons = next(after for block, after in pairwise(blocks) if line in json.dumps(block))
    value = buttons["elements"][1]["value"]
    assert browser.act("press_home", user=BOB, action="gate_deny", value=value) == {}
    picture = browser.picture(lambda one: one["slack"]["views"], user=BOB)
    view = picture["slack"]["views"][-1]["id"]
    assert browser.act("submit", user=BOB, view=view, values={"reason": "not today"})["errors"] == {}
    browser.picture(lambda one: "Denied. The build is being aborted" in json.dumps(one["slack"]["views"]), user=BOB)
    browser.act("close", user=BOB)
    browser.build("deploy-prod", lambda one: one["result"] == "ABORTED", number)
    browser.picture(lambda one: "You denied it" in json.dumps(one["slack"]["home"]), user=BOB)


def test_form_can_be_closed(browser: Browser) -> None:
    """Back takes the modal away, and what was in front before is there again."""
    number = browser.start("deploy-prod")
    ask = browser.message(f"Needs confirmation: “deploy-prod” #{number}")
    browser.act("press", channel=DEPLOYS, ts=ask["ts"], action="gate_deny")
    browser.picture(lambda one: one["slack"]["views"])
    browser.act("close")

    assert browser.picture()["slack"]["views"] == []


def test_commands(browser: Browser) -> None:
    """`/mfa help` is answered privately; anything else is told what can be typed."""
    assert browser.act("slash", channel=DEPLOYS, text="/mfa help") == {}
    browser.picture(lambda one: [m for m in one["slack"]["messages"] if m["private"] and "/mfa pending" in m["text"]])

    assert "/mfa pending" in browser.act("slash", channel=DEPLOYS, text="hello")["error"]


def test_phones_show_the_codes_of_who_is_enrolled(browser: Browser) -> None:
    """Approvers have six digits that end at a time step; developers have none."""
    picture = browser.picture()

    assert set(picture["phones"]) - {"eve"} == {"alice", "bob", "carol"}
    assert not picture["key"]["enrolled"]
    assert browser.picture(user=BOB)["key"]["enrolled"]
    assert all(re.fullmatch("[0-9]{6}", code) for code in picture["phones"].values())
    assert picture["codes_end"] % 30 == 0


def test_key_story(browser: Browser) -> None:
    """Approve leads to a private button; the page behind it is opened beside the phone, read, and the key touched."""
    number = browser.start("apply-network")
    ask = browser.message(f"Needs confirmation: “apply-network” #{number}", BOB)
    browser.act("press", BOB, channel=DEPLOYS, ts=ask["ts"], action="gate_approve")
    waiting = browser.picture(lambda one: one["key"]["waiting"], BOB)
    assert browser.act("look", BOB) == {}
    open_page = browser.picture(user=BOB)["key"]
    unsaid = browser.act("deny", BOB, reason="")
    refused = browser.picture(user=BOB)["key"]
    browser.act("approve", BOB)
    done = browser.build("apply-network", lambda one: "Bob Ray (key)" in one["description"], number)
    after = browser.picture(user=BOB)["key"]

    assert waiting["key"]["lines"] == []
    assert not browser.picture()["key"]["waiting"]
    assert ["h1", f"Needs confirmation: apply-network #{number}"] in open_page["lines"]
    assert any("Open port 8443 of the gateway" in text for _, text in open_page["lines"])
    assert open_page["choices"] == ["approve", "deny"]
    assert unsaid == {}
    assert (refused["right"], refused["lines"]) == (False, open_page["lines"])
    assert done["result"] == "SUCCESS"
    assert (after["right"], after["lines"], after["waiting"]) == (True, [], False)
    assert after["says"].startswith("Your confirmation counts")


def test_enrolment_story(browser: Browser) -> None:
    """Eve has nothing: address, page, the tap in Slack, which the page waits for; then the phone has codes."""
    assert not browser.picture(user=EVE)["key"]["complete"]
    browser.act("invite", EVE)
    invited = browser.picture(user=EVE)["key"]
    browser.act("look", EVE)
    asked = browser.picture(lambda one: any("Is it you" in m["text"] for m in one["slack"]["messages"]), EVE)
    question = next(m for m in asked["slack"]["messages"] if "Is it you" in m["text"])
    before = asked["key"]["choices"]
    browser.act("press", EVE, channel=question["channel"], ts=question["ts"], action="enroll_yes")
    after = browser.picture(lambda one: one["key"]["choices"], EVE)["key"]["choices"]
    browser.act("scan", EVE)
    done = browser.picture(user=EVE)

    assert invited["waiting"]
    assert re.fullmatch(r"http://localhost:\d+/open#[\w-]{43}", invited["invited"])
    assert (before, after) == ([], ["register", "scan"])
    assert done["key"]["says"].startswith("Enrolled")
    assert re.fullmatch("[0-9]{6}", done["phones"]["eve"])


def test_invitation_story(browser: Browser) -> None:
    """Carol invites Dan: the act's page takes her key, and the address goes to nobody but Dan, outside Slack."""
    carol = "U0CAROL"
    assert browser.act("slash", carol, channel=DEPLOYS, text="/mfa invite dan") == {}
    browser.picture(lambda one: one["key"]["waiting"], carol)
    browser.act("look", carol)
    page = browser.picture(user=carol)["key"]
    browser.act("sign", carol)
    said, handed = browser.picture(user=carol)["key"], browser.picture(user=DAN)["key"]

    assert "sign" in page["choices"]
    assert any("Dan Fox" in text for _, text in page["lines"])
    assert said["says"].startswith("Done: Dan Fox is invited.")
    assert re.fullmatch(r"http://localhost:\d+/open#[\w-]{43}", handed["invited"])
    assert said["invited"] == ""


START = json.dumps({"as": DAN, "job": "deploy-staging", "values": {}}).encode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": None}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
    ],
)
def test_other_sites_cannot_act(browser: Browser, headers: dict[str, str | None], status: int) -> None:
    """A page of another origin, a rebound name and a plain form start no build."""
    before = len(browser.world.jenkins.controller.jobs["deploy-staging"].builds)

    assert browser.status("start", START, **headers) == status
    assert len(browser.world.jenkins.controller.jobs["deploy-staging"].builds) == before


@pytest.mark.parametrize("path", ["/", "/events?as=U0ALICE", "/page.js"])
def test_other_names_see_nothing(browser: Browser, path: str) -> None:
    """Under a rebound name neither the page nor the codes are given out."""
    response, body = browser.ask("GET", path, Host="evil.example")

    assert response.status == 403
    assert b"phones" not in body
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 5_000,
        b'{"as": "U0ALICE"}',
        b'{"as": "U0ALICE", "job": 1, "values": {}}',
        b'{"as": "U0ALICE", "job": "other", "values": {}}',
        b'{"as": "U0ALICE", "job": "deploy-staging", "values": {"a": 1}}',
    ],
)
def test_malformed_actions_are_answered_with_a_sentence(browser: Browser, body: bytes) -> None:
    """What the page would not send is refused as a bad request and starts nothing."""
    response, answer = browser.ask("POST", "/act/start", body)

    assert response.status == 400
    assert json.loads(answer)["error"].endswith(".")


def test_strangers_unknown_verbs_and_large_actions_are_refused(browser: Browser) -> None:
    """Nobody outside the demo can be acted for, verbs are a closed list, and bodies are bounded."""
    stranger = b'{"as": "U0MFA", "channel": "C0DEPLOYS", "text": "/mfa help"}'

    assert browser.status("slash", stranger) == 400
    assert browser.status("restart", b"{}") == 400
    assert browser.status("start", b" " * (BODY_BYTES + 1)) == 413
    assert browser.ask("GET", "/events?as=U0MFA")[0].status == 400


@pytest.mark.parametrize("path", ["/../web.py", "/static/page.js", "/%2e%2e/web.py", "/web.py", "/nothing.js"])
def test_only_the_page_s_own_files_are_served(browser: Browser, path: str) -> None:
    """No path leads out of the page's directory."""
    assert browser.ask("GET", path)[0].status == 404


def test_stream_ends_with_the_page_s_server(browser: Browser) -> None:
    """Closing the server ends open streams and frees the port, so that Ctrl-C leaves nothing behind."""
    with Web(browser.world) as web:
        address = urlsplit(web.url).netloc
        connection = HTTPConnection(address, timeout=PATIENCE)
        connection.request("GET", f"/events?as={ALICE}")
        response = connection.getresponse()
        response.readline()
    rest = response.read()
    connection.close()

    assert rest.strip() == b"" or rest.strip().startswith(b"data: ")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0
