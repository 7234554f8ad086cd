"""Secrets leave no trace of six characters, and what is no secret stays readable."""

import base64
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.redact import MASK, RUN, Redactor, redact

SECRET = "Zk93mQpL2vX8sT4wYb7NcRd6"
KEY = f"osapi_{SECRET}"
LOGIN = base64.b64encode(f"user:{SECRET}".encode()).decode()


def leaks(text: str, secret: str = SECRET) -> bool:
    return any(secret[i : i + RUN] in text for i in range(len(secret) - RUN + 1))


PLACES = (
    f"Authorization: Bearer {KEY}",
    f"> authorization: bearer {KEY}",
    f"'Authorization': 'Bearer {KEY}'",
    f'{{"authorization":"Bearer {KEY}"}}',
    f'{{\\"authorization\\":\\"Bearer {KEY}\\"}}',
    f'{{\\\\\\"authorization\\\\\\":\\\\\\"Bearer {KEY}\\\\\\"}}',
    f'{{"name":"Authorization","value":"Bearer {SECRET}"}}',
    f'{{"key":"http.request.header.authorization","value":{{"stringValue":"Bearer {SECRET}"}}}}',
    f"[(b'Authorization', b'Bearer {SECRET[:12]}')]",
    f"'Authorization',\n  'Bearer {SECRET}'",
    f'"Authorization"=>["Bearer {KEY}"]',
    f"[Authorization] => Bearer {KEY}",
    f"map[Authorization:[Bearer {KEY}]]",
    f"&quot;Authorization&quot;: &quot;Bearer {KEY}&quot;",
    f"Authorization%3A%20Bearer%20{KEY}",
    f"Authorization: Bearer osapi_{SECRET[:8]} {SECRET[8:]}",
    f"Authorization: Basic {LOGIN}",
    f"Authorization: Token {SECRET}",
    f"Proxy-Authorization: Basic {LOGIN}",
    f"Cookie: a=b; sid={SECRET}",
    f"Set-Cookie: __cf_bm={SECRET}; path=/; HttpOnly",
    f"X-Api-Key: {SECRET[:10]}",
    f"OUTBOUNDSYNC_API_KEY={KEY}",
    f"export OUTBOUNDSYNC_API_KEY=osapi_{SECRET[:8]} {SECRET[8:]}",
    f"DATABASE_URL=postgres://u:{SECRET}@db/x",
    f"https://user:{SECRET}@proxy.corp:3128/",
    f"https://server.smartlead.ai/api/v1/campaigns?api_key={SECRET}&x=1",
    f"curl -u me:{SECRET} https://x.test",
    f"http -A bearer -a {SECRET} :8000",
    f'{{"client_secret":"{SECRET}"}}',
    f"password={SECRET}",
    f"the password is {SECRET[:9]}",
    f"sk-ant-{SECRET}",
    f"sk_live_{SECRET}",
    f"ghp_{SECRET}",
    f"xoxb-{SECRET}",
    f"SG.{SECRET}.{SECRET}",
    f"pat-na1-{SECRET}",
    f"00D5g000004abcd!{SECRET}",
    f"12|{SECRET}{SECRET}",
    f"eyJ{SECRET}.eyJ{SECRET}.{SECRET}",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n{SECRET}\n-----END PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
    f"my key: {SECRET}, it stopped working",
    f"OSAPI_{SECRET}",
    f"<password>{SECRET[:9]}</password>",
    f"AccountName=acme;AccountKey={SECRET[:9]};EndpointSuffix=core.windows.net",
    f"sshpass -p '{SECRET[:9]}' ssh deploy@10.2.2.2",
)


@pytest.mark.parametrize("text", PLACES)
def test_no_six_characters_of_a_secret_survive(text: str) -> None:
    redacted = redact(text)
    assert MASK in redacted
    assert not leaks(redacted)


@pytest.mark.parametrize(
    "name", ["password", "our password", "the api_key", "AccountKey", "x-api-key", "client_secret", "X-Auth"]
)
def test_a_secret_that_is_a_plain_word_is_known_by_its_name(name: str) -> None:
    assert redact(f"{name}: swordfish") == f"{name}: {MASK}"


@pytest.mark.parametrize("code", ["'Bearer' + '{}'", '"Bearer " + "{}"', "`Bearer `+`{}`", "'Basic ' . '{}'"])
def test_a_plain_word_that_code_puts_behind_a_scheme_is_taken_out(code: str) -> None:
    assert "swordfish" not in redact(f"headers: {{ a: {code.format('swordfish')} }}")


