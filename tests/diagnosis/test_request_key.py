"""What a unit of text shows of the key that was sent: a fault, a key, a header that tells nothing, or nothing."""

import pytest

from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.diagnosis.request_key import KeySign, key_sign

KEY = "osapi_Zq81LmWc0RtY5uHb7NxKe3DvPs9aGj2F"
SENT = KeySign(sent=True, rank=3)
HIDDEN = KeySign()
"""A header whose key a mask or a program's variable stands for."""
EMPTY = KeySign(fault=KeyFault.MISSING, detail="The Authorization header was sent empty.", sent=False, rank=3)
WITHOUT_BEARER = KeySign(
    fault=KeyFault.WRONG_SCHEME,
    detail="The Authorization header has the key without the word Bearer in front of it.",
    rank=3,
)
UNEXPANDED = KeySign(
    fault=KeyFault.UNEXPANDED,
    detail="The value is a reference to a variable or a secret store that nothing has expanded.",
    rank=3,
)
ELSEWHERE = KeySign(
    fault=KeyFault.WRONG_SCHEME,
    detail="The key was sent in another place: the API takes `Authorization: Bearer osapi_…` alone.",
    rank=3,
)
SAID_TO_BE_MISSING = KeySign(fault=KeyFault.MISSING, detail="The text says that no key was set or sent.", rank=2)
WITHOUT_AUTHORIZATION = KeySign(
    fault=KeyFault.MISSING, detail="The request headers have no Authorization.", sent=False, rank=2
)


LINES: list[tuple[str, KeySign | None]] = [
    (f"Authorization: Bearer {KEY}", SENT),
    ("Authorization: ", EMPTY),
    ("authorization:", EMPTY),
    (
        "Authorization: Bearer",
        KeySign(
            fault=KeyFault.MISSING,
            detail="The Authorization header has the word Bearer and no key after it.",
            sent=False,
            rank=3,
        ),
    ),
    (f"Authorization: {KEY}", WITHOUT_BEARER),
    (f"Authorization: '{KEY}'", WITHOUT_BEARER),
    (
        f"Authorization: Bearer Bearer {KEY}",
        KeySign(fault=KeyFault.DOUBLE_BEARER, detail="The Authorization header has the word Bearer twice.", rank=3),
    ),
    (
        f'Authorization: Bearer "{KEY}"',
        KeySign(fault=KeyFault.QUOTED, detail="The Authorization header has quotes around the key.", rank=3),
    ),
    (f"Authorization: Bearer  {KEY}", SENT),
    (
        f"Authorization: Bearer \u200b{KEY}",
        KeySign(
            fault=KeyFault.INVISIBLE,
            detail="The Authorization header has an invisible or non-ASCII character beside the key.",
            rank=3,
        ),
    ),
    (
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        KeySign(
            fault=KeyFault.WRONG_SCHEME,
            detail="The Authorization header uses the scheme Basic where Bearer belongs.",
            rank=3,
        ),
    ),
    (
        f"Authorization: Token {KEY}",
        KeySign(
            fault=KeyFault.WRONG_SCHEME,
            detail="The Authorization header uses the scheme Token where Bearer belongs.",
            rank=3,
        ),
    ),
    ('Authorization: Basic realm="x"', None),
    ('Authorization: Bearer realm="OutboundSync API"', None),
    (
        "Authorization: Bearer YOUR_API_KEY",
        KeySign(
            fault=KeyFault.PLACEHOLDER,
            detail="The value is a placeholder from documentation or a template, not a key.",
            rank=3,
        ),
    ),
    ("Authorization: Bearer osapi_...", HIDDEN),
    ("Authorization: Bearer osapi_****", HIDDEN),
    ("Authorization: Bearer ***", HIDDEN),
    ("Authorization: [REDACTED]", HIDDEN),
    ("Authorization: Bearer $OUTBOUNDSYNC_API_KEY", UNEXPANDED),
    ("Authorization: Bearer ${OUTBOUNDSYNC_API_KEY}", UNEXPANDED),
    ("Authorization: Bearer {{apiKey}}", UNEXPANDED),
    ('curl -H "Authorization: Bearer $KEY" https://app.outboundsync.com/api/v1/me', None),
    ("curl -H 'Authorization: Bearer $KEY' https://app.outboundsync.com/api/v1/me", UNEXPANDED),
    (
        "curl https://app.outboundsync.com/api/v1/me",
        KeySign(fault=KeyFault.MISSING, detail="The command sends no Authorization header.", sent=False, rank=2),
    ),
    ("curl -u user:pw https://app.outboundsync.com/api/v1/me", None),
    (f"curl -H 'X-API-Key: {KEY}' https://app.outboundsync.com/api/v1/me", ELSEWHERE),
    (f"curl -u {KEY}: https://app.outboundsync.com/api/v1/me", ELSEWHERE),
    (f"http -A bearer -a {KEY} https://app.outboundsync.com/api/v1/me", None),
    (f"GET https://app.outboundsync.com/api/v1/me?api_key={KEY}", ELSEWHERE),
    ("curl: (6) Could not resolve host: app.outboundsync.com/", None),
    ("headers: { Authorization: `Bearer ${process.env.KEY}` }", HIDDEN),
    ("headers = {'Authorization': 'Bearer ' + key}", HIDDEN),
    (f"headers = {{'Authorization': 'Bearer {KEY}'}}", SENT),
    (f"headers={{'Authorization': '{KEY}'}}", WITHOUT_BEARER),
    ("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==", None),
    ("Authorization header is missing", SAID_TO_BE_MISSING),
    ("Authorization header required", None),
    ("KeyError: 'OUTBOUNDSYNC_API_KEY'", SAID_TO_BE_MISSING),
    ("OUTBOUNDSYNC_API_KEY is not set", SAID_TO_BE_MISSING),
    ("no API key configured", SAID_TO_BE_MISSING),
    (
        "Illegal header value b'Bearer osapi_abc '",
        KeySign(
            fault=KeyFault.WHITESPACE,
            detail="The client refused the Authorization header: the key has a line break, a space or a control "
            "character.",
            rank=2,
        ),
    ),
    ("Illegal header value b'Bearer '", SAID_TO_BE_MISSING),
    ("UnicodeEncodeError: 'latin-1' codec can't encode character '\\u200b' in position 7", None),
    ("headers: Illegal header value", None),
    (
        "Authorization: Bearer sk-proj-abcdefghijklmnopqrstuvwx",
        KeySign(
            fault=KeyFault.OTHER_VENDOR,
            detail="The value has the form of a key from OpenAI, which OutboundSync does not accept.",
            vendor="OpenAI",
            rank=3,
        ),
    ),
    (
        "Authorization: Bearer pat-na1-7gQ2xV9mK4tR8wZ1pL6n",
        KeySign(
            fault=KeyFault.OTHER_VENDOR,
            detail="The value has the form of a key from HubSpot, which OutboundSync does not accept.",
            vendor="HubSpot",
            rank=3,
        ),
    ),
    (
        f"Authorization: Bearer <{KEY}>",
        KeySign(
            fault=KeyFault.PLACEHOLDER,
            detail="The value is in brackets, as documentation writes a placeholder.",
            rank=3,
        ),
    ),
    (f"Authorization: Bearer {KEY}, then 401", SENT),
    ("request headers: {accept: */*, user-agent: node}", WITHOUT_AUTHORIZATION),
    ("request headers: {accept: */*, authorization: ***, user-agent: node}", HIDDEN),
    ("{ 'accept': '*/*', 'user-agent': 'axios' }", WITHOUT_AUTHORIZATION),
    ("nothing of the kind", None),
]

