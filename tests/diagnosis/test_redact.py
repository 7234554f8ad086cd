"""Secrets leave no trace of six characters, and what is no secret stays readable."""

import base64
import time

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
    "name", ["password", "our password", "the api_key", "AccountKey", "x-api-key", "client_secret"]
)
def test_a_secret_that_is_a_plain_word_is_known_by_its_name(name: str) -> None:
    assert redact(f"{name}: swordfish") == f"{name}: {MASK}"


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
    ],
)
def test_a_name_that_is_another_names_value_hides_no_value_behind_it(text: str) -> None:
    assert "hunter2pass" not in redact(text)
