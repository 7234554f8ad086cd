import copy
import itertools
import os
import pickle
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outboundsync_mcp.api.credentials import REDACTED, ApiKey, Credential, load_credential
from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.settings import Settings

repeatable = settings(deadline=None, derandomize=True)

SECRET = "T3stN0tAR3alK3yV9wQx7Zp2"
KEY = f"osapi_{SECRET}"
OTHER_KEY = "osapi_An0therS3cretOfN0Account"
VARIABLE, FILE_VARIABLE = "OUTBOUNDSYNC_API_KEY", "OUTBOUNDSYNC_API_KEY_FILE"
UNSET = f"{VARIABLE} is not set and {FILE_VARIABLE} is not set"
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY)
    return path


def from_variable(value: str) -> Credential:
    return load_credential(Settings.from_env({VARIABLE: value}))


def from_file(path: Path) -> Credential:
    return load_credential(Settings.from_env({FILE_VARIABLE: str(path)}))


def sent(credential: Credential) -> str | None:
    return credential.key and credential.key.authorization


# The key itself


def test_authorization_is_the_header_the_vendor_documents() -> None:
    assert ApiKey(KEY).authorization == f"Bearer {KEY}"


def test_a_key_never_prints_itself() -> None:
    key = ApiKey(KEY)
    printed = [
        repr(key),
        str(key),
        f"{key}",
        f"{key!r:>40}",
        f"{key:>40}",
        "{} {!r}".format(*[key, key]),
        repr([key]),
        repr(key.__dir__()),
    ]
    assert not [text for text in printed if SECRET in text]
    assert [text.strip() for text in printed[:5]] == ["ApiKey(hidden)"] * 5


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_key_cannot_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match=r"^an ApiKey cannot be pickled$"):
        pickle.dumps(ApiKey(KEY), protocol)


def test_a_copy_of_a_key_is_the_key() -> None:
    key = ApiKey(KEY)
    assert copy.copy(key) is key
    assert copy.deepcopy([key])[0] is key
    assert asdict(Credential(key=key))["key"] is key


def test_keys_are_equal_when_they_are_the_same_key() -> None:
    assert ApiKey(KEY) == ApiKey(KEY)
    assert ApiKey(KEY) != ApiKey(OTHER_KEY)
    assert ApiKey(KEY) != KEY
    assert {ApiKey(KEY), ApiKey(KEY), ApiKey(OTHER_KEY)} == {ApiKey(OTHER_KEY), ApiKey(KEY)}


def test_a_fingerprint_tells_keys_apart_and_has_nothing_of_the_key() -> None:
    fingerprint = ApiKey(KEY).fingerprint
    assert fingerprint == ApiKey(KEY).fingerprint != ApiKey(OTHER_KEY).fingerprint
    assert hash(ApiKey(KEY)) == hash(ApiKey(KEY)) != hash(ApiKey(OTHER_KEY))
    assert fingerprint != blake2b(KEY.encode(), digest_size=16).hexdigest(), "without a salt it could be looked up"
    assert set(fingerprint) <= set("0123456789abcdef")
    assert len(fingerprint) == 32


# Scrubbing


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("nothing to hide", "nothing to hide"),
        ("", ""),
        (KEY, REDACTED),
        (f"Bearer {KEY}.", f"Bearer {REDACTED}."),
        (f"{KEY}{KEY}", REDACTED),
        (f"{KEY} and {KEY}", f"{REDACTED} and {REDACTED}"),
        (SECRET, REDACTED),
        (f"it ends in {SECRET[-6:]}", f"it ends in {REDACTED}"),
        (f"it ends in {SECRET[-5:]}", f"it ends in {SECRET[-5:]}"),
        (f"<{SECRET[4:12]}>", f"<{REDACTED}>"),
        (f"{SECRET[:6]}-{SECRET[10:16]}", f"{REDACTED}-{REDACTED}"),
        ("osapi_T*** is wrong", f"{REDACTED}*** is wrong"),
        ("keys start with osapi_", "keys start with osapi_"),
        (KEY.upper(), REDACTED),
        (KEY.lower(), REDACTED),
        (f"İ{KEY}İ", f"İ{REDACTED}İ"),
        (f"\ud800{KEY}", f"\ud800{REDACTED}"),
    ],
)
def test_each_run_of_six_characters_of_the_secret_is_redacted(text: str, scrubbed: str) -> None:
    assert ApiKey(KEY).scrub(text) == scrubbed


