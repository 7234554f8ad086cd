"""The reasons for which mutants may live can be read, so that hours of mutants do not end without their report."""

import re
import tomllib

from tests.mutants.__main__ import REASONS


def test_every_reason_says_where_and_why() -> None:
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]
    assert reasons
    for reason in reasons:
        re.compile(reason["where"])
        re.compile(reason.get("mutation", ""))
        assert reason["why"][0].isupper()
