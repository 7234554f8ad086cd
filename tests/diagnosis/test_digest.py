"""Of a huge text the lines that may tell of an error are kept: near our name, at the end, or by their words."""

import json

import pytest

from outboundsync_mcp.diagnosis.digest import (
    FROM_CHARS,
    KEPT_CHARS,
    LAST_LINES,
    MAX_LINE_CHARS,
    NEAR_LINES,
    digest,
)

PLAIN = "synced some records of the night, all is well"


def lines_around(special: str, *, above: int = 6000, below: int = 6000) -> list[str]:
    """A huge text's lines, each of its own number, with a special one among them."""
    return [*(f"{PLAIN} a{i}a" for i in range(above)), special, *(f"{PLAIN} b{i}b" for i in range(below))]


def test_a_text_up_to_the_limit_stays_as_it_is() -> None:
    text = (PLAIN + "\n") * (FROM_CHARS // len(PLAIN))
    at_limit = text[:FROM_CHARS]
    assert digest(at_limit) == at_limit
    assert len(digest(at_limit + "x")) < FROM_CHARS // 2


@pytest.mark.parametrize("start", ["[", " \n{"])
def test_a_json_document_stays_whole(start: str) -> None:
    text = start.replace("{", '{"a": [') + json.dumps([PLAIN] * 12_000)[1:] + ("}" if "{" in start else "")
    assert len(text) > FROM_CHARS
    assert digest(text) == text


@pytest.mark.parametrize("text", ["[" * 500_000, "{" + PLAIN * 12_000, "[" + "1," * 300_000])
def test_what_only_begins_like_json_is_cut(text: str) -> None:
    assert digest(text) != text


def test_the_last_lines_are_kept_whatever_they_say() -> None:
    lines = lines_around(PLAIN)
    assert digest("\n".join(lines)).split("\n") == lines[-LAST_LINES:]


@pytest.mark.parametrize(
    "ours",
    [
        "outboundsync.com",
        "The OutboundSync job",
        "key osapi_…",
        "GET /api/v1/me",
        "Invalid API key",
        "API access is not enabled",
    ],
)
def test_what_stands_near_our_name_is_kept(ours: str) -> None:
    lines = lines_around(ours)
    near = lines[6000 - NEAR_LINES : 6000 + NEAR_LINES + 1]
    assert digest("\n".join(lines)).split("\n") == [*near, *lines[-LAST_LINES:]]


@pytest.mark.parametrize("above", [0, 3])
def test_our_name_in_the_first_lines_has_fewer_neighbours(above: int) -> None:
    lines = lines_around("outboundsync", above=above, below=12_000)
    assert digest("\n".join(lines)).split("\n") == [*lines[: above + NEAR_LINES + 1], *lines[-LAST_LINES:]]


@pytest.mark.parametrize(
    "special",
    [
        "HTTP/1.1 200", "< HTTP/2 204", "an Error", "SomeException", "refused", "timed out", "ETIMEDOUT", "time out",
        "Timeout", "certificate", "Retry-After", "Unauthorized", "Forbidden", "got 401", "429", "(503)", "status_code",
        "status code", "statuscode",
    ],
)  # fmt: skip
def test_a_line_that_may_tell_of_an_error_is_kept_alone(special: str) -> None:
    lines = lines_around(special)
    assert digest("\n".join(lines)).split("\n") == [special, *lines[-LAST_LINES:]]


@pytest.mark.parametrize("special", ["took 301 s", "x401", "4012", "401x", "id 1401", "statusxxxxcode", "http/3"])
def test_a_line_that_tells_of_none_is_not(special: str) -> None:
    lines = lines_around(special)
    assert digest("\n".join(lines)).split("\n") == lines[-LAST_LINES:]


def test_of_a_long_line_both_ends_are_kept() -> None:
    half = MAX_LINE_CHARS // 2
    fits, long = "outboundsync " + "a" * (MAX_LINE_CHARS - 13), "outboundsync " + "a" * MAX_LINE_CHARS + "end"
    kept = digest("\n".join([*lines_around(fits), *lines_around(long)])).split("\n")
    assert fits in kept
    assert f"{long[:half]} {long[-half:]}" in kept
    assert long not in kept


def test_a_text_of_hardly_any_lines_is_cut_into_pieces() -> None:
    plain, ours = "-" * 10_000, "-" * 4_000 + "osapi_" + "-" * 5_994
    pieces = KEPT_CHARS // len(plain)
    before = pieces - NEAR_LINES - 1
    kept = digest(plain * 50 + ours + plain * 300).split("\n")
    assert kept == [*[plain] * before, ours, *[plain] * NEAR_LINES, *[plain] * pieces]
    assert max(map(len, digest("\n".join([plain * 3] * 21)).split("\n"))) == len(plain)
    assert max(map(len, digest("\n".join([plain * 3] * 22)).split("\n"))) == MAX_LINE_CHARS + 1  # now lines


def test_what_came_last_is_kept_where_not_all_can_be() -> None:
    errors = [f"error {i} {'x' * 90}" for i in range(20_000)]
    kept = digest("\n".join(errors)).split("\n")
    assert kept == errors[-len(kept) :]
    assert KEPT_CHARS <= sum(map(len, kept)) < KEPT_CHARS + 200


def test_many_errors_of_others_leave_room_for_ours() -> None:
    lines = ["GET /api/v1/me 401", *(f"error {i} {'x' * 90}" for i in range(20_000))]
    assert digest("\n".join(lines)).split("\n")[: NEAR_LINES + 1] == lines[: NEAR_LINES + 1]


def test_utf_16_read_as_bytes_is_looked_at_without_its_zeros() -> None:
    text = "".join(f"{char}\x00" for char in "\n".join(lines_around("error")))
    assert digest(text).split("\n")[0] == "error"
