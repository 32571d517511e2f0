"""Records that are not what we wrote: named, refused, and never another error. A real server adds nothing here."""

from __future__ import annotations

from collections.abc import Callable

import fakeredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core.model import SCHEMA
from jenkins_mfa.errors import StoreUnusableError
from jenkins_mfa.store.gates import RedisStore

READS: dict[str, Callable[[RedisStore], object]] = {
    "gate:g_1": lambda store: store.gate("g_1"),
    "run:main:job:1:1": lambda store: store.run("main:job:1:1"),
    "auth:alice": lambda store: store.person("alice"),
    "told:g_1": lambda store: store.told("g_1"),
}


@pytest.mark.parametrize("key", READS)
@given(junk=st.one_of(st.binary(max_size=60), st.sampled_from([b"{}", b"[]", b"null", b'{"version": 1}', b"1e999"])))
def test_a_damaged_record_is_named_and_refused(key: str, junk: bytes) -> None:
    """Whatever bytes stand there: StoreUnusableError with the key, so that an operator finds it."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client)
    client.hset(f"{{mfa}}:{key}", mapping={"version": 1, "commit": "x", "json": junk})
    with pytest.raises(StoreUnusableError, match=key.split(":")[0]):
        READS[key](store)


@pytest.mark.parametrize("key", READS)
def test_a_record_of_another_type_is_refused(key: str) -> None:
    """A string where a hash belongs."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client)
    client.set(f"{{mfa}}:{key}", "x")
    with pytest.raises(Exception, match=r"store|WRONGTYPE"):
        READS[key](store)


def test_data_of_a_newer_schema_is_refused() -> None:
    """An older agent does not touch what a newer one wrote."""
    client = fakeredis.FakeRedis()
    client.set("{mfa}:schema", SCHEMA + 1)
    with pytest.raises(StoreUnusableError):
        RedisStore(client)
