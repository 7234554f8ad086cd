"""Undo what terminals, mail programs, loggers and serialisers do to a text: the first layer of the reader.

Every step is one linear pass, and runs only when a cheap look says that it has something to undo.
"""

import html
import quopri
import re
import unicodedata
from functools import partial
from urllib.parse import unquote, unquote_plus

# ECMA-48 control sequences, OSC strings (window titles, hyperlinks), and both as loggers print them: ^[[31m, \x1b[31m.
_ANSI = re.compile(
    r"(?:\x1b|\\{1,4}(?:u001b|x1b|033|e)|\^\[)(?:\[[0-9;:?<=>]{0,24}[ -/]{0,2}[@-~]"
    r"|\][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\)?)"
    r"|\x9b[0-9;]{0,16}[A-Za-z]|\x1b[()][AB0-2]|\x1b[=>78]",
    re.IGNORECASE,
)
# Colours whose escape character was lost on the way: "[31mError[0m".
_LOST_ANSI = re.compile(r"\[(?:\d{1,3};){0,4}\d{1,3}m")
_ESCAPED_ANSI = re.compile(r"\\(?:u001b|x1b|033|e)[\[\]]", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_BACKSPACED = re.compile(r".\x08")

# A run of backslashes in front of a quote, slash or escape letter: one level of JSON escaping or many.
_ESCAPE = re.compile(
    r"""(?<!\\)\\+(?:(?P<plain>["'/`])|(?P<letter>[nrt])|u(?P<four>[0-9A-Fa-f]{4})|x(?P<two>[0-9A-Fa-f]{2}))"""
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}
_ENTITY = re.compile(r"&(?:quot|apos|lt|gt|amp|#x?[0-9a-f]{1,5});", re.IGNORECASE)
_PERCENT = re.compile(r"%(?:22|7B|3A%20|0A|27)", re.IGNORECASE)
_PERCENT_CHAR = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_EMOJI = re.compile(r"(?<=[^\s:,{] ):[a-z][a-z0-9_+-]{1,30}:(?=\s(?!\d)|$)")  # of chats; a name has its value behind it
_FORM = re.compile(r"(?<![\w%+.?&/-])[\w.-]{1,60}=[^\s&=\"'<>]{0,2000}(?:&[\w.-]{1,60}=[^\s&=\"'<>]{0,2000})+")
_QUOTED_PRINTABLE = re.compile(r"=(?<![=\s]=)(?:\n|3D|20\n|22|E2=80)")
_WRITE_OUT = re.compile(r"(?:-w|--write-out)[ =](?P<quote>[\"'])[^\"'\n]{0,200}(?P=quote)")  # curl's
# Where a shell, PowerShell or cmd continues a command before a flag or the URL.
_CONTINUED = re.compile(r"[ \t]*(?:\\|`|\^)\n(?:More\?)?[ \t]*(?=-|[\"']?https?://)")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width forms of ASCII
_HYPHEN = re.compile(r"(?i)(?<=retry)[\u2010\u2011](?=after)")  # a word processor's

# Values that dumpers put on lines of their own: PHP's print_r and var_dump, Node's and Python's lists.
_PHP_ARRAY = re.compile(
    r"=>\s{1,8}[Aa]rray\s{0,60}\(\s{0,60}(?:\[?0\]?\s{0,3}=>)?\s{0,3}(?P<value>[^\n()]{1,300})\n?\s{0,60}\)"
    r"|=> array:1 \[\n\s{0,60}0 => (?P<dumped>[^\n]{1,300})\n\s{0,60}\]"  # Symfony's dump
)
_NS_ARRAY = re.compile(r"=\s{1,20}\(\s{1,80}(?P<value>[^\n()]{1,300})\n\s{0,80}\)")  # Foundation's dictionaries
_PHP_DUMP = re.compile(r"\]=>\s{1,40}(?:string\(\d+\)|int\()\s{0,2}")
_YAML_ITEM = re.compile(  # a list of one
    r"(?m)^(?P<name>(?P<indent>[ \t]{0,40})[A-Za-z][\w-]{1,40}:)\n(?P=indent)(?P<more>[ \t]{0,8}- )"
    r"(?P<value>[^\n]{0,299}[^\n:])$(?!\n(?P=indent)(?P=more))"
)
# What an interpreter shows below what was typed: "r.status_code", "r.headers['retry-after']".
_ANSWER = re.compile(r"(?m)\n(?:=> |\[1\] |Out\[\d{1,4}\]: )?(?=[\"']?\d{1,10}[\"']?$)")
_ASKED = re.compile(r"(?i)(?:status_?code|\.status|retry-after)[\"']?[\])]{0,2}$")
_ANSWERED_PAIR = re.compile(r"(?m)(status_?code, [^\n]{0,120})\n(?:Out\[\d{1,4}\]:\s{0,2})?\((?=[1-5]\d\d,\s)")
# PowerShell shows the property Headers.RetryAfter as a table, or as a list.
_RETRY_DELTA = re.compile(
    r"(?:(?:RetryAfter\s{1,20})?\bDate[ \t]{1,40}Delta\s{1,20}-{2,40}[ \t]{1,40}-{2,40}\s{1,40}"
    r"|\bDate[ \t]{0,8}:[ \t]{0,8}\nDelta[ \t]{0,8}: )"
    r"(?P<delta>\d\d:\d\d:\d\d)(?!\S)"
)
# Jersey's and Karate's logs of a request number its lines.
_NUMBERED = re.compile(r"(?m)^\d{1,4} (?=[<>] (?:[A-Z]{3,7} |[\w-]{1,60}: |[1-5]\d\d$))")
_TRACED = re.compile(r"(?m)^[0-9a-f]{4}: ")  # curl --trace-ascii
_HTTP_OUTGOING = re.compile(
    r"(?m)^(?:[\d:.,T-]{8,29} ){0,2}\[[\w-]{1,40}\] [A-Z]{4,5} [\w.]{1,80}\.headers - http-outgoing-\d{1,6} (?=>>|<<)"
)  # Apache's HttpClient
_FULL_STOP = re.compile(r"(?m)\.$")
_RSYSLOG_LINE = re.compile(r"(?:#015)?#012(?!\d)")  # a line break
_YAML_CREDENTIALS = re.compile(  # Prometheus's settings
    r"(?m)^([ \t]{0,40}authorization:)\n[ \t]{1,40}type: (\w{1,20})\n[ \t]{1,40}credentials(?:_file)?: "
)
_NIFI_VALUE = re.compile(r"(?m)^Key: '(?P<name>[\w.-]{1,80})'\n\s{1,8}Value: '(?P<value>[^'\n]{0,2000})'$")
_OTEL_VALUE = re.compile(r"(?m)(?P<name>-> [\w.]{1,80}: )(?:Str|Int|Bool|Double)\((?P<value>[^\n]{0,2000})\)$")
# Browsers' tools show a name above its value.
_BELOW = re.compile(
    r"(?i)(\n(?:status(?: code)?(?=:?\n[1-5]\d\d\b)|authorization(?=:?\n(?:bearer|basic|token|osapi_))"
    r"|(?:retry-after|date)(?=:?\n(?:\d{1,6}\n|[a-z]{3,9}, \d))))"
    r":?\n"
)
# What a program prints of a response, below the line of code that says in which order.
_PRINTED = re.compile(
    r"(?P<code>[sS]tatus(?:_?[cC]ode)?\b[^\n,]{0,60},[^\n,]{0,60}[rR]etry-[aA]fter[^\n]{0,200}\n"
    r"(?:[^\n]{0,200}\n){0,8}?)(?P<rows>"
    r"(?:[1-5]\d\d[ \t]{1,4}(?:\d{1,5}|null|None|nil|undefined)(?=[\s,]|\Z)[^\n]{0,2000}(?:\n|\Z)){1,40})"
)
_PRINTED_ROW = re.compile(r"([1-5]\d\d)[ \t]{1,4}(\d{1,5}|null|None|nil|undefined)(?=[\s,]|\Z)")
_LISTED = re.compile(r"""\[\s{1,60}(?P<value>["'][^"'\n]{1,300}["']),?\s{1,60}\]""")
_CONCATENATED = re.compile(r"""['"] \+\n\s{0,80}['"]""")  # JavaScript shows a long string in pieces
_NAME_THEN_VALUE = re.compile(r"""(?P<name>["'][A-Za-z-]{3,40}["'],)\s{0,2}\n\s{1,60}(?=["'])""")


def normalize(text: str) -> str:
    """Text with its transport undone: one kind of line break, no terminal codes, no entities, plain digits."""
    return decode(without_codes(text))


def without_codes(text: str) -> str:
    """Text with one kind of line break, without terminal codes and control characters."""
    if "\x00" in text:  # UTF-16 read as bytes, as PowerShell's redirection leaves it
        text = text.replace("\x00", "")
    text = _with_line_feeds(text).lstrip("\ufeff\ufffe")
    if "\x1b" in text or "\x9b" in text or "^[" in text or ("\\" in text and _ESCAPED_ANSI.search(text)):
        text = _ANSI.sub("", text)
    if "m" in text and "[" in text:
        text = _LOST_ANSI.sub("", text)
    if "\x08" in text:
        text = _BACKSPACED.sub("", text)
    if text.replace("\n", " ").replace("\t", " ").isprintable():  # a quick look
        return text
    return _CONTROL.sub("", text)


def decode(text: str) -> str:
    """Text with entities, quoted-printable and percent-encoding undone, and plain digits."""
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
        if _ENTITY.search(text):  # a page that shows a page
            text = html.unescape(text)
    if "=" in text:
        marks = _QUOTED_PRINTABLE.findall(text[:65536])
        is_encoded = len(marks) >= 2 and {*marks} != {"=22"} and sorted(marks) != ["=\n", "=22"]
        if is_encoded:  # 22 is also a number, and a value can be left out
            text = _from_quoted_printable(text)
    if "#012" in text:
        text = _RSYSLOG_LINE.sub("\n", text)
    if "%" in text and _PERCENT.search(text):
        text = _PERCENT_CHAR.sub(lambda match: unquote(match[0], errors="ignore"), text)
    if "&" in text and ("+" in text or "%20" in text):
        text = _FORM.sub(_from_form, text)
    if " :" in text:
        text = _EMOJI.sub("", text)
    if not text.isascii():
        text = _plain_digits(text)
    return _with_line_feeds(text)  # an entity or an escape can bring a carriage return back


def unescape(text: str) -> str:
    """Text with backslash escapes undone, however many levels deep, and dumped values put beside their names."""
    if "+\n" in text:
        text = _CONCATENATED.sub("", text)
    if '<<"' in text and '">>' in text:
        text = text.replace('<<"', '"').replace('">>', '"')  # Erlang's strings
    if "\\n" in text and "%{" in text:
        text = _WRITE_OUT.sub(lambda match: match[0].replace("\\n", " "), text)
    if '^"' in text:
        text = text.replace('^\\^"', "'").replace('^"', '"')  # cmd's quotes
    if "\\\n" in text or "`\n" in text or "^\n" in text:
        text = _CONTINUED.sub(" ", text)
    if "HTTP/1.1.\n" in text:  # ngrep shows a carriage return as a full stop
        text = _FULL_STOP.sub("", text)
    if "headers - http-outgoing-" in text:
        text = _HTTP_OUTGOING.sub("", text)
    if "=> Send header" in text:
        text = _TRACED.sub("", text)
    if "\\" in text:
        text = text.replace("\\r\\n\n", "\n")  # tshark's
        text = _with_line_feeds(_ESCAPE.sub(_unescape, text))
    if "=>" in text:
        text = _PHP_ARRAY.sub(lambda match: "=> " + (match["value"] or match["dumped"]).strip(), text)
        text = _PHP_DUMP.sub("] => ", text)
    if "(\n" in text:
        text = _NS_ARRAY.sub(lambda match: "= " + match["value"].strip(), text)
    if "[\n" in text:
        text = _LISTED.sub(lambda match: "[" + match["value"] + "]", text)
    if "\n" in text and ("tatus" in text or "etry-" in text):
        text = _BELOW.sub(lambda name: name[1] + ": ", text)
        if "etry-" in text:
            text = _PRINTED.sub(_with_names, text)
        if "\n(" in text:
            text = _ANSWERED_PAIR.sub(r"\1\nstatus_code: ", text)
        asked = partial(_ASKED.search, text)
        text = _ANSWER.sub(lambda at: ": " if asked(max(0, at.start() - 20), at.start()) else at[0], text)
    if "Delta" in text and "RetryAfter" in text:
        text = _RETRY_DELTA.sub(lambda match: f"RetryAfter: {_seconds(match['delta'])}", text)
    if "-> " in text and "(" in text:
        text = _OTEL_VALUE.sub(r"\g<name>\g<value>", text)
    if "(retry-after," in text:
        text = text.replace("(retry-after,", "(retry-after: ")  # PostgreSQL's rows
    if "authorization:\n" in text:
        text = _YAML_CREDENTIALS.sub(r"\1 \2 ", text)
    if "Key: '" in text:
        text = _NIFI_VALUE.sub(r"\g<name>: \g<value>", text)
    if "1 > " in text:
        text = _NUMBERED.sub("", text)
    if ":\n" in text and "- " in text:
        text = _YAML_ITEM.sub(r"\g<name> \g<value>", text)
    if ",\n" in text:
        text = _NAME_THEN_VALUE.sub(lambda match: match["name"] + " ", text)
    return text


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unescape(match: re.Match[str]) -> str:
    if match["plain"]:
        return match["plain"]
    if match["letter"]:
        return _LETTERS[match["letter"]]
    code = int(match["four"] or match["two"], 16)
    char = chr(code)
    if char in "\n\r":
        return "\n"
    return "" if 0xD800 <= code <= 0xDFFF or unicodedata.category(char) == "Cc" else char


def _seconds(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _with_names(match: re.Match[str]) -> str:
    """What was printed of responses; of the last, each value with its name."""
    *earlier, last = match["rows"].rstrip("\n").split("\n")
    return "\n".join(
        [match["code"] + "\n".join(earlier), _PRINTED_ROW.sub(r"status: \1\nretry-after: \2\n", last, count=1), ""]
    )


def _from_form(match: re.Match[str]) -> str:
    """Form-encoded fields, those of several words in quotes."""
    fields = [(name, unquote_plus(value)) for name, _, value in (pair.partition("=") for pair in match[0].split("&"))]
    return "&".join(f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in fields)


def _from_quoted_printable(text: str) -> str:
    try:
        return quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    except ValueError:
        return text


def _plain_digits(text: str) -> str:
    """Full-width forms and the digits of other scripts as ASCII, and the hyphen of Retry-After."""
    text = _HYPHEN.sub("-", text.translate(_WIDE))
    others = {char for char in set(text) if not char.isascii() and char.isdecimal()}
    return text.translate({ord(char): str(unicodedata.decimal(char)) for char in others}) if others else text
