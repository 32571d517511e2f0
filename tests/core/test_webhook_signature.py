"""Signed calls, held to the vector that the implementations of Standard Webhooks share."""

from __future__ import annotations

import pytest

from jenkins_mfa.core import webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_shared_vector() -> None:
    """Id, moment and body of their test suite."""
    found = webhook.headers(
        webhook.secret_of(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_an_id_cannot_move_the_border_to_the_time() -> None:
    with pytest.raises(ValueError, match="full stop"):
        webhook.headers(b"s" * 32, "a.1", 2, b"")


@pytest.mark.parametrize("text", [SECRET[6:], "whsec_", "whsec_c2hvcnQ=", "whsec_" + "A" * 88, "whsec_not base64!"])
def test_no_secret_that_is_none_and_it_is_not_repeated(text: str) -> None:
    """Short, long, without its prefix, no base64."""
    with pytest.raises(ValueError, match="24 to 64 bytes") as caught:
        webhook.secret_of(text)
    assert text == "whsec_" or text not in str(caught.value)
