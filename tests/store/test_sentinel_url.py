"""The address of a store behind sentinels: what it may hold, and what is said of one that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.store.connect import client_for


def pool(url: str) -> Any:
    """The pool of a client that has not connected yet."""
    return client_for(url).connection_pool


def test_sentinels_service_and_database_are_taken_from_it() -> None:
    """Each sentinel with its port or the usual one; user, password and database are the data nodes'."""
    made = pool("redis+sentinel://mfa:s3cret@a.example.com,b.example.com:26400,[::1]:26401/store/2")
    asked = [one.connection_pool.connection_kwargs for one in made.sentinel_manager.sentinels]
    assert [(x["host"], x["port"]) for x in asked] == [
        ("a.example.com", 26379),
        ("b.example.com", 26400),
        ("::1", 26401),
    ]
    assert not any(x.get("password") for x in asked)
    data = made.connection_kwargs
    assert (made.service_name, data["db"], data["username"], data["password"]) == ("store", 2, "mfa", "s3cret")
    assert data["socket_timeout"] == 2.0


def test_tls_holds_for_sentinels_and_data_nodes() -> None:
    """With the same files."""
    made = pool("rediss+sentinel://a.example.com/store?ssl_ca_certs=ca.pem")
    (asked,) = made.sentinel_manager.sentinels
    for one in (asked.connection_pool, made):
        assert one.connection_kwargs["ssl_ca_certs"] == "ca.pem"
        assert "SSL" in one.connection_class.__name__


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis+sentinel://a.example.com", "names no service"),
        ("redis+sentinel://a.example.com/", "names no service"),
        ("redis+sentinel:///store", "no HOST:PORT"),
        ("redis+sentinel://a.example.com,/store", "no HOST:PORT"),
        ("redis+sentinel://a.example.com:port/store", "no HOST:PORT"),
        ("redis+sentinel://:hunter2@a.example.com:99999/store", "no HOST:PORT"),
        ("redis+sentinel://a.example.com/store/first", "a database is a number"),
    ],
)
def test_what_is_wrong_with_it_is_said(url: str, told: str) -> None:
    """With the form that it must have, and without the password."""
    with pytest.raises(ConfigError, match=told) as caught:
        client_for(url)
    assert "HOST:PORT,HOST:PORT,HOST:PORT/SERVICE" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["redis://:hunter2/x@a.example.com:6379", "rediss+sentinel://:hunter2@a.example.com/0?ssl_ca=hunter2"]
)
def test_no_piece_of_a_password_stands_in_the_error(url: str) -> None:
    """To the libraries, a slash in a password ends it and begins a port; their errors repeat it."""
    with pytest.raises(ConfigError, match="%2F") as caught:
        client_for(url)
    assert "hunter2" not in str(caught.value)


def test_an_option_that_nobody_knows_is_refused_before_the_first_command() -> None:
    """It would come out as an accident of the library else, whenever the first command is sent."""
    with pytest.raises(ConfigError, match="options that are known"):
        client_for("redis://a.example.com/0?sslca=ca.pem")
