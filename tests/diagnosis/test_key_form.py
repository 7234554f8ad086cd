import time
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.diagnosis.key_form import MAX_SECRET_CHARS, PREFIX, check_key, looks_like_a_key

repeatable = settings(deadline=None, derandomize=True)

KEY = "osapi_T3stN0tARealK3y4Anything"
UUID = "0f8b4c1e-2d3a-4b5c-8d7e-9f0a1b2c3d4e"
KEY_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        "osapi_test_1234567890abcdef",
        "osapi_sandbox_valid",
        "osapi_sandbox_rate_limited",
        "osapi_live_example1234",
        "osapi_" + "a" * 32,
        "osapi_" + "0" * 32,
        "osapi_12345678",
        "osapi_" + "b" * MAX_SECRET_CHARS,
        "osapi_abcd.efgh-ijkl~mnop+qrst/uvwx==",
        "osapi_yourkeyis7Hq2LxP9",
        "osapi_secretK9vB2nQ8",
        "osapi_Bearer0Token1Null",
        "osapi_null_none_undefined",
        "osapi_" + UUID,
        "osapi_" + b64encode(UUID.encode()).decode(),
    ],
)
def test_a_key_of_the_documented_form_is_taken_as_it_is(key: str) -> None:
    form = check_key(key)
    assert (form.key, form.fault, form.detail, form.vendor, form.mended) == (key, None, None, None, ())


@pytest.mark.parametrize(
    ("raw", "notes", "faults"),
    [
        (f"  {KEY}", ["surrounding whitespace was removed"], [KeyFault.WHITESPACE]),
        (f"{KEY}\r\n", ["surrounding whitespace was removed"], [KeyFault.WHITESPACE]),
        (f"\t{KEY}\v\f", ["surrounding whitespace was removed"], [KeyFault.WHITESPACE]),
        (f"\ufeff{KEY}", ["surrounding U+FEFF BYTE ORDER MARK was removed"], [KeyFault.INVISIBLE]),
        (f"{KEY}\u00a0", ["surrounding U+00A0 NO-BREAK SPACE was removed"], [KeyFault.INVISIBLE]),
        (f"{KEY}\u200b", ["surrounding U+200B ZERO WIDTH SPACE was removed"], [KeyFault.INVISIBLE]),
        (f"\u2003{KEY}", ["surrounding U+2003 EM SPACE was removed"], [KeyFault.INVISIBLE]),
        (f"\u202a{KEY}\u202c", None, [KeyFault.INVISIBLE]),
        (f'"{KEY}"', ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"'{KEY}'", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"`{KEY}`", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"“{KEY}”", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"”{KEY}”", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"„{KEY}“", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"‘{KEY}’", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"«{KEY}»", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"«\u00a0{KEY}\u00a0»", None, [KeyFault.QUOTED, KeyFault.INVISIBLE]),
        (f'\\"{KEY}\\"', ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"\"'{KEY}'\"", ["surrounding quotes were removed"], [KeyFault.QUOTED]),
        (f"Bearer {KEY}", ['a leading "Bearer" was removed'], [KeyFault.DOUBLE_BEARER]),
        (f"bearer  {KEY}", ['a leading "Bearer" was removed'], [KeyFault.DOUBLE_BEARER]),
        (f"Bearer: {KEY}", ['a leading "Bearer" was removed'], [KeyFault.DOUBLE_BEARER]),
        (f"Bearer Bearer {KEY}", ['a repeated leading "Bearer" was removed'], [KeyFault.DOUBLE_BEARER]),
        (
            f"Authorization: Bearer {KEY}",
            ['the header name "Authorization:" in front was removed', 'a leading "Bearer" was removed'],
            [KeyFault.DOUBLE_BEARER],
        ),
        (f'Bearer "{KEY}"', None, [KeyFault.QUOTED, KeyFault.DOUBLE_BEARER]),
        (f'"Bearer {KEY}"\n', None, [KeyFault.WHITESPACE, KeyFault.QUOTED, KeyFault.DOUBLE_BEARER]),
    ],
)
def test_what_surrounds_a_key_is_removed_and_said(raw: str, notes: list[str] | None, faults: list[KeyFault]) -> None:
    form = check_key(raw)
    assert form.key == KEY
    assert form.fault is None
    assert form.mended_faults == tuple(faults)
    assert form.mended == tuple(notes) if notes is not None else len(form.mended) >= len(faults)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "\n",
        '""',
        "''",
        '" "',
        "“”",
        "\ufeff",
        "\u200b\u200b",
        "Bearer",
        "Bearer ",
        '"Bearer "',
        "Authorization:",
    ],
)
def test_nothing_but_surroundings_is_a_missing_key(raw: str) -> None:
    assert check_key(raw).fault is KeyFault.MISSING