def test_a_wider_window_spares_shorter_runs() -> None:
    key = ApiKey(KEY)
    assert key.scrub(f"{SECRET[:8]} {SECRET[:12]}", 12) == f"{SECRET[:8]} {REDACTED}"
    assert key.scrub(SECRET, 1000) == REDACTED


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("front", ["", ":", "u:", "Bearer ", "user:"])
def test_base64_of_the_key_is_redacted(encode: Callable[[bytes], bytes], front: str) -> None:
    key = ApiKey("osapi_" + "~~>>??" + SECRET)
    encoded = encode(f"{front}osapi_~~>>??{SECRET}:".encode()).decode()
    scrubbed = key.scrub(f"Basic {encoded}")
    assert REDACTED in scrubbed
    assert len(scrubbed) < len("Basic ") + len(encoded) - len(SECRET)


@pytest.mark.parametrize("before", range(4))
def test_what_the_secret_alone_decides_of_a_base64_text_is_redacted(before: int) -> None:
    for start, end in itertools.combinations(range(len(SECRET) + 1), 2):
        text = b64encode(b"\xff" * before + SECRET[start:end].encode() + b"\xff" * 4).decode()
        # A character of base64 holds 6 bits; those from `first` to `last` hold none but the secret's.
        first, last = -(before * 8 // -6), (before + end - start) * 8 // 6
        # Of the secret's own last character the one of base64 may be left in which padding can stand.
        last -= end == len(SECRET)
        scrubbed = ApiKey(KEY).scrub(text)
        if last - first < 6:
            assert scrubbed == text
        elif last - first > 7:
            # Its neighbours are partly decided, and may fall as well.
            wider = {(first - left, last + right) for left in range(first + 1) for right in range(3) if left < 3}
            assert scrubbed in {text[:begin] + REDACTED + text[stop:] for begin, stop in wider}


def test_a_percent_encoded_key_is_redacted() -> None:
    key = "osapi_ab+/cd+/ef==gh~~"
    assert ApiKey(key).scrub(f"?key={quote(key, safe='')}&x") == f"?key={REDACTED}&x"
    assert ApiKey(key).scrub(f"?key={quote(key, safe='').lower()}&x") == f"?key={REDACTED}&x"


@repeatable
@given(
    secret=st.text("ABCxyz012._~+/=-", min_size=8, max_size=60),
    before=st.text(),
    after=st.text(),
    start=st.integers(0, 59),
    length=st.integers(6, 60),
)
def test_no_run_of_six_survives_in_any_text(secret: str, before: str, after: str, start: int, length: int) -> None:
    scrubbed = ApiKey(f"osapi_{secret}").scrub(before + secret[start : start + length] + after)
    runs = {secret[i : i + 6].lower() for i in range(len(secret) - 5)}
    assert not [run for run in runs if run in scrubbed.replace(REDACTED, "\0").lower()]


# Where it comes from


def test_a_key_in_the_variable_is_used() -> None:
    credential = from_variable(KEY)
    assert sent(credential) == f"Bearer {KEY}"
    assert credential == Credential(key=ApiKey(KEY), source=VARIABLE)


def test_a_mended_key_is_used_and_the_mending_is_noted() -> None:
    credential = from_variable(f'"Bearer {KEY}"')
    assert sent(credential) == f"Bearer {KEY}"
    assert credential.notes == (
        f"{VARIABLE}: surrounding quotes were removed.",
        f'{VARIABLE}: a leading "Bearer" was removed.',
    )


def test_a_faulty_key_is_not_used_and_the_reason_names_the_variable() -> None:
    credential = from_variable("pat-na1-0f8b4c1e-2d3a")
    assert (credential.key, credential.fault, credential.vendor) == (None, KeyFault.OTHER_VENDOR, "HubSpot")
    assert credential.detail == (
        f"{VARIABLE}: the value has the form of a key from HubSpot, which OutboundSync does not accept."
    )


@pytest.mark.parametrize(
    ("environ", "detail"),
    [
        ({}, f"{UNSET}."),
        ({VARIABLE: ""}, "OUTBOUNDSYNC_API_KEY is empty and OUTBOUNDSYNC_API_KEY_FILE is not set."),
        ({"OUTBOUNDSYNC_TOKEN": KEY}, f"{UNSET}; OUTBOUNDSYNC_TOKEN is set but not read."),
        (
            {"OUTBOUNDSYNC_TOKEN": KEY, "OUTBOUNDSYNC_APIKEY": KEY},
            f"{UNSET}; OUTBOUNDSYNC_APIKEY and OUTBOUNDSYNC_TOKEN are set but not read.",
        ),
    ],
)
def test_a_missing_key_is_said_with_the_variables_that_were_meant_for_it(environ: dict[str, str], detail: str) -> None:
    credential = load_credential(Settings.from_env(environ))
    assert credential == Credential(fault=KeyFault.MISSING, detail=detail)


def test_the_variable_goes_before_the_file_and_says_so(key_file: Path) -> None:
    credential = load_credential(Settings.from_env({VARIABLE: OTHER_KEY, FILE_VARIABLE: str(key_file)}))
    assert sent(credential) == f"Bearer {OTHER_KEY}"
    assert credential.source == VARIABLE
    assert credential.notes == (f"{VARIABLE} is set, so {FILE_VARIABLE} was not read.",)


def test_a_blank_variable_leaves_it_to_the_file(key_file: Path) -> None:
    credential = load_credential(Settings.from_env({VARIABLE: " ", FILE_VARIABLE: str(key_file)}))
    assert sent(credential) == f"Bearer {KEY}"
    assert credential.source == f"{FILE_VARIABLE} ({key_file})"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" \n\n"])
