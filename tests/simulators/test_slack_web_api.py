"""The Web API of the simulated Slack, called with the real slack_sdk client."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from slack_app import ALICE, BOB, DEPLOYS, GUEST, buttons, client, populate, refused, words

from jenkins_mfa.simulators.slack import SlackSimulator, plain


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as running:
        populate(running)
        yield running


def test_auth_test_tells_identity_and_scopes(slack: SlackSimulator) -> None:
    """auth.test names the bot and team, and its answer carries the scopes of the token in a header."""
    answer = client(slack).auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T01EXAMPLE", "U0MFA", "B0MFA")
    assert answer.headers["x-oauth-scopes"].split(",") == list(slack.workspace.tokens[slack.bot_token].scopes)


def test_tokens(slack: SlackSimulator) -> None:
    """No, unknown, revoked and wrong kinds of tokens are told apart."""
    post = {"channel": DEPLOYS, "text": "x"}
    assert refused(client(slack, "xoxb-other").chat_postMessage, **post)["error"] == "invalid_auth"
    assert refused(client(slack, slack.app_token).chat_postMessage, **post)["error"] == "not_allowed_token_type"
    opening = client(slack).api_call
    assert refused(opening, api_method="apps.connections.open")["error"] == "not_allowed_token_type"
    slack.revoke(slack.bot_token)
    assert refused(client(slack).chat_postMessage, **post)["error"] == "token_revoked"
    slack.revoke(slack.bot_token, revoked=False)
    assert client(slack).chat_postMessage(**post)["ok"]
    assert refused(client(slack).api_call, api_method="chat.nothing")["error"] == "unknown_method"


def test_missing_scope_names_it() -> None:
    """A token without the scope learns which is needed and what it has."""
    with SlackSimulator(scopes=["chat:write"], app_scopes=[]) as slack:
        populate(slack)
        slack.add_channel("C2", "secret", private=True)
        answer = refused(client(slack).users_info, user=ALICE)
        assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "users:read", "chat:write")
        for channel, scope in ((DEPLOYS, "channels:read"), ("C2", "groups:read")):
            assert refused(client(slack).conversations_info, channel=channel)["needed"] == scope
        opener = client(slack, slack.app_token)
        assert refused(opener.apps_connections_open, app_token=slack.app_token)["needed"] == "connections:write"


def test_a_user_group_tells_its_members(slack: SlackSimulator) -> None:
    """Ids of all who are active; groups that are switched off only where that is asked; the scope is its own."""
    slack.set_group("S01", ALICE, BOB)
    slack.set_group("S02", ALICE, disabled=True)
    asked = client(slack).usergroups_users_list
    assert asked(usergroup="S01")["users"] == [ALICE, BOB]
    slack.set_user(BOB, deleted=True)
    assert asked(usergroup="S01")["users"] == [ALICE]
    assert refused(asked, usergroup="S02")["error"] == "no_such_subteam"
    assert asked(usergroup="S02", include_disabled=True)["users"] == [ALICE]
    assert refused(asked, usergroup="S03")["error"] == "no_such_subteam"
    assert refused(asked, usergroup="")["error"] == "invalid_arguments"
    slack.fail_next("usergroups.users.list", "ratelimited", retry_after=7)
    assert refused(asked, usergroup="S01")["error"] == "ratelimited"
    with SlackSimulator(scopes=["users:read"]) as weak:
        weak.set_group("S01")
        answer = refused(client(weak).usergroups_users_list, usergroup="S01")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "usergroups:read")


def test_posting_gives_channel_ts_and_message(slack: SlackSimulator) -> None:
    """A message gets a growing ts and ids for its blocks, and stands in its channel or thread."""
    first = client(slack).chat_postMessage(channel=DEPLOYS, text="Deploy", blocks=buttons())
    reply = client(slack).chat_postMessage(channel=DEPLOYS, text="In the thread", thread_ts=first["ts"])
    assert first["channel"] == DEPLOYS
    assert first["message"]["bot_id"] == "B0MFA"
    assert all(block["block_id"] for block in first["message"]["blocks"])
    assert float(reply["ts"]) > float(first["ts"])
    assert [message.text for message in slack.messages(DEPLOYS, thread_ts=first["ts"])] == ["In the thread"]
    assert [plain(message) for message in slack.messages(DEPLOYS)] == ["Deploy\n[Approve]", "In the thread"]


def test_channels_that_take_nothing(slack: SlackSimulator) -> None:
    """Unknown, archived and foreign channels each have their code."""
    slack.add_channel("C2", "elsewhere", bot=False)
    slack.add_channel("C3", "hidden", private=True, bot=False)
    slack.add_channel("C4", "old")
    slack.archive("C4")
    expected = {"C9": "channel_not_found", "C2": "not_in_channel", "C3": "channel_not_found", "C4": "is_archived"}
    for channel, code in expected.items():
        assert refused(client(slack).chat_postMessage, channel=channel, text="x")["error"] == code
    assert refused(client(slack).chat_postMessage, channel=DEPLOYS, text="x", thread_ts="1.2")["error"] == (
        "thread_not_found"
    )


def test_texts_and_blocks_that_are_too_long(slack: SlackSimulator) -> None:
    """Both limits that Slack names nowhere hold at their last byte, for posting and for updates."""
    web = client(slack)
    ts = web.chat_postMessage(channel=DEPLOYS, text="ü" * 1950)["ts"]
    section = {"type": "section", "block_id": "b", "text": words("x" * 3000)}
    size = len('[{"type":"section","block_id":"b","text":{"type":"plain_text","text":"","emoji":false}}]') - 2
    blocks = [section | {"block_id": str(n)} for n in range(3)]
    room = 12_000 - 2 - 3 - 4 * size - 9000
    fits = [*blocks, section | {"block_id": "3", "text": words("x" * room)}]
    over = [*blocks, section | {"block_id": "3", "text": words("x" * (room + 1))}]
    web.chat_update(channel=DEPLOYS, ts=ts, text="x", blocks=fits)
    for call, more in ((web.chat_postMessage, {}), (web.chat_update, {"ts": ts})):
        assert refused(call, channel=DEPLOYS, text="ü" * 1950 + "x", **more)["error"] == "msg_too_long"
        assert refused(call, channel=DEPLOYS, text="x", blocks=over, **more)["error"] == "msg_blocks_too_long"
        assert refused(call, channel=DEPLOYS, text=" ", blocks=buttons(), **more)["error"] == "no_text"


def test_bad_blocks_are_named(slack: SlackSimulator) -> None:
    """invalid_blocks says what is wrong and where."""
    answer = refused(client(slack).chat_postMessage, channel=DEPLOYS, text="x", blocks=[{"type": "password"}])
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["unsupported type: password [json-pointer:/blocks/0/type]"]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {answer['errors'][0]}"]
    assert refused(client(slack).chat_postMessage, channel=DEPLOYS, text="x", blocks="[")["error"] == (
        "invalid_blocks_format"
    )


def test_updating(slack: SlackSimulator) -> None:
    """An update keeps the history, keeps blocks that it does not name, and needs the bot's own message."""
    web = client(slack)
    ts = web.chat_postMessage(channel=DEPLOYS, text="Deploy", blocks=buttons())["ts"]
    web.chat_update(channel=DEPLOYS, ts=ts, text="Still there")
    assert slack.messages(DEPLOYS)[0].blocks[1]["elements"]
    answer = web.chat_update(channel=DEPLOYS, ts=ts, text="Approved", blocks=[])
    message = slack.messages(DEPLOYS)[0]
    assert (message.text, message.blocks) == ("Approved", [])
    assert [text for text, _ in message.edits] == ["Deploy", "Still there"]
    assert answer["message"]["edited"]
    other = slack.say(ALICE, DEPLOYS, "looks good")
    assert refused(web.chat_update, channel=DEPLOYS, ts=other, text="x")["error"] == "cant_update_message"
    slack.delete_message(DEPLOYS, ts)
    assert refused(web.chat_update, channel=DEPLOYS, ts=ts, text="x")["error"] == "message_not_found"
    assert refused(web.chat_update, channel=ALICE, ts=ts, text="x")["error"] == "channel_not_found"


