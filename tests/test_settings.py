import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outboundsync_mcp.settings import LOG_LEVELS, VARIABLES, Settings

KEY = "osapi_T3stN0tARealK3y4Anything"
BASE_URL, TIMEOUT, MAX_WAIT = "OUTBOUNDSYNC_BASE_URL", "OUTBOUNDSYNC_TIMEOUT_SECONDS", "OUTBOUNDSYNC_MAX_WAIT_SECONDS"
LOG_LEVEL, API_KEY, KEY_FILE = "OUTBOUNDSYNC_LOG_LEVEL", "OUTBOUNDSYNC_API_KEY", "OUTBOUNDSYNC_API_KEY_FILE"


def read(**variables: str) -> Settings:
    return Settings.from_env({f"OUTBOUNDSYNC_{name}": value for name, value in variables.items()})


def only_fault(**variables: str) -> str:
    faults = read(**variables).faults
    assert len(faults) == 1, faults
    return faults[0]


def test_defaults_are_the_documented_ones() -> None:
    assert Settings.from_env({}) == Settings(
        base_url="https://app.outboundsync.com",
        timeout_seconds=15.0,
        max_wait_seconds=45,
        log_level="WARNING",
        api_key_env=None,
        api_key_file=None,
    )


def test_the_process_environment_is_read_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAX_WAIT, "7")
    assert Settings.from_env().max_wait_seconds == 7
    monkeypatch.setenv(MAX_WAIT, "8")
    assert Settings.from_env().max_wait_seconds == 8
    assert Settings.from_env(os.environ).max_wait_seconds == 8


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_variable_counts_as_unset(blank: str) -> None:
    blanks = Settings.from_env(dict.fromkeys(VARIABLES, blank))
    assert blanks.faults == ()
    assert blanks == Settings(api_key_env=blank)


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://app.outboundsync.com", "https://app.outboundsync.com"),
        ("https://app.outboundsync.com/", "https://app.outboundsync.com"),
        ("https://app.outboundsync.com/api/v1", "https://app.outboundsync.com"),
        (" https://app.outboundsync.com/api/v1/ \n", "https://app.outboundsync.com"),
        ("HTTPS://App.OutboundSync.COM", "https://app.outboundsync.com"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("https://proxy.example:443/", "https://proxy.example"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://app.outboundsync.com.", "https://app.outboundsync.com."),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8123/api/v1", "http://[::1]:8123"),
        ("http://localhost:80", "http://localhost"),
        ("http://LOCALHOST:8123", "http://localhost:8123"),
    ],
)
def test_an_acceptable_base_url_is_kept_as_its_origin(value: str, origin: str) -> None:
    assert read(BASE_URL=value) == Settings(base_url=origin)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("http://app.outboundsync.com", "unencrypted"),
        ("http://10.0.0.1", "unencrypted"),
        ("http://0.0.0.0:8123", "unencrypted"),
        ("http://localhost.example", "unencrypted"),
        ("http://sandbox.localhost:8123", "unencrypted"),
        ("http://127.0.0.1.example", "unencrypted"),
        ("http://127.1", "unencrypted"),
        ("http://2130706433", "unencrypted"),
        ("http://[::ffff:10.0.0.1]", "unencrypted"),
        ("app.outboundsync.com", "starts with https://"),
        ("//app.outboundsync.com", "starts with https://"),
        ("ftp://app.outboundsync.com", "starts with https://"),
        ("https://", "starts with https://"),
        ("https:app.outboundsync.com", "starts with https://"),
        ("https:///api/v1", "starts with https://"),
        ("https://app.outboundsync.com/api/v2", "path"),
        ("https://app.outboundsync.com/api/v1/me", "path"),
        ("https://app.outboundsync.com//", "path"),
        ("https://app.outboundsync.com:0", "valid host and port"),
        ("https://app..outboundsync.com", "valid host and port"),
        ("https://-app.example", "valid host and port"),
        ("https://app%2eexample", "valid host and port"),
        ("https://[fe80::1%25eth0]", "valid host and port"),
        ("https://*.example", "valid host and port"),
        ("https://app.example:99999", "not a URL"),
        ("https://app.example:port", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://app.example /api", "backslash"),
        ("https://app.exam\nple", "backslash"),
        ("https://app.example\\api", "backslash"),
        ("https://bücher.example", "outside ASCII"),
        ("https://app.outboundsync。com", "outside ASCII"),
    ],
)
def test_any_other_base_url_is_a_fault_that_shows_it(value: str, why: str) -> None:
    fault = only_fault(BASE_URL=value)
    assert fault.startswith(f"{BASE_URL} is {value!r}, which ")
    assert why in fault
    assert fault.endswith(
        "; accepted is an https origin such as https://app.outboundsync.com (http for loopback alone)."
    )
    assert read(BASE_URL=value).base_url == "https://app.outboundsync.com"


