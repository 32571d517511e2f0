"""The cases of totp.json: RFC 6238, appendix B (SHA-1), with the last six of its eight digits."""

from typing import Any

#: seconds → the eight digits that the RFC prints
APPENDIX_B = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


def totp() -> list[dict[str, Any]]:
    """Seed (text of 20 ASCII bytes), time in seconds, time step and the code of six digits."""
    return [
        {"seed": "12345678901234567890", "seconds": seconds, "step": seconds // 30, "code": digits[-6:]}
        for seconds, digits in APPENDIX_B.items()
    ]
