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


def scheme(name: str) -> KeySign:
    """The header names this scheme, which is not the API's."""
    return KeySign(
        fault=KeyFault.WRONG_SCHEME,
        detail=f"The Authorization header uses the scheme {name} where Bearer belongs.",
        rank=3,
    )


NO_KEY = KeySign(
    fault=KeyFault.MISSING,
    detail="The Authorization header has the word Bearer and no key after it.",
    sent=False,
    rank=3,
)
QUOTED = KeySign(fault=KeyFault.QUOTED, detail="The Authorization header has quotes around the key.", rank=3)
PLACEHOLDER = KeySign(
    fault=KeyFault.PLACEHOLDER,
    detail="The value is a placeholder from documentation or a template, not a key.",
    rank=3,
)
IN_BRACKETS = KeySign(
    fault=KeyFault.PLACEHOLDER, detail="The value is in brackets, as documentation writes a placeholder.", rank=3
)
DOUBLE = KeySign(fault=KeyFault.DOUBLE_BEARER, detail="The Authorization header has the word Bearer twice.", rank=3)
INVISIBLE = KeySign(
    fault=KeyFault.INVISIBLE,
    detail="The Authorization header has an invisible or non-ASCII character beside the key.",
    rank=3,
)
OF_ANOTHER_KIND = KeySign(
    fault=KeyFault.NO_PREFIX,
    detail="The value does not begin with `osapi_`, as every OutboundSync API key does.",
    rank=3,
)
TOO_LONG = KeySign(
    fault=KeyFault.TOO_LONG,
    detail="The value has more than 512 characters after `osapi_`: "
    "this server takes it for a key with something else pasted along.",
    rank=3,
)
KEYLESS_COMMAND = KeySign(
    fault=KeyFault.MISSING, detail="The command sends no Authorization header.", sent=False, rank=2
)
REFUSED_BLANK = KeySign(
    fault=KeyFault.WHITESPACE,
    detail="The client refused the Authorization header: the key has a line break, a space or a control character.",
    rank=2,
)
REFUSED_CHARACTER = KeySign(
    fault=KeyFault.INVISIBLE,
    detail="The client refused the header: the key has a character that no header can carry.",
    rank=2,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Authorization: ***\nAuthorization: Bearer {KEY}", SENT),
        (f"Authorization: Bearer {KEY}\nAuthorization: ***", SENT),
        (f"Authorization: Bearer {KEY}\nAuthorization: ", EMPTY),
        (f"Authorization: {KEY}\nAuthorization: Bearer {KEY}", WITHOUT_BEARER),
        (f"Authorization: Bearer {KEY}\nAuthorization: {KEY}", WITHOUT_BEARER),
        (f"Authorization: Token {KEY}\nAuthorization: {KEY}", scheme("Token")),
        (f"Authorization: {KEY}\nAuthorization: Token {KEY}", WITHOUT_BEARER),
        (f"Authorization: Bearer {KEY}\nthe Authorization: my bearer", SENT),
        (f"Authorization: Bearer {KEY}\nOUTBOUNDSYNC_API_KEY is not set", SAID_TO_BE_MISSING),
        ("Authorization: ***\nOUTBOUNDSYNC_API_KEY is not set", SAID_TO_BE_MISSING),
        (f"Authorization: {KEY}\nOUTBOUNDSYNC_API_KEY is not set", WITHOUT_BEARER),
        (f"Authorization: {KEY}\nillegal header value 'x'", WITHOUT_BEARER),
        ("Authorization: ***\nillegal header value 'x'", REFUSED_BLANK),
        (f"Authorization: Bearer {KEY}\nillegal header value 'x'", REFUSED_BLANK),
        (f"x-api-key: {KEY}\nAuthorization: ***", HIDDEN),
        (f"request headers: {{accept: x}}\nAuthorization: Bearer {KEY}", SENT),
        ("'user-agent': 'x', 'accept': 'y'\nAuthorization: ***", HIDDEN),
        ("curl https://app.outboundsync.com/api/v1/me\nAuthorization: ***", HIDDEN),
    ],
)  # fmt: skip
def test_of_several_signs_a_fault_counts_most_then_a_key_then_the_surer_then_the_first(
    text: str, expected: KeySign
) -> None:
    assert key_sign(text, []) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a command's options, each in its own quotes
        (f"curl -H Authorization:{KEY}", WITHOUT_BEARER), (f"curl -H 'Authorization: Bearer {KEY}' -H 'x: y'", SENT),
        (f'curl -H "Authorization: Bearer {KEY}" -H "x: y"', SENT),
        (f'curl -H "Authorization: {KEY}" -H "x: y"', WITHOUT_BEARER), ("curl -H 'Authorization: '", EMPTY),
        ('curl --header "Authorization: $KEY" -H "x: y"', None), ('curl --header="Authorization: Bearer $KEY"', None),
        ("curl --header='Authorization: Bearer $KEY'", UNEXPANDED), ("curl -H Authorization:%KEY%", None),
        ('curl -H "Authorization: Bearer {{key}}"', None), ('-H "Authorization: Bearer $KEY"', None),
        ('--header "Authorization: Bearer $KEY"', None), ('"Authorization: Bearer $KEY"', UNEXPANDED),
        ('wget "Authorization: Bearer $KEY"', None), ('xh x "Authorization: Bearer $KEY"', None),
        ("curl -H Authorization:Bearer $KEY 'x'", None),
        (f"curl Authorization, Bearer {KEY}", SENT), (f"curl -H Authorization: {KEY} 'x'", WITHOUT_BEARER),
        # a header in quotes, as a sentence cites it
        (f'"Authorization: Bearer {KEY}" "x"', SENT), (f"'Authorization: Bearer {KEY}' 'x'", SENT),
        (f"`Authorization: Bearer {KEY}` 'x'", SENT), (f"`Authorization: {KEY}` x", WITHOUT_BEARER),
        ("'Authorization: '", EMPTY), ("`Authorization: Bearer` x", NO_KEY),
        ("'Authorization: Bearer' and 'x'", NO_KEY),
        ("'Authorization: Bearer \"abc\"' x", QUOTED),
        # a field of a program's text
        ("'Authorization': '' x", EMPTY), ("'Authorization': '' + key", HIDDEN),
        ("'Authorization': 'Bearer ' . $key", HIDDEN),
        ("'Authorization': 'Bearer ' & key", HIDDEN), ("'Authorization': 'Bearer ' + key + 'x'", HIDDEN),
        ("'Authorization': 'Bearer ' key", NO_KEY), ("'Authorization': 'Bearer ', 'x': 'y' + z", NO_KEY),
        ("'Authorization': ''+ key", HIDDEN), (f"'Authorization': '{KEY}', 'x': 'y'", WITHOUT_BEARER),
        (f"'Authorization': 'Bearer {KEY}', 'x': 'y'", SENT), (f"'Authorization': 'Bearer {KEY}", SENT),
        (f"'Authorization': '{KEY}", WITHOUT_BEARER), (f"'Authorization', 'Bearer {KEY}'", SENT),
        (f"'Authorization', '{KEY}'", WITHOUT_BEARER), (f"['Authorization', ['Bearer {KEY}']]", SENT),
        (f"Authorization=Bearer {KEY}", SENT), (f"Authorization->Bearer {KEY}", SENT),
        (f"Authorization | Bearer {KEY}", SENT),
        (f"Authorization | {KEY}", None), (f"Authorization: [{KEY}", WITHOUT_BEARER),
        (f"Authorization: (Bearer {KEY})", SENT),
        (f"Authorization, {KEY}", None), (f"Authorization, Bearer {KEY}", None), ("Authorization: [", None),
        ("Authorization: (", None), ("'Authorization': 'Basic x", scheme("Basic")),
        (f'x "Authorization: Bearer {KEY}" y', SENT), ("curl -H Authorization: Token X1", scheme("Token")),
        ("Authorization => [ ", None), ("Authorization => ( ", None),
        # a value that a program names
        ("headers = {'Authorization': 'Bearer apiKey'}", HIDDEN), ("const x = {'Authorization': 'Bearer abc'}", HIDDEN),
        ("return {'Authorization': 'Bearer YOUR_API_KEY'}", HIDDEN),
        ("{'Authorization': 'Bearer YOUR_API_KEY'}", PLACEHOLDER),
        ("{'Authorization': `Bearer YOUR_API_KEY`}", HIDDEN),
        ("{Authorization: Bearer abc} process.env", OF_ANOTHER_KIND),
        ("headers = {'Authorization': 'Bearer $API_KEY'}", HIDDEN),
        (f"headers = {{'Authorization': 'Bearer {KEY}'}}", SENT),
        (f"headers = {{'Authorization': 'Bearer bearer {KEY}'}}", DOUBLE),
        # a template
        ("Authorization: Bearer $apiKey", HIDDEN), ("Authorization: Bearer ${api_key}", HIDDEN),
        ("Authorization: Bearer ${API_KEY}", UNEXPANDED), ("Authorization: Bearer ${process.env.K}", HIDDEN),
        ("Authorization: Bearer #{key}", HIDDEN), ("Authorization: Bearer %s", HIDDEN),
        ("Authorization: Bearer <%= k %>", HIDDEN),
        ("Authorization: ${key} bearer", HIDDEN), ("Authorization: +bearer", HIDDEN),
    ],
)  # fmt: skip
def test_a_header_in_a_command_or_a_program_shows_of_the_key(text: str, expected: KeySign | None) -> None:
    assert key_sign(text, []) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # what stands around the value is none of it
        (f"Bearer {KEY} \\", SENT), (f"Bearer {KEY}}}]);", SENT), (f"{KEY}}}]);", WITHOUT_BEARER),
        (f"Bearer {KEY}\r", SENT),
        (f"Bearer {KEY},", SENT), (f"\tBearer \t{KEY}", SENT), (f"  \t Bearer {KEY}", SENT), (" \t , ", EMPTY),
        (";", EMPTY),
        (f"Bearer {KEY}X", SENT), (f"Bearer {KEY}\u00a0", INVISIBLE), (f"\u2003Bearer {KEY}", None),
        # the scheme
        (f"TOKEN {KEY}", scheme("Token")), (f"Token: {KEY}", scheme("Token")), (f"apikey {KEY}", scheme("Apikey")),
        (f"Api-Key {KEY}", scheme("Api-key")), (f"Digest {KEY}", scheme("Digest")), (f"key {KEY}", scheme("Key")),
        (f"Negotiate {KEY}", scheme("Negotiate")), (f"NTLM {KEY}", scheme("Ntlm")), (f"BEARER {KEY}", SENT),
        (f"token \t{KEY}", scheme("Token")), ("Token", None), ("Token ", None), ("Basic required", None),
        ("Basic is missing", None),
        ('Digest realm="x"', None), ("Basic YWJj", scheme("Basic")), ("Token X", scheme("Token")),
        (f":Token {KEY}", HIDDEN),
        (f"XTokenX {KEY}", HIDDEN),
        # without a scheme
        (f'"{KEY}"', WITHOUT_BEARER), ('"osapi_****"', HIDDEN), ("osapi_****", HIDDEN), (KEY.upper(), WITHOUT_BEARER),
        (f"'{KEY}'", WITHOUT_BEARER), (f"x{KEY}", HIDDEN), (f"X{KEY}", HIDDEN), ("abc", HIDDEN), ("*** bearer", HIDDEN),
        ("my bearer", None),
        ("MY BEARER", None), ("the bearer", None), ("header is required", None), ("is required", None),
        ("error x", None), ("bearers *** x", HIDDEN),
        # behind the word Bearer
        ("Bearer error=x", None), ("Bearer REALM=x", None), ("Bearer Error=x", None), ("Bearer osapi_…", HIDDEN),
        ("Bearer OSAPI_...", HIDDEN), ("Bearer osapi_... realm", HIDDEN),
        (f"Bearer Authorization: Bearer {KEY}", DOUBLE),
        (f"Bearer Authorization: {KEY}", DOUBLE), (f"Bearer 'Bearer {KEY}'", QUOTED),
        ("Bearer <YOUR_KEY>", IN_BRACKETS),
        ("Bearer <abc>", HIDDEN), ("Bearer <your api key>", IN_BRACKETS), ("Bearer [REDACTED]", HIDDEN),
        ("Bearer abc", OF_ANOTHER_KIND),
        ("Bearer osapi_abc", HIDDEN), ("Bearer osapi_" + "a1" * 256, SENT),
        ("Bearer osapi_" + "a1" * 256 + "a", TOO_LONG),
        ("Bearer realmosapi_=x", KeySign(fault=KeyFault.NO_PREFIX, rank=3,
         detail="The value has something in front of `osapi_`: a key begins with it.")),
        ("Bearer null", KeySign(fault=KeyFault.PLACEHOLDER, rank=3,
         detail="The value is a word that programs write for an unset variable, not a key.")),
        (f"Bearer OSAPI_{KEY[6:]}", KeySign(fault=KeyFault.NO_PREFIX, rank=3,
         detail="The value begins with `osapi_` in the wrong case: a key begins with it in small letters.")),
    ],
)  # fmt: skip
def test_the_value_of_a_header_shows_of_the_key(value: str, expected: KeySign | None) -> None:
    assert key_sign("x", [("request.headers.Authorization", value)]) == expected


