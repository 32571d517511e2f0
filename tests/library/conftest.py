"""One JVM for all tests of the library, and receipts as the agent signs them."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import groovy_driver
import pytest
from groovy_driver import KEY

from jenkins_mfa.core import receipt, request, signing_keys
from receipt_kit import claims_of

Proceed = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[groovy_driver.Library]:
    """The library in its JVM; without Groovy the tests are skipped on a laptop and fail in CI."""
    if reason := groovy_driver.missing():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    running = groovy_driver.Library(tmp_path_factory.mktemp("library"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def trusting(library: groovy_driver.Library) -> str:
    """A copy of the library that trusts the key of `signed`."""
    return library.trusting(groovy_driver.trust_source({"k1": signing_keys.spki(KEY.public_key())}))


@pytest.fixture(scope="session")
def killing(library: groovy_driver.Library) -> str:
    """The same with `bare = "kill"`."""
    return library.trusting(groovy_driver.trust_source({"k1": signing_keys.spki(KEY.public_key())}, bare="kill"))


def sign(asked: Mapping[str, Any], **changes: Any) -> str:
    """The agent's receipt for an input that opened; `changes` replace arguments of `claims_of`."""
    text, now = groovy_driver.request_text(asked), groovy_driver.now()
    arguments: dict[str, Any] = {
        "issuer": "mfa:example",
        "kind": "jenkins",
        "source": "main",
        "pipeline": groovy_driver.JOB,
        "run_id": str(groovy_driver.BUILD),
        "attempt": 1,
        "jti": "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1",
        "iat": now,
        "exp": now + 600,
        "nonce": asked["id"],
        "approvers": [receipt.Approver("alice", "totp", now)],
        "rules": ["production-two"],
        "policy_sha256": "ab" * 32,
        "audit_seq": 4711,
        "audit_head": "9c1e" * 16,
        "request": request.without_number(request.parse(text)),
        "request_sha256": request.digest(text),
    }
    return receipt.sign(claims_of(**{**arguments, **changes}), kid="k1", key=KEY)


@pytest.fixture(scope="session")
def signed() -> Callable[..., Proceed]:
    """`signed(quorum…)` answers an input as the agent does: proceed with a receipt, with some claims changed."""

    def answer(**changes: Any) -> Proceed:
        return lambda asked: {
            "proceed": {"submitter": groovy_driver.AGENT, "MFA_REQUEST": "", "MFA_RECEIPT": sign(asked, **changes)}
        }

    return answer
