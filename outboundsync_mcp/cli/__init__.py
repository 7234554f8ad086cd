"""The `outboundsync-mcp` command: reads the command line, and loads a command when it is the one that was asked for."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, cast

from outboundsync_mcp import __version__

_ENVIRONMENT = """\
environment:
  OUTBOUNDSYNC_API_KEY           the osapi_... key; never a flag or an argument
  OUTBOUNDSYNC_API_KEY_FILE      a file that holds it, re-read when it changes
  OUTBOUNDSYNC_BASE_URL          default https://app.outboundsync.com
  OUTBOUNDSYNC_TIMEOUT_SECONDS   deadline of one request (default 15)
  OUTBOUNDSYNC_MAX_WAIT_SECONDS  longest wait for Retry-After in one call (default 45)
  OUTBOUNDSYNC_LOG_LEVEL         DEBUG, INFO, WARNING (default), ERROR or CRITICAL; on stderr
"""

_MAIN = f"""\
examples:
  outboundsync-mcp                      serve MCP over stdio, as MCP hosts start it
  outboundsync-mcp demo                 see every outcome; no key, no internet
  outboundsync-mcp doctor               check settings, key, network and API, step by step
  curl -si https://... | outboundsync-mcp diagnose

{_ENVIRONMENT}
exit status: 0 success, 1 a check failed, 2 wrong usage, 130 Ctrl-C, 141 whoever read the output has gone, 143 SIGTERM
"""

_SERVE = f"""\
Serves MCP over stdin and stdout (logs go to stderr), or over streamable HTTP at /mcp on this machine alone.
The server starts whatever the settings are: what is wrong with them is said on stderr and by the tool.

{_ENVIRONMENT}
exit status: 0 when the client closes stdin, 130 after Ctrl-C, 143 after SIGTERM, 1 when the port cannot be used or the
client closed its end of stdout, 2 wrong usage
"""

_DIAGNOSE = """\
examples:
  outboundsync-mcp diagnose response.txt
  curl -si "$URL" | outboundsync-mcp diagnose
  outboundsync-mcp diagnose --status 429 --retry-after 37
  outboundsync-mcp diagnose --json < traceback.log

Works offline and without a key. Keys found in the text are redacted from the report. With no FILE, the text comes
from stdin; in a terminal, paste it and end with Ctrl-D (Ctrl-Z and Enter on Windows).

exit status: 0 a diagnosis was made, 2 wrong usage or a file that cannot be read, 130 Ctrl-C,
141 whoever read the output has gone
"""

_DOCTOR = f"""\
Checks settings, key, DNS, TCP, TLS, HTTP and /me, each with its own remedy. Sends at most one API request, and none
when the key or a setting is at fault. --json prints one object: ok, stages, diagnosis.

{_ENVIRONMENT}
exit status: 0 everything works, 1 something does not, 2 wrong usage, 130 Ctrl-C, 141 whoever read the output has gone
"""

_DEMO = """\
Starts a sandbox of the API and the real server, connects a real MCP client over stdio and shows what an assistant
sees: success, 401, 403, 429 with its wait and single retry, 500, and a pasted error. Needs no key and no internet,
ignores your OUTBOUNDSYNC_* variables, and takes seconds.