@pytest.mark.parametrize(
    "value",
    [
        "https://user:hunter2@app.outboundsync.com",
        "https://hunter2@app.outboundsync.com",
        "http://127.0.0.1@hunter2.example",
        "user:hunter2@app.outboundsync.com",
        "https://user:hunter2@app.outboundsync.com:bad",
        "https://app.outboundsync.com?token=hunter2",
        "https://app.outboundsync.com/?",
        "https://app.outboundsync.com#hunter2",
        "https://app.outboundsync.com/#",
        "https://app.outboundsync.com/hooks/T0hunter2hunter2hunter2",
        "https://hunter2.example/" + "a" * 100,
    ],
)
def test_what_may_be_secret_in_a_base_url_is_not_shown(value: str) -> None:
    fault = only_fault(BASE_URL=value)
    assert fault.startswith(BASE_URL)
    assert "hunter2" not in fault
    assert "not shown" in fault


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("15", 15.0), ("0.5", 0.5), (".5", 0.5), ("30.", 30.0), (" 20 ", 20.0), ("0.001", 0.001), ("600", 600.0)],
)
def test_a_timeout_is_a_plain_number_of_seconds(value: str, seconds: float) -> None:
    assert read(TIMEOUT_SECONDS=value) == Settings(timeout_seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "0.0",
        "-1",
        "+15",
        "601",
        "1e2",
        "inf",
        "nan",
        "15s",
        "1_5",
        "١٥",
        "15,5",
        "0x0f",
        "0.0001",
        "9" * 50,
        "fifteen",
    ],
)
def test_any_other_timeout_is_a_fault(value: str) -> None:
    fault = only_fault(TIMEOUT_SECONDS=value)
    assert fault.startswith(TIMEOUT)
    assert fault.endswith("; accepted is a number of seconds from 0.001 to 600.")
    assert read(TIMEOUT_SECONDS=value).timeout_seconds == 15.0


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("45", 45), ("120", 120), (" 007 ", 7)])
def test_a_longest_wait_is_a_whole_number_up_to_the_tools_own_limit(value: str, seconds: int) -> None:
    assert read(MAX_WAIT_SECONDS=value) == Settings(max_wait_seconds=seconds)


@pytest.mark.parametrize("value", ["121", "-1", "45.0", "1e1", "forty", "４５", "1_0", "none", "9" * 5000])
def test_any_other_longest_wait_is_a_fault(value: str) -> None:
    fault = only_fault(MAX_WAIT_SECONDS=value)
    assert fault.startswith(MAX_WAIT)
    assert fault.endswith("; accepted is a whole number of seconds from 0 to 120.")
    assert read(MAX_WAIT_SECONDS=value).max_wait_seconds == 45


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_a_log_level_may_be_in_either_case(level: str) -> None:
    assert read(LOG_LEVEL=level.lower()) == read(LOG_LEVEL=f" {level} ") == Settings(log_level=level)


@pytest.mark.parametrize("value", ["verbose", "10", "TRACE", "DEBUG,INFO"])
def test_any_other_log_level_is_a_fault(value: str) -> None:
    assert only_fault(LOG_LEVEL=value) == (
        f"{LOG_LEVEL} is {value!r}, which is not a log level; accepted is one of DEBUG, INFO, WARNING, ERROR, CRITICAL."
    )


def test_a_key_file_is_a_path_and_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert read(API_KEY_FILE="~/key").api_key_file == Path("/home/me/key")
    assert read(API_KEY_FILE=" /run/secrets/osapi_key\n").api_key_file == Path("/run/secrets/osapi_key")
    assert read(API_KEY_FILE="secrets/key").api_key_file == Path("secrets/key")


@pytest.mark.parametrize(
    "value", ["osapi_key.txt", "osapi_key", "secrets/osapi_key", "./osapi_key_2026", "run/secrets/osapi_prod_key"]
)
def test_a_key_file_may_be_named_after_what_it_holds(value: str) -> None:
    assert read(API_KEY_FILE=value) == Settings(api_key_file=Path(value))


def test_a_file_named_like_a_key_is_a_path_where_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "osapi_production_2026.key"
    monkeypatch.chdir(tmp_path)
    assert "not shown" in only_fault(API_KEY_FILE=name)
    (tmp_path / name).touch()
    assert read(API_KEY_FILE=name) == Settings(api_key_file=Path(name))


@pytest.mark.parametrize("value", ["osapi_T3stN0t", f"osapi_{'T3stN0t' * 80}"])
def test_a_cut_off_or_endless_key_is_no_path(value: str) -> None:
    assert "not shown" in only_fault(API_KEY_FILE=value)


def test_a_tilde_without_a_home_directory_stays_as_it_is() -> None:
    odd = "~no-such-user-anywhere/key"
    assert read(API_KEY_FILE=odd) == Settings(api_key_file=Path(odd))