def test_what_ends_a_key_file_is_not_worth_a_note(key_file: Path, end: bytes) -> None:
    key_file.write_bytes(KEY.encode() + end)
    credential = from_file(key_file)
    assert sent(credential) == f"Bearer {KEY}"
    assert credential.notes == ()


def test_a_key_file_with_a_byte_order_mark_is_read(key_file: Path) -> None:
    key_file.write_text(KEY, encoding="utf-8-sig")
    assert sent(from_file(key_file)) == f"Bearer {KEY}"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_key_file_in_utf_16_is_read_and_noted(key_file: Path, encoding: str) -> None:
    key_file.write_bytes(f"\ufeff{KEY}\r\n".encode(encoding))
    credential = from_file(key_file)
    assert sent(credential) == f"Bearer {KEY}"
    assert credential.notes == (f"{FILE_VARIABLE}: the file is UTF-16 and was decoded.",)


def test_an_env_file_is_no_key_file(key_file: Path) -> None:
    key_file.write_text(f"{VARIABLE}={KEY}\nOTHER=1\n")
    assert from_file(key_file).fault is KeyFault.UNEXPANDED


def test_an_empty_key_file_is_a_missing_key(key_file: Path) -> None:
    key_file.write_text("\n")
    credential = from_file(key_file)
    assert credential.fault is KeyFault.MISSING
    assert credential.detail == f"{FILE_VARIABLE} ({key_file}): the value is empty."