exit status: 0 every outcome was the expected one, 1 one was not, 2 wrong usage, 130 Ctrl-C,
141 whoever read the output has gone
"""


class _Parser(argparse.ArgumentParser):
    """Reports what is wrong in one sentence, without values: any of them may be a secret in the wrong place."""

    def error(self, message: str) -> NoReturn:
        from outboundsync_mcp.diagnosis.redact import redact

        self.exit(2, f"{self.prog}: {redact(message)}. See {self.prog} --help.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line (of the process when none is given); returns the exit status. SystemExit on wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if refusal := _refused_key(arguments):
        sys.stderr.write(refusal)
        return 2
    # A console that cannot show a character shows "?".
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")
    try:
        return _run(_parse(arguments))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last word on a crash: said redacted, by us
        if _is_broken_pipe(error):
            # Whoever read our output has gone; keep the interpreter from complaining when it flushes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        from outboundsync_mcp.cli.logs import report_crash

        report_crash(type(error), error, error.__traceback__)
        return 1


def _is_broken_pipe(error: Exception) -> bool:
    """Whether it is a broken pipe and nothing else; task groups wrap theirs, one group in another."""
    if isinstance(error, ExceptionGroup):
        return cast("ExceptionGroup[Exception]", error).split(BrokenPipeError)[1] is None
    return isinstance(error, BrokenPipeError)


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "doctor":
            from outboundsync_mcp.cli import doctor

            return doctor.run(as_json=options.json)
        case "diagnose":
            from outboundsync_mcp.cli import diagnose

            return diagnose.run(
                options.file,
                status=options.status,
                message=options.message,
                retry_after=options.retry_after,
                as_json=options.json,
            )
        case "sandbox":
            from outboundsync_mcp.cli import sandbox

            return sandbox.run(
                host=options.host,
                port=options.port,
                limit=options.limit,
                ip_limit=options.ip_limit,
                window_seconds=options.window_seconds,
                retry_after=options.retry_after,
            )
        case "demo":
            from outboundsync_mcp.cli import demo

            return demo.run()
        case _:
            from outboundsync_mcp.cli import serve

            return serve.run(options.transport, host=options.host, port=options.port)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """The options. An unknown one is named without its value, which may be a secret."""
    if not arguments or (arguments[0].startswith("--") and arguments[0] not in {"--help", "--version"}):
        arguments = ["serve", *arguments]
    parser = _parser(with_sandbox_keys=arguments[0] == "sandbox")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        flags = [word.split("=", 1)[0] for word in unknown if word.startswith("-")]
        what = f"unknown option {', '.join(flags)}" if flags else "too many arguments"
        parser.error(f"{options.command}: {what}")
    return options


def _parser(*, with_sandbox_keys: bool) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="outboundsync-mcp",
        description="What happened, why, and who fixes it, when the OutboundSync API says no.",
        epilog=_MAIN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"outboundsync-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    serve = command("serve", "serve MCP over stdio (the default) or HTTP", _SERVE)
    serve.add_argument("--transport", choices=("stdio", "http"), default="stdio", help="default: stdio")
    serve.add_argument("--host", help="http only: a loopback address (default 127.0.0.1)")
    serve.add_argument("--port", type=_port, help="http only: 0 picks a free one (default 8000)")

    doctor = command("doctor", "check settings, key, network and API, step by step", _DOCTOR)
    doctor.add_argument("--json", action="store_true", help="print one JSON object")

    diagnose = command("diagnose", "explain a pasted OutboundSync error, offline", _DIAGNOSE)
    diagnose.add_argument("file", nargs="?", metavar="FILE", help="the text to read; - or nothing for stdin")
    diagnose.add_argument("--status", type=_status, metavar="N", help="the HTTP status, when known; wins over the text")
    diagnose.add_argument("--message", help="the error's message, when known; wins over the text")
    diagnose.add_argument("--retry-after", metavar="VALUE", help="the Retry-After header: seconds or an HTTP date")
    diagnose.add_argument("--json", action="store_true", help="print the diagnosis as JSON")

    sandbox = command("sandbox", "serve a sandbox of the OutboundSync API on this machine", "")
    if with_sandbox_keys:
        from outboundsync_mcp.cli import sandbox as sandbox_command

        sandbox.epilog = sandbox_command.help_text()
    sandbox.add_argument("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
    sandbox.add_argument("--port", type=_port, default=8787, help="0 picks a free one (default 8787)")
    sandbox.add_argument("--limit", type=_positive, default=120, metavar="N", help="requests per window (default 120)")
    sandbox.add_argument("--ip-limit", type=_positive, metavar="N", help="the same per IP address (default: --limit)")
    sandbox.add_argument(
        "--window-seconds", type=_positive, default=60, metavar="N", help="length of the fixed window (default 60)"
    )
    sandbox.add_argument(
        "--retry-after", type=_positive, metavar="N", help="seconds that the rate-limited sandbox key has to wait"
    )

    command("demo", "see every outcome as an assistant sees it; no key, no internet", _DEMO)
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("takes a number from 0 to 65535")
    return int(text)


def _status(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) == 3 and 100 <= int(text) <= 599):
        raise argparse.ArgumentTypeError("takes an HTTP status, 100 to 599")
    return int(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 3600):
        raise argparse.ArgumentTypeError("takes a whole number from 1 to 3600")
    return int(text)


def _refused_key(arguments: Sequence[str]) -> str | None:
    """Refuse a key on the command line: it stays in the shell's history and is listed to every user of the machine."""
    if not any(_is_key(word) for word in arguments):
        return None
    return (
        "outboundsync-mcp: a key is never an argument. Set OUTBOUNDSYNC_API_KEY or OUTBOUNDSYNC_API_KEY_FILE instead. "
        "This one is now in your shell's history and could be read in the process list: rotate it in OutboundSync "
        "under Connected Accounts → API keys.\n"
    )


def _is_key(word: str) -> bool:
    from outboundsync_mcp.diagnosis.key_form import vendor_of

    value = word.partition("=")[2] if word.startswith("-") else word
    bare = value.strip().strip("\"'")
    return bare.lower().startswith(("osapi_", "bearer osapi_")) or vendor_of(bare) is not None