@pytest.mark.parametrize(
    "raw",
    [
        "${OUTBOUNDSYNC_API_KEY}",
        "${OUTBOUNDSYNC_API_KEY:-}",
        "${env:OUTBOUNDSYNC_API_KEY}",
        "${input:outboundsync-key}",
        "${{ secrets.OUTBOUNDSYNC_API_KEY }}",
        "$OUTBOUNDSYNC_API_KEY",
        "$env:OUTBOUNDSYNC_API_KEY",
        "$(cat /run/secrets/key)",
        "%OUTBOUNDSYNC_API_KEY%",
        "{{ outboundsync_api_key }}",
        "{{OUTBOUNDSYNC_API_KEY}}",
        "<%= ENV['KEY'] %>",
        "Bearer ${OUTBOUNDSYNC_API_KEY}",
        '"${OUTBOUNDSYNC_API_KEY}"',
        "osapi_${SECRET}",
        "OUTBOUNDSYNC_API_KEY",
        "process.env.OUTBOUNDSYNC_API_KEY",
        "os.environ['OUTBOUNDSYNC_API_KEY']",
        "op://Private/OutboundSync/credential",
        "vault:secret/data/outboundsync#key",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:outboundsync",
        "@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y)",
        "projects/1/secrets/outboundsync/versions/latest",
        "/run/secrets/outboundsync_api_key",
        "~/.config/outboundsync/key",
        "./key.txt",
        "C:\\Users\\me\\key.txt",
        f"OUTBOUNDSYNC_API_KEY={KEY}",
        f"export OUTBOUNDSYNC_API_KEY='{KEY}'",
        f"OUTBOUNDSYNC_API_KEY = {KEY}",
        f"OUTBOUNDSYNC_API_KEY: {KEY}",
        f'"api_key": "{KEY}"',
        f"key={KEY}",
        f"foo={KEY}",
        "OUTBOUNDSYNC_API_KEY=",
        f'{{"OUTBOUNDSYNC_API_KEY": "{KEY}"}}',
    ],
)
def test_a_reference_or_an_assignment_is_not_expanded(raw: str) -> None:
    assert check_key(raw).fault is KeyFault.UNEXPANDED


@pytest.mark.parametrize(
    "raw",
    [
        "your_api_key",
        "YOUR_API_KEY",
        "YOUR-API-KEY-HERE",
        "yourapikey",
        "your_outboundsync_api_key_here",
        "osapi_your_key",
        "osapi_your_api_key_here",
        "osapi_YOUR_SECRET",
        "osapi_secret",
        "osapi_key",
        "osapi_",
        "osapi_xxxx",
        "osapi_xxxxxxxxxxxxxxxx",
        "osapi_XXXXXXXX",
        "osapi_live_xxxx",
        "osapi_...",
        "osapi_…",
        "...",
        "osapi_<secret>",
        "osapi_{secret}",
        "osapi_[your-key]",
        "<your-api-key>",
        "<osapi_key>",
        "[your key here]",
        "{api_key}",
        "changeme",
        "change-me",
        "CHANGE_ME!",
        "replace_me",
        "insert your key here",
        "paste-key-here",
        "enter your api key",
        "example",
        "placeholder",
        "dummy_key",
        "TODO",
        "TODO: add key",
        "fixme",
        "secret",
        "token",
        "xxx",
        "null",
        "None",
        "undefined",
        "Bearer undefined",
        "Bearer YOUR_API_KEY",
    ],
)
def test_a_placeholder_is_told_from_a_key(raw: str) -> None:
    assert check_key(raw).fault is KeyFault.PLACEHOLDER


