"""Row 44: several stories with faults that repeat what was sent, and then no secret anywhere but where it must be."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from secret_world import CONSUMER, PASSWORD, Watched

import command
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, EVE, PATIENCE, Player
from jenkins_mfa.simulators.browser import Browser, SaidError
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import MIGRATION, NETWORK, PRODUCTION

#: Where a secret may stand, and why. Each is looked for there, too: so the search is known to see.
ALLOWED = {
    ("number", "Jenkins, the build's log"): "people read it there, to type it in Slack",
    (
        "number",
        "store",
    ): "a part of the request's text, which is compared with what is typed; it is no secret to Jenkins",
    ("ticket", "command line"): "whoever invites hands it over",
    ("ticket", "Slack, one person"): "the address of the page, for whoever tapped",
    ("seed", "pages"): "shown once, to the person who enrols",
    ("challenge", "pages"): "what the key is to sign",
}


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[Watched, list[Build]]]:
    """A world in which everything below has happened."""
    with (
        tempfile.TemporaryDirectory(prefix="mfa-") as folder,
        Watched(Path(folder)) as world,
        pytest.MonkeyPatch.context() as patch,
    ):
        send = requests.Session.send

        def watched(session: requests.Session, *arguments: object, **more: object) -> requests.Response:
            response = send(session, *arguments, **more)  # type: ignore[arg-type]
            if not more.get("stream"):
                world.seen(response)
            return response

        patch.setattr(requests.Session, "send", watched)
        world.plant_all()
        world.slack.open_home(ALICE)
        _console(world)
        yield world, [_code(world), _number(world), _key(world), _enrolment(world)]


def _code(world: Watched) -> Build:
    """A wrong code and a right one, while Jenkins and Slack repeat what they are sent; the receipt, twice and wrong."""
    player, receipts = Player(world), []
    deploys = lambda build: build.mfa_gate(  # noqa: E731
        lambda: receipts.append(build.env["MFA_RECEIPT"]), environment="production", action="deploy", message="Deploy"
    )
    world.jenkins.job(PRODUCTION, deploys)
    build, message = player.pause(PRODUCTION)
    code = world.code("alice")
    wrong = f"{(int(code) + 7) % 1_000_000:06}"
    world.plant("code", code, wrong)
    player.code(ALICE, message, wrong)
    for part in ("/proceed", f"GET {build.path}"):
        world.jenkins.faults.echo(part)
    for method in ("chat.update", "chat.postMessage", "chat.postEphemeral"):
        world.slack.fail_next(method, "echo")
    world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": code})
    player.finished(build, "SUCCESS")
    world.plant("receipt", *receipts)
    world.plant("consumer token", "token-of-the-consumer-0001")
    for secret, token in ((CONSUMER, "token-of-the-consumer-0001"), (CONSUMER, "x" * 22), ("wrong" * 8, "x" * 22)):
        asked = {"v": 1, "receipt": receipts[0], "token": token}
        url = f"{files.pages(world.port)}/v1/receipts/redeem"
        requests.post(url, json=asked, headers={"Authorization": f"Bearer {secret}"}, timeout=PATIENCE)
    return build


def _number(world: Watched) -> Build:
    """A wrong number, then the one that the build shows."""
    player = Player(world)
    build, message = player.pause(MIGRATION)
    shown = re.search(r"number: (\d{3}) (\d{3})", build.console)
    assert shown is not None
    right = shown[1] + shown[2]
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    world.plant("number", right)
    world.plant("wrong number", wrong)
    player.number(ALICE, message, wrong)
    player.number(BOB, message, right)
    player.finished(build, "SUCCESS")
    return build


def _key(world: Watched) -> Build:
    """A security key on the page that a one-time address opens, and an answer of it that does not count."""
    player = Player(world)
    build, message = player.pause(NETWORK)
    browser, page = player.key_page(BOB, message)
    world.plant("ticket", *(found.decode() for found in re.findall(rb"/open#([\w-]+)", _private(world))))
    world.plant("session", *(cookie.value or "" for cookie in browser._http.cookies))
    given = browser.sign(page, "approve")
    browser.send(page, browser.sign(page, "approve"))
    with pytest.raises(SaidError):
        browser.send(page, given)
    player.finished(build, "SUCCESS")
    world.plant("challenge", *re.findall(rb'"challenge":"([\w-]+)"', b"".join(world.pages)))
    return build


def _console(world: Watched) -> None:
    """Somebody signs in to the console with Slack at the second try: at the first one Slack repeats what it is sent."""
    url, http = f"{files.pages(world.port)}/console", requests.Session()
    world.slack.fail_next("openid.connect.token", "echo")
    for _ in range(2):
        asked = http.get(f"{url}/sign-in/slack", allow_redirects=False, timeout=PATIENCE).headers["Location"]
        allowed = f"{asked.replace('/authorize?', '/allow?')}&user={ALICE}"
        back = http.get(allowed, allow_redirects=False, timeout=PATIENCE).headers["Location"]
        world.plant("Slack code", re.findall(r"code=(\w+)", back)[0])
        http.get(back, timeout=PATIENCE)
    world.plant("visit", http.cookies["mfa-console"])
    for page in ("", "/history", "/people", "/policy", "/report", "/health"):
        assert 'id="out"' in http.get(f"{url}{page}", timeout=PATIENCE).text


def _private(world: Watched) -> bytes:
    return str([call.args for call in world.slack.calls("response_url")]).encode()


def _enrolment(world: Watched) -> Build:
    """An address from the command line, a key that is shown once, and the commands, with all that can be wrong."""
    address = command.run("enroll", "ticket", "eve", config=world.config_path).stdout.strip()
    world.told.append(address.encode())
    world.plant("ticket", address.partition("#")[2])
    browser = Browser(world.keys["eve"])
    page = browser.open(address)
    question = Player(world).message("Is it you who enrols", among=EVE)
    world.slack.press(EVE, question.channel, question.ts, "enroll_yes")
    assert browser.changed(page)
    world.scan("eve", browser, browser.show(page.path))
    world.plant("seed", world.seeds["eve"])
    world.pages.append(requests.get(f"{files.pages(world.port)}/readyz", timeout=PATIENCE).content)
    _commands(world)
    return Player(world).pause(MIGRATION)[0]


def _commands(world: Watched) -> None:
    """Right ones and wrong ones; `check` while everything that it asks repeats what it is asked with."""
    receipt = next(found for found in world.secrets["receipt"] if found.startswith(b"eyJ") and found.count(b".") == 2)
    for line in (
        ["check"],
        ["check", "--json"],
        ["pending"],
        ["authenticators", "list"],
        ["audit", "tail", "-n", "500", "--json"],
        ["audit", "verify", "--evidence"],
        ["audit", "export"],
        ["keys", "list"],
        ["keys", "public"],
        ["report", "--since", "1d"],
        ["roster", "check"],
        ["roster", "import", "--email", "alice.wu@example.com"],
        ["receipt", "verify", receipt.decode(), "--source", "main", "--pipeline", PRODUCTION],
    ):
        world.jenkins.faults.echo("GET /whoAmI", 400)
        world.slack.fail_next("auth.test", "echo")
        world.slack.fail_next("users.lookupByEmail", "echo")
        done = command.run(*line, config=world.config_path)
        world.told.append(f"{line[0]}: {done.stdout}{done.stderr}".encode())
    config = world.config_path.read_text()
    for old, new in ((f"mfa:{PASSWORD}@", f"mfa:{PASSWORD}/x@"), ("jenkins.token", "nowhere")):
        broken = config.replace(old, new)
        (world.directory / "broken.toml").write_text(broken)
        done = command.run("check", config=world.directory / "broken.toml")
        world.told.append(f"{done.stdout}{done.stderr}".encode())
    (world.directory / "broken.toml").unlink()


def test_row_44_no_secret_is_anywhere_but_where_it_must_be(played: tuple[Watched, list[Build]]) -> None:
    """Tokens, seeds, codes, numbers, addresses, receipts, keys, passwords: in log, trail, Slack, Jenkins, pages, store,
    files and the command line (S12, S16).
    """
    world, builds = played
    assert world.hook.calls
    assert world.slack.home(ALICE)
    found = world.found(builds)
    wrong = {where: text for where, text in found.items() if where not in ALLOWED}
    assert not wrong, "\n".join(f"{where}: {text!r}" for where, text in wrong.items())
    assert ALLOWED.keys() - found.keys() == set()