def test_direct_messages(slack: SlackSimulator) -> None:
    """A person's id works for posting, their D… channel for posting and updating, and it is one channel."""
    web = client(slack)
    opened = web.conversations_open(users=ALICE)["channel"]["id"]
    posted = web.chat_postMessage(channel=ALICE, text="For you")
    assert posted["channel"] == opened == slack.im(ALICE)
    web.chat_update(channel=opened, ts=posted["ts"], text="For you, later")
    assert not slack.workspace.can_read(BOB, opened)
    slack.set_user(BOB, deleted=True)
    assert refused(web.conversations_open, users=BOB)["error"] == "user_disabled"
    assert refused(web.conversations_open, users="U99")["error"] == "user_not_found"
    assert refused(web.conversations_open, users=f"{ALICE},{BOB}")["needed"] == "mpim:write"


def test_ephemeral_messages(slack: SlackSimulator) -> None:
    """An ephemeral is seen by one person of the channel and is no message of it."""
    web = client(slack)
    ts = web.chat_postEphemeral(channel=DEPLOYS, user=ALICE, text="Not counted")["message_ts"]
    assert [message.text for message in slack.ephemerals(ALICE)] == ["Not counted"]
    assert (slack.ephemerals(BOB), slack.messages(DEPLOYS)) == ([], [])
    assert refused(web.chat_update, channel=DEPLOYS, ts=ts, text="x")["error"] == "message_not_found"
    assert refused(web.chat_postEphemeral, channel=DEPLOYS, user=GUEST, text="x")["error"] == "user_not_in_channel"