HEADER, USER_AGENT = "request.headers.Authorization", ("request.headers.User-Agent", "axios/1.7")


@pytest.mark.parametrize(
    ("text", "pairs", "expected"),
    [
        ("x", [("Authorization", f"Bearer {KEY}")], SENT), ("x", [("AUTHORIZATION", KEY)], WITHOUT_BEARER),
        ("x", [("a.b.headers.authorization", f"Bearer {KEY}")], SENT), ("x", [("authorization.x", KEY)], None),
        ("x", [(HEADER, "Bearer a\nb")], None), ("x", [(HEADER, "")], EMPTY), ("x", [(HEADER, "Bearer")], NO_KEY),
        ("x", [(HEADER, "Bearer YOUR_API_KEY")], PLACEHOLDER), ("x", [(HEADER, "Bearer $API_KEY")], UNEXPANDED),
        ("x", [(HEADER, "Bearer osapi_" + "a1" * 3000)], TOO_LONG),
        ("x", [(HEADER, "osapi_" + "a1" * 3000)], WITHOUT_BEARER),
        # several
        ("x", [(HEADER, "***"), (HEADER, f"Bearer {KEY}")], SENT),
        ("x", [(HEADER, f"Bearer {KEY}"), (HEADER, "***")], SENT),
        ("x", [(HEADER, f"Bearer {KEY}"), ("x-api-key", KEY)], ELSEWHERE),
        ("x", [("x-api-key", KEY), (HEADER, "***")], ELSEWHERE),
        ("x", [("x-api-key", KEY), (HEADER, f"Bearer {KEY}")], ELSEWHERE),
        ("x", [(HEADER, f"Token {KEY}"), ("x-api-key", KEY)], scheme("Token")),
        ("x", [("x-api-key", KEY), (HEADER, f"Token {KEY}")], ELSEWHERE),
        # what was read in the text as a whole is not judged by its first word
        ("Authorization: ***", [(HEADER, "Bearer")], HIDDEN), ("Authorization: ***", [(HEADER, "BEARER")], HIDDEN),
        ("Authorization: ***", [(HEADER, "Bearer"), ("x-api-key", KEY)], ELSEWHERE),
        ("Authorization: ***", [(HEADER, f"Bearer {KEY}")], SENT),
        ("Proxy-Authorization: ***", [(HEADER, "Bearer")], NO_KEY),
        # another header
        *(("x", [(f"headers.{name}", KEY)], ELSEWHERE) for name in (
            "x_api_key", "X-Api-Key", "api-key", "api_key", "apikey", "apiKey", "x-auth-token", "X_Auth_Token")),
        ("x", [("x-api-key", KEY.upper())], ELSEWHERE), ("x", [("x-token", KEY)], None), ("x", [("x.y", KEY)], None),
        # the headers of a request, without the one that matters
        ("/api/v1/me", [USER_AGENT], WITHOUT_AUTHORIZATION), ("/api/v1/me", [("request.headers.Accept", "*/*")], None),
        ("/api/v1/me", [USER_AGENT, ("request.headers.x-key", "k")], None),
        ("/api/v1/me", [USER_AGENT, ("config.headers.x-auth", "k")], None),
        ("/api/v1/me", [USER_AGENT, ("response.headers.x-auth", "k")], WITHOUT_AUTHORIZATION),
        ("/api/v1/me", [("headers.User-Agent", "k")], None),
        ("/api/v1/me", [("response.headers.User-Agent", "k")], None),
        ("/api/v1/me", [("config.headers.User-Agent", "k")], WITHOUT_AUTHORIZATION),
        ("/api/v1/me", [("a.request_headers.User-Agent", "k")], WITHOUT_AUTHORIZATION), ("x", [USER_AGENT], None),
        *(("x", [USER_AGENT, (name, "https://x.test/api/v1/me")], WITHOUT_AUTHORIZATION)
          for name in ("request.url", "request.URL", "baseURI", "uri")),
        ("x", [USER_AGENT, ("request.path", "https://x.test/api/v1/me")], None),
        ("x", [USER_AGENT, ("url", "https://x.test/")], None),
        ("/api/v1/me\nAuthorization: ***", [USER_AGENT], HIDDEN),
        ("'user-agent': 'x', 'accept': 'y'", [("a", "b")], None),
    ],
)  # fmt: skip
def test_a_record_shows_of_the_key_by_its_names(
    text: str, pairs: list[tuple[str, str]], expected: KeySign | None
) -> None:
    assert key_sign(text, pairs) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'user-agent': 'x', 'accept': 'y'", WITHOUT_AUTHORIZATION), ("'user-agent': 'x'", None),
        ("'accept': 'x'", None),
        ("'user-agent' => 'x', 'accept' => 'y'", WITHOUT_AUTHORIZATION),
        ("['user-agent', 'x'], ['accept', 'y']", WITHOUT_AUTHORIZATION),
        ("'user-agent': 'x', 'accept': 'y', 'api-key': 'z'", None),
        ("'user-agent': 'x', 'accept': 'y', 'x-auth': 'z'", None),
        ("user-agent: x, accept: y", None), ("'USER-AGENT': 'x', 'ACCEPT': 'y'", WITHOUT_AUTHORIZATION),
        ("request headers: {accept: */*}", WITHOUT_AUTHORIZATION),
        ("request_headers=[accept: */*]", WITHOUT_AUTHORIZATION),
        ("requestHeaders: (user-agent: x)", WITHOUT_AUTHORIZATION), ("request headers: {host: x}", None),
        ("request headers: {accept: x, token: y}", None), ("request headers: {accept: x, ...}", None),
        ("request headers: {accept: x, …}", None), ("request headers: {accept: x, api-key: y}", None),
        ("request headers: {host: x, api-key: y}", None), ("response headers: {accept: x}", None),
        ("request headers: accept: x", None),
    ],
)  # fmt: skip
def test_the_headers_of_a_request_show_that_none_has_the_key(text: str, expected: KeySign | None) -> None:
    assert key_sign(text, []) == expected