@pytest.mark.parametrize("name", [name for name in VARIABLES if name != API_KEY])
@pytest.mark.parametrize(
    "value",
    [
        KEY,
        f"Bearer {KEY}",
        f"{API_KEY}={KEY}",
        KEY.upper(),
        f" '{KEY}' ",
        "osapi_a/b/c/d/e/f/g/h",
        "pat-na1-T3stN0tARealK3y4Anything",
    ],
)
def test_a_key_in_the_wrong_variable_is_said_and_not_shown(name: str, value: str) -> None:
    (fault,) = Settings.from_env({name: value}).faults
    assert fault.startswith(f"{name} holds what looks like a key (not shown), which belongs in {API_KEY}")
    assert not re.search("T3stN0t|a/b/c", fault, re.IGNORECASE)


@pytest.mark.parametrize("value", [f"https://{KEY}.example", f"https://x.example/{KEY}", f"https://x.example/?k={KEY}"])
def test_a_key_inside_a_base_url_is_not_shown(value: str) -> None:
    assert KEY[6:] not in only_fault(BASE_URL=value)


def test_the_key_is_kept_as_it_stands_and_out_of_the_repr() -> None:
    configured = read(API_KEY=f" {KEY}\n")
    assert configured.api_key_env == f" {KEY}\n"
    assert KEY[6:] not in f"{configured!r} {configured}"


def test_each_bad_variable_has_its_own_sentence() -> None:
    faulty = read(BASE_URL="x", TIMEOUT_SECONDS="x", MAX_WAIT_SECONDS="x", LOG_LEVEL="x")
    assert [fault.split()[0] for fault in faulty.faults] == [BASE_URL, TIMEOUT, MAX_WAIT, LOG_LEVEL]


def test_variables_that_seem_meant_for_the_key_are_named() -> None:
    names = ("OUTBOUNDSYNC_APIKEY", "OUTBOUNDSYNC_TOKEN", "OUTBOUND_SYNC_API_KEY", "OSAPI_KEY", "outboundsync_api_key")
    found = Settings.from_env(dict.fromkeys(names, KEY)).misnamed_keys
    assert set(found) == set(names)


@pytest.mark.parametrize(
    "name",
    ["OUTBOUNDSYNC_REGION", "HUBSPOT_TOKEN", "API_KEY", API_KEY, KEY_FILE, "MY_OUTBOUNDSYNC_KEY", "OUTBOUNDSYNC KEY"],
)
def test_other_variables_are_not_taken_for_a_misnamed_key(name: str) -> None:
    assert Settings.from_env({name: "value"}).misnamed_keys == ()


def test_a_blank_misnamed_variable_is_not_worth_a_word() -> None:
    assert read(TOKEN=" ").misnamed_keys == ()


def test_a_variable_that_is_not_read_is_named_without_its_value() -> None:
    found = read(BASEURL="http://hunter2", API_KEY=KEY, TIMEOUT=" ")
    assert found.unread == ("OUTBOUNDSYNC_BASEURL",)
    assert found.unread_note == ("OUTBOUNDSYNC_BASEURL is set but this server does not read it.",)
    assert "hunter2" not in repr(found)


def test_many_variables_that_are_not_read_are_one_sentence() -> None:
    assert read().unread_note == ()
    assert read(A="1", B="1").unread_note == (
        "OUTBOUNDSYNC_A and OUTBOUNDSYNC_B are set but this server does not read them.",
    )
    (note,) = read(PORT="1", PORT_443_TCP="1", SERVICE_HOST="1", SERVICE_PORT="1", SERVICE_PORT_HTTP="1").unread_note
    assert note == (
        "OUTBOUNDSYNC_PORT, OUTBOUNDSYNC_PORT_443_TCP, OUTBOUNDSYNC_SERVICE_HOST and 2 more OUTBOUNDSYNC_* "
        "variables are set but this server does not read them."
    )


@pytest.mark.parametrize(
    "rest", [KEY, f"KEY_{KEY}", KEY.upper(), "T3stN0tARealK3y", "a1b2c3d4e5f6", "X" * 30, "A-B", "A\nB", "É"]
)
def test_a_name_that_may_be_a_key_is_never_shown(rest: str) -> None:
    found = read(**{rest: "1"})
    assert (found.unread, found.unread_note) == ((), ())


@settings(deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(VARIABLES), st.text() | st.sampled_from(["https://[", "https://a:b", "~", "\0"]))
)
@example(dict.fromkeys(VARIABLES, "\udcff"))
@example(dict.fromkeys(VARIABLES, "https://" + "a" * 1_000_000 + "!"))
@example(dict.fromkeys(VARIABLES, "https://" + "a-" * 126 + "!"))
def test_no_environment_makes_reading_it_fail(environ: dict[str, str]) -> None:
    for fault in Settings.from_env(environ).faults:
        assert fault.startswith("OUTBOUNDSYNC_")
        assert fault.isprintable()
        assert len(fault) < 400


def test_a_key_in_a_variables_name_is_not_shown() -> None:
    settings = Settings.from_env({"OUTBOUNDSYNC_KEY_osapi_7gQ2xV9mK4tR8wZ1": "x", "OUTBOUNDSYNC_APIKEY": "x"})
    assert settings.misnamed_keys == ("OUTBOUNDSYNC_APIKEY",)
    assert "7gQ2x" not in repr(settings)