@pytest.mark.parametrize("text", PLACES)
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        'WWW-Authenticate: Bearer realm="OutboundSync API"',
        "Invalid API key",
        "Invalid API key: please check",
        "API access is not enabled for this account",
        "check the `Authorization: Bearer` header",
        '"apiKey":{"name":"Production"}',
        '"total_tokens": 512',
        "Retry-After: 37",
        "GET https://app.outboundsync.com/api/v1/me 401 (Unauthorized)",
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://app.outboundsync.com/api/v1/me",
        "2026-11-22T20:00:00.000Z ERROR status=429 retry_after=37",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_the_public_prefix_stays_so_that_a_reader_knows_which_key_it_was() -> None:
    assert redact(f"key={KEY}!") == f"key=osapi_{MASK}"


def test_a_piece_from_across_the_tear_of_a_torn_private_key_is_known_too() -> None:
    block = '-----BEGIN PRIVATE KEY-----\nZk93mQpL2v" + "X8sT4wYb7NcRd6\n-----END PRIVATE KEY-----'
    assert redact(f"{block}\nit has pL2vX8s in it").endswith("it has [redacted] in it")


def test_a_secret_seen_once_is_taken_out_everywhere_even_in_part() -> None:
    assert redact(f"Authorization: Bearer {KEY}\nI shortened it to {SECRET[3:11]}…") == (
        f"Authorization: Bearer osapi_{MASK}\nI shortened it to {MASK}…"
    )


@pytest.mark.parametrize("place", ["Bearer osapi_{}", "xoxb-{}", "password={}", "eyJhbGciOi.eyJ{}"])
def test_the_last_letter_of_a_secret_that_a_mail_wrapped_belongs_to_it(place: str) -> None:
    assert "2feaa0" not in redact(f"{place.format('9f86d081884c7d659a2feaa=')}\n0\nit ends in 2feaa0")


@pytest.mark.parametrize("tear", ['"', "\n", " ", "\x1b[0m"])
def test_a_letter_behind_a_tear_may_be_the_last_of_the_key(tear: str) -> None:
    redacted = redact(f'{{"client_secret":"Zk93mQpL2vX8sT4wYb7NcRd{tear}6"}}\nit has 7NcRd6 in it\nit has 7NcRd7 in it')
    assert redacted.endswith("it has [redacted] in it\nit has 7NcRd7 in it")


@pytest.mark.parametrize("tear", ["\t", "\n> ", '" + "', "\\n", "\x1b[0m"])
def test_a_piece_from_across_the_tear_of_a_torn_key_is_known_too(tear: str) -> None:
    redacted = redact(f"Authorization: Bearer osapi_Zk93mQpL2v{tear}X8sT4wYb7NcRd6\nit has pL2vX8s in it")
    assert redacted.endswith("it has [redacted] in it")


def test_the_halves_of_a_basic_login_are_known_when_they_come_up_decoded() -> None:
    assert not leaks(redact(f"Authorization: Basic {LOGIN}\nlogged in with {SECRET}"))


def test_a_redactor_knows_the_secrets_of_the_text_it_was_given() -> None:
    redactor = Redactor(f'{{"apiKey":"{SECRET[:14]}"}}')
    assert redactor(f"the key ended in {SECRET[6:14]}") == f"the key ended in {MASK}"


@given(st.text(), st.text(), st.sampled_from(PLACES))
def test_no_surrounding_text_lets_a_marked_key_out(before: str, after: str, place: str) -> None:
    # What stands before may end in something that opens a quote, and what follows may go on the key's own word.
    assert not leaks(redact(f"{before}\n{place}\n{after}"))


