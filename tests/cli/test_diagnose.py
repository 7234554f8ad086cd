"""`diagnose`: a file, a pipe or a pasted text in, a diagnosis out."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from outboundsync_mcp.cli import main
from outboundsync_mcp.cli.diagnose import decode
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from tests.support.stdio import environment

KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"
REFUSED = json.dumps({"message": "Invalid API key", "error": "Unauthorized", "statusCode": 401})
LIMITED = f"> Authorization: Bearer {KEY}\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 37\r\n\r\n{{}}"


class Typed(io.TextIOWrapper):
    """Standard input of a terminal."""

    def isatty(self) -> bool:
        return True


class Interrupted(io.BytesIO):
    """A terminal on which someone presses Ctrl-C."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


def give(monkeypatch: pytest.MonkeyPatch, data: bytes, kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> None:
    monkeypatch.setattr(sys, "stdin", kind(io.BytesIO(data), encoding="utf-8"))


def diagnosed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Diagnosis:
    assert main(["diagnose", "--json", *arguments]) == 0
    return Diagnosis.model_validate_json(capsys.readouterr().out)


def test_a_file_is_read_and_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "response.txt"
    file.write_text(LIMITED)
    found = diagnosed(capsys, str(file))
    assert (found.kind, found.status, found.retry_after_seconds) == ("rate_limited", 429, 37)


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_pipe_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    give(monkeypatch, REFUSED.encode())
    assert diagnosed(capsys, *arguments).kind == "invalid_api_key"


def test_a_key_in_the_text_is_not_in_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, LIMITED.encode())
    assert main(["diagnose"]) == 0
    out, err = capsys.readouterr()
    assert "rate_limited" in out
    for at in range(6, len(KEY) - 5):
        assert KEY[at : at + 6] not in out + err


def test_a_terminal_is_asked_for_the_text_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, REFUSED.encode(), Typed)
    assert main(["diagnose", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["kind"] == "invalid_api_key"
    assert err == "Paste the error, then press Ctrl-D:\n"


def test_named_values_need_no_text_from_a_terminal_and_win_over_a_piped_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(Interrupted()))
    assert diagnosed(capsys, "--status", "429", "--retry-after", "12").retry_after_seconds == 12
    give(monkeypatch, REFUSED.encode())
    found = diagnosed(capsys, "--status", "403", "--message", "API access is not enabled for this account")
    assert found.kind == "api_access_disabled"


def test_ctrl_c_while_pasting_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(Interrupted()))
    assert main(["diagnose"]) == 130
    assert capsys.readouterr().err == "Paste the error, then press Ctrl-D:\n"


@pytest.mark.parametrize("name", ["absent.txt", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["diagnose", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("outboundsync-mcp diagnose: cannot read ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["Invalid API key", f"401\nsent Bearer {KEY}", "Invalid API key " * 400])
def test_a_text_in_place_of_a_file_is_shown_the_way_in_without_repeating_its_keys(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert main(["diagnose", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "to diagnose a text, pipe it in: echo '…' | outboundsync-mcp diagnose." in err
    assert err.count("\n") == 1
    assert KEY[6:12] not in err


def test_nothing_at_all_is_an_unknown_error_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, b"")
    assert diagnosed(capsys).kind == "unknown"


@pytest.mark.parametrize(
    "data",
    [
        REFUSED.encode(),
        REFUSED.encode("utf-8-sig"),
        REFUSED.encode("utf-16"),
        REFUSED.encode("utf-16-le"),
        REFUSED.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with BOM", "utf-16 with BOM", "utf-16-le", "utf-16-be"],
)
def test_every_usual_encoding_is_decoded(data: bytes) -> None:
    assert decode(data) == REFUSED


def test_bytes_of_no_known_encoding_are_read_as_latin_1() -> None:
    assert decode(b"caf\xe9") == "café"


def test_a_reader_that_has_gone_is_no_error_of_ours() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "diagnose", "--status", "401"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