@pytest.mark.parametrize(
    "raw",
    [
        "***",
        "osapi_***",
        "osapi_****************",
        "osapi_*",
        "osapi_T3st****",
        "osapi_••••••••",
        "••••••••",
        "osapi_T3stN0tA…",
        "osapi_T3st…hing",
        "osapi_T3stN0tA...",
        "osapi_T3st...hing",
        "osapi_T3xxxxxxxxxxxx",
        "[Filtered]",
        "[REDACTED]",
        "<redacted>",
        "***REDACTED***",
        "redacted",
        "osapi_[REDACTED]",
        "[hidden]",
        "(masked)",
        "████████",
        "Bearer ***",
    ],
)
def test_a_masked_or_shortened_key_is_told_from_a_key(raw: str) -> None:
    assert check_key(raw).fault is KeyFault.MASKED


@pytest.mark.parametrize(
    ("raw", "fault", "words"),
    [
        (f'"{KEY}', KeyFault.QUOTED, "a quote at position 1"),
        (f"{KEY}'", KeyFault.QUOTED, f"a quote at position {len(KEY) + 1}"),
        (f"“{KEY}", KeyFault.QUOTED, "U+201C LEFT DOUBLE QUOTATION MARK at position 1"),
        (f"\"{KEY}'", KeyFault.QUOTED, "a quote at position 1"),
        ('osapi_1234"5678', KeyFault.QUOTED, "a quote at position 11"),
        ("osapi_1234 5678", KeyFault.WHITESPACE, "U+0020 SPACE at position 11"),
        ("osapi_1234\t5678", KeyFault.WHITESPACE, "U+0009 TAB at position 11"),
        ("osapi_1234\n5678", KeyFault.WHITESPACE, "a line break at position 11"),
        ("osapi_1234\r\n5678", KeyFault.WHITESPACE, "a line break at position 11"),
        ("  osapi_1234 5678", KeyFault.WHITESPACE, "U+0020 SPACE at position 13"),
        ("Bearer osapi_1234 5678", KeyFault.WHITESPACE, "U+0020 SPACE at position 18"),
        (f"{KEY}\n{KEY}", KeyFault.WHITESPACE, f"a line break at position {len(KEY) + 1}"),
        ("osapi_1234\u200b5678", KeyFault.INVISIBLE, "U+200B ZERO WIDTH SPACE at position 11"),
        ("osapi_1234\u200d5678", KeyFault.INVISIBLE, "U+200D ZERO WIDTH JOINER at position 11"),
        ("osapi_1234\ufeff5678", KeyFault.INVISIBLE, "U+FEFF BYTE ORDER MARK at position 11"),
        ("osapi_1234\u00a05678", KeyFault.INVISIBLE, "U+00A0 NO-BREAK SPACE at position 11"),
        ("osapi_1234\u00ad5678", KeyFault.INVISIBLE, "U+00AD SOFT HYPHEN at position 11"),
        ("osapi_1234\u20135678", KeyFault.INVISIBLE, "U+2013 EN DASH at position 11"),
        ("оsapi_12345678", KeyFault.INVISIBLE, "U+043E CYRILLIC SMALL LETTER O at position 1"),
        ("osapi_1234é5678", KeyFault.INVISIBLE, "U+00E9 LATIN SMALL LETTER E WITH ACUTE at position 11"),
        ("osapi_1234\U0001f5115678", KeyFault.INVISIBLE, "U+1F511 KEY at position 11"),
        ("osapi_1234\x005678", KeyFault.INVISIBLE, "U+0000 NULL at position 11"),
        ("osapi_1234\x1b5678", KeyFault.INVISIBLE, "U+001B ESCAPE at position 11"),
        ("osapi_1234\x7f5678", KeyFault.INVISIBLE, "U+007F DELETE at position 11"),
        ("osapi_1234\x015678", KeyFault.INVISIBLE, "U+0001 at position 11"),
        ("osapi_1234\udcff5678", KeyFault.INVISIBLE, "a byte that is not UTF-8 (0xFF) at position 11"),
        ("osapi_1234,5678", KeyFault.BAD_CHARACTER, "at position 11"),
        (f"{KEY};", KeyFault.BAD_CHARACTER, f"at position {len(KEY) + 1}"),
        (f"{KEY}%0A", KeyFault.BAD_CHARACTER, f"at position {len(KEY) + 1}"),
        (KEY + KEY, KeyFault.BAD_CHARACTER, "twice"),
        ("OSAPI_12345678", KeyFault.NO_PREFIX, "in the wrong case"),
        ("Osapi_12345678", KeyFault.NO_PREFIX, "in the wrong case"),
        (f"x{KEY}", KeyFault.NO_PREFIX, "in front of"),
        ("osapi-12345678", KeyFault.NO_PREFIX, "does not begin with"),
        ("12345678abcdefgh", KeyFault.NO_PREFIX, "does not begin with"),
        ("hunter2", KeyFault.NO_PREFIX, "does not begin with"),
        (UUID, KeyFault.NO_PREFIX, "does not begin with"),
        ("c" * 53, KeyFault.NO_PREFIX, "does not begin with"),
        ("https://app.outboundsync.com/api/v1/me", KeyFault.NO_PREFIX, "does not begin with"),
        ("osapi_1234567", KeyFault.TOO_SHORT, "fewer than 8"),
        ("osapi_a", KeyFault.TOO_SHORT, "fewer than 8"),
        ("osapi_" + "b" * 513, KeyFault.TOO_LONG, "more than 512"),
        ("b" * 5000, KeyFault.TOO_LONG, "more than 4096"),
        ("Basic dXNlcjpwYXNz", KeyFault.WRONG_SCHEME, "another way to sign in"),
        (f"Token {KEY}", KeyFault.WRONG_SCHEME, "another way to sign in"),
        (f"Authorization: Token {KEY}", KeyFault.WRONG_SCHEME, "another way to sign in"),
        (f"X-Api-Key: {KEY}", KeyFault.WRONG_SCHEME, "another way to sign in"),
    ],
)
def test_a_fault_is_named_and_placed(raw: str, fault: KeyFault, words: str) -> None:
    form = check_key(raw)
    assert form.fault is fault
    assert form.key is None
    assert form.detail is not None
    assert form.detail.startswith("The value ")
    assert words in form.detail