URL = "https://app.outboundsync.com/api/v1/me"


@pytest.mark.parametrize(
    "text",
    [
        "curl https://app.outboundsync.com/", "curl https://APP.outboundsync.com/x",
        "curl https://proxy.test/api/v1/me", f"$ curl -s {URL}",
        f"  wget {URL} ", "http GET app.outboundsync.com/x", "https app.outboundsync.com/x", "xh :8000/api/v1/me",
        "xhs :8000/api/v1/me",
        f"I ran curl {URL}", f"bash -c 'curl {URL}'", f"Invoke-RestMethod {URL}", f"iwr -Uri {URL}", f"irm -Uri {URL}",
        f"curl.exe {URL}", f"CURL {URL}",
    ],
)  # fmt: skip
def test_a_command_shows_that_it_sends_no_key(text: str) -> None:
    assert key_sign(text, []) == KEYLESS_COMMAND


@pytest.mark.parametrize(
    "text",
    [
        "curl https://app.outboundsync.com", "curl https://x.test/", "see outboundsync.com/x: curl https://x.test/",
        "/api/v1/me curl https://x.test/",
        f"irm -Uri {URL} -Headers $h", f"irm -Uri {URL} -Token $h", f"curl --user a {URL}", f"curl -H @file {URL}",
        f"curl -K f {URL}",
        f"curl --config f {URL}", f"curl --netrc {URL}", f"curl -n {URL}", f"curl --oauth2-bearer x {URL}",
        f"http --session=x {URL}",
        f"http -A bearer {URL}", f"http --auth x {URL}", f"curl $OPTS {URL}".replace("OPTS", "my_opts"),
        f"curl -s {URL} $CURL_ARGS", f"curl -d @f {URL}",
        f"wget: unable {URL}", f"curl {URL} curl/8.1", f"curl: (6) curl {URL}", f"the curl {URL}",
        "curl https://x.test/ -H 'Authorization: x'",
    ],
)  # fmt: skip
def test_what_may_send_a_key_or_is_no_command_shows_none_missing(text: str) -> None:
    sign = key_sign(text, [])
    assert sign is None or sign == HIDDEN


