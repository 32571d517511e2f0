"""The look at memory sees a leak, and lets a warm-up be."""

from __future__ import annotations

import pytest
from soak_memory import growth

MIB = 1 << 20


@pytest.mark.parametrize(("leak", "grows"), [(0.0, 0.0), (0.001, 0.12)])
def test_a_leak_is_seen(leak: float, grows: float) -> None:
    """A tenth of a percent a second, or nothing, after a minute in which memory doubles."""
    looks = [(float(at), int(100 * MIB * min(1.0, 0.5 + at / 100) * (1 + leak * at))) for at in range(0, 240, 2)]
    found = growth(looks)
    assert found is not None
    assert found == pytest.approx(grows, abs=0.02)


def test_a_short_life_says_nothing() -> None:
    """Nor does none."""
    assert growth([(0.0, MIB), (100.0, MIB)]) is None
    assert growth([]) is None