@pytest.mark.parametrize(
    ("raw", "vendor"),
    [
        (f"pat-na1-{UUID}", "HubSpot"),
        (f"pat-eu1-{UUID}", "HubSpot"),
        ("00D5g000004abcd!AQEAQJk9zXw.mNoPq_rStUvWxYz", "Salesforce"),
        (f"{UUID}_a1b2c3d", "Smartlead"),
        (b64encode(f"{UUID}:AbCdEfGhIjKl".encode()).decode(), "Instantly"),
        (b64encode(f"{UUID}:AbCdEfGhIjKl".encode()).decode().rstrip("="), "Instantly"),
        ("12|kT8zQ4xW7vB1nM5cR9pL3sD6fG2hJ0yA", "EmailBison"),
        (b64encode(bytes(range(32))).decode(), "HeyReach"),
        ("sk-proj-abcdefghijklmnop1234", "OpenAI"),
        ("sk-abcdefghijklmnop1234", "OpenAI"),
        ("sk-ant-api03-abcdefghijklmnop", "Anthropic"),
        ("ghp_abcdefghijklmnopqrst", "GitHub"),
        ("gho_abcdefghijklmnopqrst", "GitHub"),
        ("github_pat_abcdefghijklmnop", "GitHub"),
        ("xoxb-123456789012-abcdefgh", "Slack"),
        ("SG.abcdefghijklmnop.qrstuvwxyz", "SendGrid"),
        ("sk_live_abcdefghijklmnop", "Stripe"),
        ("sk_test_abcdefghijklmnop", "Stripe"),
        ("rk_live_abcdefghijklmnop", "Stripe"),
        ("AKIAABCDEFGHIJKLMNOP", "AWS"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "Google"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "an issuer of JSON Web Tokens"),
    ],
)
@pytest.mark.parametrize("around", ["{}", " {}\n", '"{}"', "Bearer {}"])
def test_another_vendors_key_is_recognised_and_not_taken(raw: str, vendor: str, around: str) -> None:
    form = check_key(around.format(raw))
    assert (form.key, form.fault, form.vendor) == (None, KeyFault.OTHER_VENDOR, vendor)
    assert vendor in (form.detail or "")
    assert looks_like_a_key(around.format(raw))