def test_a_rotated_key_is_found_at_the_next_call(key_file: Path) -> None:
    configured = Settings.from_env({FILE_VARIABLE: str(key_file)})
    first = load_credential(configured)
    before = key_file.stat()
    key_file.write_text(f"osapi_{SECRET[::-1]}")  # same size, same inode, and soon the same time stamps
    os.utime(key_file, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = load_credential(configured)
    assert (sent(first), sent(second)) == (f"Bearer {KEY}", f"Bearer osapi_{SECRET[::-1]}")


def test_an_unchanged_key_is_the_same_object_at_every_call(key_file: Path) -> None:
    configured = Settings.from_env({FILE_VARIABLE: str(key_file)})
    assert load_credential(configured).key is load_credential(configured).key


@on_posix
def test_a_key_that_kubernetes_swaps_behind_a_symbolic_link_is_found(tmp_path: Path) -> None:
    for name, key in (("v1", KEY), ("v2", OTHER_KEY)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(key)
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "key").symlink_to("..data/key")
    configured = Settings.from_env({FILE_VARIABLE: str(tmp_path / "key")})
    first = load_credential(configured)
    (tmp_path / "..data_tmp").symlink_to("v2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    second = load_credential(configured)
    assert (sent(first), sent(second)) == (f"Bearer {KEY}", f"Bearer {OTHER_KEY}")


def test_a_file_that_goes_and_comes_back_is_followed(key_file: Path) -> None:
    key_file.unlink()
    assert from_file(key_file).fault is KeyFault.UNREADABLE_FILE
    key_file.write_text(KEY)
    assert sent(from_file(key_file)) == f"Bearer {KEY}"


# Files that hold no key


def unreadable(path: Path) -> str:
    credential = from_file(path)
    assert (credential.key, credential.fault) == (None, KeyFault.UNREADABLE_FILE)
    assert credential.source == f"{FILE_VARIABLE} ({path})"
    assert credential.detail is not None
    front = f"{FILE_VARIABLE} names {path}, which cannot be read: "
    assert credential.detail.startswith(front)
    return credential.detail.removeprefix(front)


def test_a_missing_file_is_said_in_the_systems_words(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "none") == "No such file or directory."


@on_posix
def test_a_directory_is_said_to_be_one(tmp_path: Path) -> None:
    assert unreadable(tmp_path) == "Is a directory."


@on_posix
def test_a_file_that_may_not_be_read_is_said_to_be_forbidden(key_file: Path) -> None:
    key_file.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read every file
        os.seteuid(65534)
    try:
        reason = unreadable(key_file)
    finally:
        os.seteuid(user)
    assert reason == "Permission denied."


@on_posix
def test_a_path_through_a_file_is_said_to_be_no_directory(key_file: Path) -> None:
    assert unreadable(key_file / "key") == "Not a directory."


@on_posix
def test_links_in_a_circle_are_said_to_be_too_many(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to("key")
    assert unreadable(tmp_path / "key") == "Too many levels of symbolic links."


@on_posix
def test_a_fifo_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(unreadable(tmp_path / "fifo")), daemon=True)
    thread.start()
    thread.join(10)
    assert reasons == ["it is not a regular file."]


@pytest.mark.parametrize(
    "content", [b"\x7fELF\x00\x01", b"\xff\xfe\x00", b"\x80\x81", b"osapi_\xe9t\xe9123456", KEY.encode() + b"\0"]
)
def test_a_file_that_is_not_text_is_refused(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    assert unreadable(key_file) == "it is not a text file."


def test_a_large_file_is_refused_without_being_read_to_its_end(key_file: Path) -> None:
    with key_file.open("wb") as file:
        file.truncate(1 << 40)
    assert unreadable(key_file) == "it has more than 65536 bytes, too many for a key."


def test_a_file_may_have_as_many_bytes_as_the_refusal_says(key_file: Path) -> None:
    key_file.write_text(KEY.ljust(65_536))
    assert sent(from_file(key_file)) == f"Bearer {KEY}"
    key_file.write_text(KEY.ljust(65_537))
    assert unreadable(key_file) == "it has more than 65536 bytes, too many for a key."


def test_a_path_with_a_nul_character_is_an_unreadable_file() -> None:
    credential = load_credential(Settings.from_env({FILE_VARIABLE: "/run/se\0crets"}))
    assert credential.fault is KeyFault.UNREADABLE_FILE
    assert credential.detail is not None
    assert credential.detail.startswith(f"{FILE_VARIABLE} names /run/se\\x00crets, which cannot be read: ")


def test_a_path_is_shown_printable_and_short(tmp_path: Path) -> None:
    hostile = from_file(tmp_path / "\x1b[31m\u202ekey")
    assert hostile.detail is not None
    assert hostile.detail.isprintable()
    assert "\\x1b[31m\\u202ekey" in hostile.detail


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/" + "k" * 199, "/" + "k" * 199), ("/" + "k" * 200, "a path of more than 200 characters")],
)
def test_a_path_of_up_to_200_characters_is_shown(path: str, shown: str) -> None:
    assert (from_file(Path(path)).detail or "").startswith(f"{FILE_VARIABLE} names {shown}, which cannot be read: ")


def test_a_path_with_a_key_in_it_is_not_shown(tmp_path: Path) -> None:
    credential = from_file(tmp_path / KEY)
    assert SECRET not in f"{credential}"
    why = f"{FILE_VARIABLE} names a path with what looks like a key in it, which cannot be read: "
    assert (credential.detail or "").startswith(why)


@on_posix
def test_no_descriptor_stays_open(tmp_path: Path, key_file: Path) -> None:
    descriptors = Path("/proc/self/fd") if Path("/proc/self/fd").is_dir() else Path("/dev/fd")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\0")
    before = len(list(descriptors.iterdir()))
    for path in (key_file, tmp_path, binary, tmp_path / "none"):
        from_file(path)
    assert len(list(descriptors.iterdir())) == before


@pytest.mark.parametrize(
    "value",
    [KEY, f"{KEY}…", f"x{KEY}", f'"{KEY}', f"{VARIABLE}={KEY}", f"{KEY} {KEY}", KEY[:12], KEY.upper(), f"{KEY}\u200b!"],
)
def test_nothing_of_a_configured_value_is_in_a_credential(value: str, key_file: Path) -> None:
    key_file.write_text(value, encoding="utf-8")
    for credential in (from_variable(value), from_file(key_file)):
        said = repr(credential).lower()
        assert not [SECRET[i : i + 4] for i in range(len(SECRET) - 3) if SECRET[i : i + 4].lower() in said]