@pytest.mark.parametrize(
    "text",
    [
        f"curl -H 'X-Key: {KEY}' https://x.test", f"https://x.test?key={KEY}", f"https://x.test?a=b&token={KEY}",
        f"x-api-key: {KEY}", f"api-key={KEY}",
        f"auth-token: {KEY}", f"access-token: '{KEY}'", f"x-api-key: Bearer {KEY}", f"curl -a {KEY} https://x.test",
        f"http --auth={KEY} https://x.test",
        f"curl --user '{KEY}' https://x.test", f"http -A bearer --auth={KEY} 'https://x.test?key={KEY}'",
        f"x-authorization: Bearer {KEY}",
    ],
)  # fmt: skip
def test_a_key_in_another_place_is_misplaced(text: str) -> None:
    assert key_sign(text, []) == ELSEWHERE


@pytest.mark.parametrize(
    "text",
    [f"my key is {KEY}", f"api_key={KEY}", f"http --auth-type bearer --auth={KEY} https://x.test", "x-api-key: abc",
        "https://x.test?key=abc",
    ],
)  # fmt: skip
def test_a_key_that_was_not_sent_is_not_misplaced(text: str) -> None:
    assert key_sign(text, []) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("illegal header value b'x'", REFUSED_BLANK), ("invalid header value", REFUSED_BLANK),
        ("malformed header value", REFUSED_BLANK),
        ('Invalid character in header content ["Authorization"]', REFUSED_BLANK),
        ('invalid header field value for "Authorization"', REFUSED_BLANK),
        ("ERR_INVALID_CHAR authorization", REFUSED_BLANK), ("ERR_INVALID_CHAR Bearer", REFUSED_BLANK),
        ("ERR_INVALID_CHAR header", REFUSED_BLANK),
        ("ERR_INVALID_CHAR", None), ("header value contains x", REFUSED_BLANK),
        ("header value must not contain x", REFUSED_BLANK),
        ("Invalid leading whitespace in the header", REFUSED_BLANK), ("illegal character in header", REFUSED_BLANK),
        ("'ascii' codec can't encode character in bearer", REFUSED_CHARACTER),
        ("'ascii' codec can't encode character in authorization", REFUSED_CHARACTER),
        ("'latin-1' codec can't encode character in header", REFUSED_CHARACTER),
        ("Cannot convert argument to a ByteString: header", REFUSED_CHARACTER),
        ("UnicodeEncodeError: 'latin-1' codec, in a header", REFUSED_CHARACTER),
        ("'utf-8' codec can't encode character in header", None),
    ],
)  # fmt: skip
def test_a_client_refuses_the_header(text: str, expected: KeySign | None) -> None:
    assert key_sign(text, []) == expected
    if expected is None and "INVALID" in text:
        assert key_sign(text, [], sets_header=True) == REFUSED_BLANK