@pytest.mark.parametrize(
    "text", ["https://app.outboundsync.com", "DEBUG", "15", "/run/secrets/key", "", "plain words", "x" * 5000]
)
def test_an_ordinary_setting_does_not_look_like_a_key(text: str) -> None:
    assert not looks_like_a_key(text)


def test_a_form_hides_its_key() -> None:
    form = check_key(KEY)
    assert KEY[len(PREFIX) :] not in f"{form!r} {form}"
    assert repr(form) == repr(replace(form, key=None))


# Without small letters, so that no run of a secret is by chance one of our own words.
secrets = st.text([char for char in KEY_CHARACTERS if not char.islower()], min_size=12, max_size=40).map("Q7{}".format)


@repeatable
@given(
    secret=secrets,
    junk=st.sampled_from(
        ["", " ", "\n", '"', "'", "“", "\u200b", "\x00", ",", "…", "***", "${X}", "é", "osapi_", "<", "="]
    ),
    at=st.integers(0, 60),
    front=st.sampled_from(["", "Bearer ", "KEY=", '"', "OSAPI_", " ", "Basic "]),
)
def test_no_part_of_a_key_is_in_what_is_said_about_it(secret: str, junk: str, at: int, front: str) -> None:
    value = PREFIX + secret
    form = check_key(front + value[:at] + junk + value[at:])
    said = " ".join((form.detail or "", *form.mended, repr(form)))
    assert not any(secret[start : start + 4] in said for start in range(len(secret) - 3))
    assert (form.key is None) != (form.fault is None)


@repeatable
@given(st.text())
@example("osapi_")
@example("\ud800")
@example("Bearer" * 1000)
def test_every_text_is_a_key_or_has_one_fault(raw: str) -> None:
    form = check_key(raw)
    assert (form.key is None) != (form.fault is None)
    assert (form.fault is None) == (form.detail is None)
    assert (form.vendor is not None) == (form.fault is KeyFault.OTHER_VENDOR)


@repeatable
@given(st.text(st.sampled_from(KEY_CHARACTERS + "._~+/=-")) | st.text())
def test_a_key_that_is_taken_can_stand_in_a_header(secret: str) -> None:
    key = check_key(PREFIX + secret).key
    if key is not None:
        assert key.startswith(PREFIX)
        assert all("!" <= char <= "~" for char in key)
        assert check_key(key).key == key


@pytest.mark.parametrize(
    "raw",
    [
        "a" * 10_000_000,
        " " * 10_000_000,
        '"' * 10_000_000,
        "osapi_" * 1_000_000,
        "Bearer " * 580,
        '"' * 4096,
        "your" * 1000 + "!?",
        "x" * 4000 + "\0",
        "a-" * 2000 + "=",
        "/a" * 2000 + "!",
        "[" * 4096,
        "eyJ" + "a." * 2000,
    ],
    ids=lambda raw: f"{raw[:6]} x {len(raw)}",
)
def test_no_value_takes_long_to_judge(raw: str) -> None:
    begun = time.process_time()
    assert check_key(raw).key is None
    assert time.process_time() - begun < 2