@given(st.text(max_size=300))
def test_any_text_is_redacted_without_an_error_and_only_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "rest",
    ["N" * 3000 + "3" * 30, "Aa" * 2000 + "!", "\\" * 500 + "=", " \\x1b" * 200, "%41" * 200 + ":", "\x1b[0" * 200],
)
def test_what_follows_a_key_is_looked_at_in_one_way_only(rest: str) -> None:
    begun = time.process_time()
    assert not leaks(redact(f"{KEY} {rest}"))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "text",
    [
        '{"secret": "token", "token": "hunter2pass"}',
        "secret=token, token=hunter2pass",
        'env: {"secret":"pwd","pwd":"hunter2pass"}',
        "cookie: token; api_key: key, key_id=token, token=hunter2pass",
        "Bearer bearer hunter2pass",
        "Basic token hunter2pass",
        "Location: //bob:hunter2pass@login.example.com/x",
    ],
)
def test_a_name_that_is_another_names_value_hides_no_value_behind_it(text: str) -> None:
    assert "hunter2pass" not in redact(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # how short, how plain, how numeric a value may be
        ("password: abcd", f"password: {MASK}"), ("password: abc", None), ("password: ab..", None),
        ("password: ab**", None),
        ("curl --password XabX", f"curl --password {MASK}"), ("token: 12345678901", None),
        ("token: 123456789012", f"token: {MASK}"),
        ("the password is swordfish", None), ("the password was swordfish", None),
        ("the password is sword1", f"the password is {MASK}"),
        (f"the password is {'a' * 19}", None), (f"the password is {'a' * 20}", f"the password is {MASK}"),
        ("the api key: swordfish", None), ("the api key: sword1", f"the api key: {MASK}"),
        ('password is "swordfish"', f'password is "{MASK}"'),
        ("https://x.test/?token=swordfish&a=b", f"https://x.test/?token={MASK}&a=b"),
        ("https://swordfish@x.test/", f"https://{MASK}@x.test/"),
        ("Bearer swordfish", None), ("Bearer sword1", f"Bearer {MASK}"), ("Bearer swor1", None),

        # words, challenges and masks that say nothing
        *((f"token: {word}", None) for word in (
            "realm", "error", "scope", "token", "tokens", "header", "headers", "auth", "authentication",
            "authorization", "scheme", "key", "keys",
            "null", "none", "true", "false", "undefined", "required", "invalid", "missing", "expired", "revoked",
            "string", "object", "bearer",
            "basic", "digest", "redacted", "filtered", "secure", "hidden", "masked", "empty", "unauthorized",
            "forbidden", "provided", "value")),
        *((f"token: {word}=utf8", None) for word in ("realm", "error", "scope", "charset")), ("token: null.", None),
        (f'password="{MASK}"', None), (f'password="{MASK};, ."', None), (f'password="{MASK} osapi_"', None),
        (f'password="osapi_{MASK}"', None),
        (f"curl --password {MASK}X", f"curl --password {MASK}"), (f'password="{MASK} x"', f'password="{MASK}"'),
        # what only chance writes
        ("abcdefghijklmnopqrstuvw1", MASK), ("abcdefghijklmnopqrstuv1", None), ("ABCDEFGHIJKLMNOPQRSTUVW1", MASK),
        ("1" * 24, None),
        ("1234567890_1234567890_1234", None), ("abcdefghijkl-nopqrstuvwx", None), ("aB1cD2ffff", MASK),
        ("aB1cD22222", None), ("aBcDeF1gHi", None),
        ("a1b2c3d4e5", None), ("A1B2C3D4E5", None), ("aB1cD2ffff=", MASK), ("aB1cD2fff", None),
        # letters whose lower case is longer, or is ASCII
        ("İİİ Password: swordfish, x", f"İİİ Password: {MASK}, x"), ("to\u212aen: swordfish", f"to\u212aen: {MASK}"),
        # a torn key, and what follows it and is none of it
        (f"{KEY} is-not_valid", f"osapi_{MASK} is-not_valid"),
        ("osapi_Zk93mQpL2v X8sT4wYb7 NcRd6q9Z", f"osapi_{MASK} {MASK} {MASK}"),
    ],
)  # fmt: skip
def test_a_value_is_a_secret_by_its_length_its_letters_and_its_place(text: str, expected: str | None) -> None:
    assert redact(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n-----BEGIN A-----\nab cd\n-----END A-----\nb", f"a\n-----BEGIN A-----{MASK}-----END A-----\nb"),
        ("a\n-----BEGIN A-----\nab cd", f"a\n{MASK}"), ("-----BEGIN A", MASK),
        ("a -----BEGIN ab cd -----END A-----", f"a {MASK}-----END A-----"),
        ("-----BEGIN A-----\nxy-----zz\n-----END A-----", f"-----BEGIN A-----{MASK}-----END A-----"),
        (
            "-----END A-----\n-----BEGIN A-----\nab\n-----END A-----",
            f"-----END A-----\n-----BEGIN A-----{MASK}-----END A-----"),
        (
            "\n".join(["-----BEGIN A-----ab-----END A-----", "b c"] * 3),
            "\n".join([f"-----BEGIN A-----{MASK}-----END A-----", "b c"] * 3)),
        ("-----END A-----\nab cd", None), ("----BEGIN A-----\nab cd", None),
    ],
)  # fmt: skip
def test_of_a_pem_block_the_frame_stays_and_without_an_end_nothing(text: str, expected: str | None) -> None:
    assert redact(text) == (text if expected is None else expected)


def runs(secret: str) -> list[str]:
    return [secret[i : i + RUN] for i in range(len(secret) - RUN + 1)]