def test_people_and_channels(slack: SlackSimulator) -> None:
    """users.* and conversations.* tell of guests, deactivated people, outsiders and archived channels."""
    web = client(slack)
    slack.add_user("U04EXT", "Eve", team="T02OTHER")
    slack.set_user(BOB, deleted=True)
    told = {user: web.users_info(user=user)["user"] for user in (ALICE, BOB, GUEST, "U04EXT")}
    assert [told[user]["deleted"] for user in told] == [False, True, False, False]
    assert [told[user]["is_restricted"] for user in told] == [False, False, True, False]
    assert [told[user]["team_id"] for user in told] == ["T01EXAMPLE"] * 3 + ["T02OTHER"]
    assert refused(web.users_info, user="U99")["error"] == "user_not_found"
    slack.add_channel("C2", "old")
    slack.archive("C2")
    assert [channel["id"] for channel in web.conversations_list()["channels"]] == [DEPLOYS, "C2"]
    assert len(web.conversations_list(exclude_archived=True)["channels"]) == 1
    assert web.conversations_info(channel="C2")["channel"]["is_archived"]
    assert web.conversations_members(channel=DEPLOYS)["members"] == [ALICE, BOB, "U0MFA"]
    assert refused(web.conversations_list, types="im")["needed"] == "im:read"
    assert refused(web.team_info)["needed"] == "team:read"


def test_long_lists_come_in_pages(slack: SlackSimulator) -> None:
    """A list longer than `limit` goes on at its cursor."""
    sizes = [len(page["members"]) for page in client(slack).users_list(limit=3)]
    assert sizes == [3, 1]
    assert refused(client(slack).users_list, limit=3, cursor="made-up")["error"] == "invalid_cursor"


def test_updating_a_modal(slack: SlackSimulator) -> None:
    """views.update changes an open modal, minds its hash, and finds no closed one."""
    view = {"type": "modal", "title": words("One"), "blocks": buttons()[:1]}
    opened = slack.workspace.open_view(ALICE, view)
    web = client(slack)
    assert refused(web.views_update, view_id=opened["id"], hash="old", view=view)["error"] == "hash_conflict"
    updated = web.views_update(view_id=opened["id"], hash=opened["hash"], view=view | {"title": words("Two")})
    assert updated["view"]["title"]["text"] == slack.views(ALICE)[0]["title"]["text"] == "Two"
    slack.back(ALICE)
    assert refused(web.views_update, view_id=opened["id"], view=view)["error"] == "not_found"


def test_garbage_is_answered_politely(slack: SlackSimulator) -> None:
    """A method without any token, over GET, gets an answer and no stack trace."""
    with urlopen(f"{slack.base_url}auth.test") as answer:
        assert answer.read() == b'{"ok": false, "error": "not_authed"}'


def test_waiting_tells_what_was_there(slack: SlackSimulator) -> None:
    """wait_for that runs out of time says what the last messages were."""
    client(slack).chat_postMessage(channel=DEPLOYS, text="only this")
    with pytest.raises(TimeoutError, match="only this"):
        slack.wait_for(lambda s: s.messages(DEPLOYS)[1:], timeout=0.05)
