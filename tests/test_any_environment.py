"""Any environment is settings, with one sentence per variable that is faulty and no character of a key in any."""

from hypothesis import given, settings
from hypothesis import strategies as st

from outboundsync_mcp.settings import API_KEY, VARIABLES, Settings

repeatable = settings(deadline=None, derandomize=True, max_examples=80)

SECRET = "Zq7Kp2Vx9Lm4Rt6W"
KEY = f"osapi_{SECRET}"
NAMES = [
    *VARIABLES,
    "OUTBOUNDSYNC_BASEURL",
    "outboundsync_api_key",
    "OUTBOUNDSYNC_TOKEN",
    "OUTBOUNDSYNC_KEY_FILE",
    "OSAPI_KEY",
    "OUTBOUND_SYNC_API_KEY",
]
GUESSES = [
    "15",
    "0.5",
    "1e3",
    "-1",
    "nan",
    "WARNING",
    "debug",
    "https://[",
    "http://localhost:1",
    "https://a@b",
    "~x",
    "\0",
]
PLACES = ["{}", " {} ", '"{}"', "Bearer {}", "OUTBOUNDSYNC_API_KEY={}", "https://x.com/{}", "https://{}@x.com", "{}{}"]

values = st.sampled_from(GUESSES) | st.text()
names = st.sampled_from(NAMES) | st.text().map("OUTBOUNDSYNC_{}".format) | st.text()
environments = st.dictionaries(names, values, max_size=8)


@repeatable
@given(environments)
def test_every_environment_is_settings_within_their_ranges(environ: dict[str, str]) -> None:
    read = Settings.from_env(environ)
    assert 0.001 <= read.timeout_seconds <= 600
    assert 0 <= read.max_wait_seconds <= 120
    assert read.log_level in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
    assert read.base_url.startswith(("https://", "http://localhost", "http://127.", "http://[::1]"))
    assert read.api_key_env == environ.get(API_KEY)


@repeatable
@given(environments)
def test_every_fault_names_its_variable_and_only_a_faulty_one_is_at_its_default(environ: dict[str, str]) -> None:
    read = Settings.from_env(environ)
    faulty = [fault.split(" ", 1)[0] for fault in read.faults]
    assert len(set(faulty)) == len(faulty)
    assert set(faulty) <= {name for name in VARIABLES if environ.get(name, "").strip()} - {API_KEY}
    without = {name: value for name, value in environ.items() if name not in faulty}
    again = Settings.from_env(without)
    assert not again.faults
    assert (again.base_url, again.timeout_seconds, again.max_wait_seconds, again.log_level, again.api_key_file) == (
        read.base_url,
        read.timeout_seconds,
        read.max_wait_seconds,
        read.log_level,
        read.api_key_file,
    )


@repeatable
@given(environments)
def test_a_variable_that_is_not_read_is_named_and_its_value_is_not(environ: dict[str, str]) -> None:
    marked = {name: value if name in VARIABLES else f"{value}unreadable" for name, value in environ.items()}
    read = Settings.from_env(marked)
    assert set(read.unread) <= set(marked) - set(VARIABLES)
    assert set(read.misnamed_keys) <= set(marked) - set(VARIABLES)
    assert "unreadable" not in " ".join((repr(read), *read.unread_note, *read.faults))
    assert all(note.isprintable() for note in read.unread_note)


@repeatable
@given(
    environments,
    st.dictionaries(st.sampled_from([name for name in NAMES if name != API_KEY]), st.sampled_from(PLACES), min_size=1),
    st.sampled_from(["", "OUTBOUNDSYNC_", "OUTBOUNDSYNC_API_KEY_", "OSAPI_"]),
)
def test_no_character_of_a_key_in_any_place_is_said(
    environ: dict[str, str], misplaced: dict[str, str], prefix: str
) -> None:
    held = {name: place.replace("{}", KEY) for name, place in misplaced.items()}
    read = Settings.from_env({**environ, **held, API_KEY: KEY, f"{prefix}{KEY}": "1"})
    said = " ".join((repr(read), str(read), *read.faults, *read.unread_note, *read.misnamed_keys, *read.unread))
    assert not [SECRET[at : at + 4] for at in range(len(SECRET) - 3) if SECRET[at : at + 4].lower() in said.lower()]