@pytest.mark.parametrize("shift", range(3))
def test_each_run_of_a_secret_is_known_as_it_is_and_in_base64_but_for_what_its_neighbours_have_a_part_in(
    shift: int,
) -> None:
    secret = "hunter2x"
    redactor = Redactor(f'password="{secret}"')
    encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode()
    own = encoded[(8 * shift + 5) // 6 : -4]
    assert [redactor(run) for run in (*runs(secret), *runs(own))] == [MASK] * (3 + len(runs(own)))
    for run in set(runs(encoded)) - set(runs(own)):
        assert redactor(f"({run})") == f"({run})"


def test_a_secret_of_two_hundred_characters_is_known_in_base64_too() -> None:
    secret = "k3" * 100
    assert Redactor(f'password="{secret}"')(base64.b64encode(secret.encode()).decode()[:6]) == MASK


@pytest.mark.parametrize("tear", [" ", "\n", '" + "', "%0A", "\\n"])
def test_each_run_across_the_tears_of_a_key_is_known(tear: str) -> None:
    pieces = ("Zk93mQpL2v", "X8s", "T4wYb7NcRd6")
    redactor = Redactor(f'password="-----BEGIN A-----{tear.join(pieces)}-----END A-----')
    assert {redactor(run) for run in runs("".join(pieces))} == {MASK}


@pytest.mark.parametrize(
    ("secret", "other", "is_known"),
    [
        ("%68%75%6e%74%65%72%32", "hunter2", True), ("%68%75%6e%74%65%72%32", "%68%75", True),
        ("swordfish", "swordfish", False),
        ("abcdefghijklmno", "abcdefghijklmno", False), ("abcdefghijklmnop", "abcdefghijklmnop", True),
        ("MY_KEY_NAME", "MY_KEY_NAME", False),
        ("MY_KEY_NAME_OF_OLD", "MY_KEY_NAME_OF_OLD", False), ("swordfish k3Yx9Qz2", "k3Yx9Qz2", True),
        ("k3Yx9", "k3Yx9", False),
        ("k3Yx9Q", "k3Yx9Q", True), ("k3Yx9Q", "K3YX9Q", False), ("k3Yx9Q", "k3Yx9 Q", False),
    ],
)  # fmt: skip
def test_a_secret_is_known_elsewhere_unless_it_is_a_word_or_a_name(secret: str, other: str, *, is_known: bool) -> None:
    assert Redactor(f'password="{secret}"')(f"({other})") == f"({MASK if is_known else other})"


@pytest.mark.parametrize(
    ("login", "other", "is_known"),
    [
        ("user:sword-12", "sword-12", True), ("user:s3cr3t", "s3cr3t", True), ("user:s3cr3", "s3cr3", False),
        ("abc123", "abc123", True),
        ("user:pa:swordf1sh", "pa:swo", True), ("user:pa:swordf1sh", "user:p", False),
        ("customer7:pa", "customer7", True),
        ("abc123\x01def456", "abc123", False), ("abc123\ndef456", "def456", False), ("me:>>>???s3cr3t", "s3cr3t", True),
        ("u:s3cr3tt", "s3cr3tt", True),
        ("us:s3cr3tt", "s3cr3tt", True), ("use:s3cr3tt", "s3cr3tt", True), ("é:s3cr3tt", "s3cr3tt", True),
        ("é" * 6, "é" * 6, True),
        ("u:s3cr3t" + "-" * 3064, "s3cr3t", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["", "="])
def test_a_login_in_base64_is_known_when_it_comes_up_decoded(
    login: str, other: str, encode: Callable[[bytes], bytes], padding: str, *, is_known: bool
) -> None:
    token = encode(login.encode()).decode().rstrip("" if padding else "=")
    assert Redactor(f"Authorization: Basic {token}")(f"({other})") == f"({MASK if is_known else other})"


@pytest.mark.parametrize("token", ["YWJjMTIzx", "YWJj MTIz", "YWJjé", "YWJjMTI*", "_____w==", "A" * 4097])
def test_what_is_no_base64_of_a_login_is_redacted_all_the_same(token: str) -> None:
    assert not leaks(redact(f"Authorization: Basic {token}"), token)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hunter2x", MASK), ("unter2", MASK), ("nter2", None), ("", None), ("xxhunter2", MASK), ("hunter2yy", MASK),
        ("a xx-hunter2_yy b", f"a {MASK} b"), ("osapi_hunter2", f"osapi_{MASK}"), ("OSAPI_hunter2", f"OSAPI_{MASK}"),
        ("xosapi_hunter2", MASK),
        ("x.hunter2.y", f"x.{MASK}.y"), ("hunter", MASK), ("hunte", None),
    ],
)  # fmt: skip
def test_a_run_of_a_known_secret_takes_the_word_around_it_along(text: str, expected: str | None) -> None:
    assert Redactor('password="hunter2x"')(text) == (text if expected is None else expected)


def test_a_redactor_learns_on_and_remembers_what_it_redacted() -> None:
    redactor = Redactor("", "nothing")
    assert redactor("(hunter2x)") == "(hunter2x)"
    redactor.learn("")
    redactor.learn('password="k3Yx9Q"')
    assert redactor("k3Yx9Q") == MASK
    assert redactor('password="hunter2x"') == f'password="{MASK}"'
    assert redactor("hunter2x!") == f"{MASK}!"