PAIRS: list[tuple[str, list[tuple[str, str]], KeySign | None]] = [
    ("x", [("request.headers.Authorization", f"Bearer {KEY}")], SENT),
    (
        "x",
        [("config.headers.Authorization", f"{KEY}")],
        WITHOUT_BEARER,
    ),
    (
        "x",
        [("headers.x-api-key", f"{KEY}")],
        ELSEWHERE,
    ),
    ("x", [("headers.x-api-key", "abc")], None),
    (
        "x /api/v1/me",
        [("request.headers.Accept", "*/*"), ("request.headers.User-Agent", "axios/1.7")],
        WITHOUT_AUTHORIZATION,
    ),
    (
        "x",
        [
            ("request.url", "https://app.outboundsync.com/api/v1/me"),
            ("request.headers.Accept", "*/*"),
            ("request.headers.User-Agent", "axios/1.7"),
        ],
        WITHOUT_AUTHORIZATION,
    ),
    (
        "x /api/v1/me",
        [("request.headers.Accept", "*/*"), ("request.headers.User-Agent", "a"), ("request.headers.X-Auth", "b")],
        None,
    ),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_shows_of_the_key(line: str, expected: KeySign | None) -> None:
    assert key_sign(line, []) == expected


@pytest.mark.parametrize(("text", "pairs", "expected"), PAIRS)
def test_a_record_shows_of_the_key(text: str, pairs: list[tuple[str, str]], expected: KeySign | None) -> None:
    assert key_sign(text, pairs) == expected


@pytest.mark.parametrize(
    "words", ["'latin-1' codec can't encode character '\\u2026'", "Cannot convert argument to a ByteString"]
)
def test_an_encoding_fails_in_a_header_only_where_one_is_set(words: str) -> None:
    assert key_sign(words, []) is None
    sign = key_sign(words, [], sets_header=True)
    assert sign is not None
    assert sign.fault is KeyFault.INVISIBLE
