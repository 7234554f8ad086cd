"""A short run of the fuzz targets, the same every time: seeds of the corpus, damaged. `make fuzz` runs a long one."""

import base64
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.cases import load
from tests.fuzz.targets import ENCODED, PLACES, SECRETS, TARGETS, TEARS, paste, planted, runs_of

SEEDS: Final = sorted({case.text.encode()[:1500] for case in load("development")}, key=len)
DAMAGE: Final = st.lists(
    st.tuples(st.integers(0, 1500), st.binary(max_size=4) | st.sampled_from(TEARS).map(str.encode))
)

FOUND: Final = {
    "a quoted-printable text beside a query that only looks encoded": (
        b"b7r\x06\xc5Content-Transfer-Encoding: quoted-printable\n\nThe API says {=22message=22: =22x=22}"
    ),
    "a key glued to its scheme, so that the scheme was taken for a part of it": (
        b"\x02\xff\x0b\x00\x02> Authorization: Bearer323fd19f67b\n< set-cookie: sid=pe: x"
    ),
    "capitals and digits without an end behind a key": b"\x09\x00\x00\x00\x00" + b"3" * 16 + b"N" * 1000 + b"3" * 40,
}
"""What fuzzing found, and has to stay found."""


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(control=st.binary(min_size=5, max_size=5), seed=st.sampled_from(SEEDS), damage=DAMAGE)
@pytest.mark.parametrize("target", TARGETS)
def test_no_damaged_paste_breaks_a_promise(
    target: str, control: bytes, seed: bytes, damage: list[tuple[int, bytes]]
) -> None:
    for at, stuff in damage:
        seed = seed[:at] + stuff + seed[at:]
    TARGETS[target](control + seed)


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("target", TARGETS)
def test_what_fuzzing_found_stays_mended(target: str, name: str) -> None:
    TARGETS[target](FOUND[name])


@pytest.mark.parametrize("number", range(len(PLACES) + 1))
def test_a_secret_is_planted_in_every_place(number: int) -> None:
    text, secret = planted(bytes((number, 0, 0, 0, 0)) + b"any text")
    encoded = base64.b64encode(f"user:{secret}".encode()).decode()
    assert (secret if number < len(PLACES) else ENCODED.format(encoded)) in text


def test_a_shown_secret_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_: bytes) -> tuple[str, str]:
        return "401 Unauthorized", "authorized"

    monkeypatch.setattr("tests.fuzz.targets.planted", found)
    assert runs_of(SECRETS[0], f"…{SECRETS[0][4:10]}…")
    with pytest.raises(AssertionError, match="a secret is shown"):
        paste(b"")
