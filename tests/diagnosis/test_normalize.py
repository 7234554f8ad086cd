"""Transport undone: terminal codes, entities, quoted-printable, percent-encoding, escapes, values that dumpers move."""

import pytest

from outboundsync_mcp.diagnosis.normalize import decode, normalize, unescape, without_codes

CODES = [
    ("plain [m] text\twith a tab\n", "plain [m] text\twith a tab\n"),
    # UTF-16 read as bytes, byte order marks, line breaks of every system
    ("4\x002\x009\x00", "429"),
    ("4\x002\x00\r\x00\n\x009\x00", "42\n9"),
    ("X-Id: 5", "X-Id: 5"),
    ("\ufeffa\ufeff", "a\ufeff"),
    ("\ufffea", "a"),
    ("a\r\nb\rc\n", "a\nb\nc\n"),
    # terminal codes, as bytes and as loggers print them
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b[2Kred", "red"),
    ("\x1b[?25lred", "red"),
    ("\x9b31mred\x9b0m", "red"),
    ("\x9b2Kred", "red"),
    ("\\u001b[2Kred", "red"),
    ("\\U001B[2Kred", "red"),
    ("\\\\\\\\x1b[2Kred", "red"),
    ("\\\\\\\\\\x1b[2Kred", "\\red"),
    ("\\033[2Kred", "red"),
    ("\\e[2Kred", "red"),
    ("^[[2Kred", "red"),
    ("a^[b", "a^[b"),
    ("a\\[2Kb", "a\\[2Kb"),
    ("\x1b]0;a title\x07text", "text"),
    ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1b(Ba\x1b)0b\x1b=c\x1b>d\x1b7e\x1b8", "abcde"),
    ("\x1b[" + "1" * 24 + "mred", "red"),
    # colours whose escape character was lost, and brackets that are none
    ("[31mError[0m", "Error"),
    ("[1;2;3;4;5mError", "Error"),
    ("[1;2;3;4;5;6mError", "[1;2;3;4;5;6mError"),
    ("[1234mError", "[1234mError"),
    ("[mError", "[mError"),
    ("[0] 429", "[0] 429"),
    # overstriking, and what is left of control characters
    ("ab\x08c", "ac"),
    ("\x08b", "b"),
    ("W\x08Wa\x08ait", "Wait"),
    ("\x01\x07\x0b\x0c\x0e\x1f\x7f\x80\x85\x9fa\t\n", "a\t\n"),
]

ENCODED = [
    ("plain = text & more, 100% :sure:, é\n", "plain = text & more, 100% :sure:, é\n"),
    # entities
    ("&quot;a&quot; &lt;b&gt; &amp; &#39;c&#x27; &apos;d &LT;", "\"a\" <b> & 'c' 'd <"),
    ("&#X27;a&#39;", "'a'"),
    ("&amp;lt;p&amp;gt;", "<p>"),
    ("&amp;amp;lt;", "&lt;"),
    ("&copy; &lt;", "© <"),
    ("AT&T &copy; R&D;", "AT&T &copy; R&D;"),
    # quoted-printable, which two marks give away
    ("a=3Db=3Dc", "a=b=c"),
    ("a=3Db", "a=3Db"),
    ("lo=\nng te=\nxt", "long text"),
    ("a=20\nb=20\n", "a \nb \n"),
    ("it=E2=80=99s, don=E2=80=99t", "it’s, don’t"),
    ("a=3Db =E2=80=99", "a=3Db =E2=80=99"),
    ("a=3Db==3D", "a=3Db==3D"),
    ("x=22 y=22", "x=22 y=22"),
    ("x=22 y=22 z=3D1", 'x" y" z=1'),
    ("a=3Db=3Dc=FF", "a=b=c\ufffd"),
    ("é=3Da=3D\ud800", "é=a=?"),
    ("x" * 65_528 + "a=3Db=3Dc", "x" * 65_528 + "a=b=c"),
    ("x" * 65_529 + "a=3Db=3Dc", "x" * 65_529 + "a=3Db=3Dc"),
    # percent-encoding, where it hides quotes or braces
    ("%7B%22a%22%3A1%7D", '{"a":1}'),
    ("%7b%22%C3%A9", '{"é'),
    ("%41%27", "A'"),
    ("a%3A%20b", "a: b"),
    ("a%0Ab", "a\nb"),
    ("%22%ff%22", '""'),
    ("100%25 a%41", "100%25 a%41"),
    # forms
    ("error=invalid&error_description=Token+has+expired", 'error=invalid&error_description="Token has expired"'),
    ("a=1&b=x%20y&c=", 'a=1&b="x y"&c='),
    ("a=1+2&b=x%3Dy", 'a="1 2"&b=x=y'),
    ("a=1&b=%41", "a=1&b=%41"),
    ("a=b+c", "a=b+c"),
    ("https://example.com/?a=b+c&d=e", "https://example.com/?a=b+c&d=e"),
    # emoji of chats
    ("failed :warning: again", "failed  again"),
    ("failed :+1: again", "failed :+1: again"),
    ("failed :x: again", "failed :x: again"),
    ("failed :warning:", "failed "),
    ("status :ok: 5", "status :ok: 5"),
    ("status: :ok: a", "status: :ok: a"),
    (":warning: again", ":warning: again"),
    # digits
    ("４２９：ｏｋ", "429:ok"),
    ("٤٢٩", "429"),
    ("४२९ é", "429 é"),
    ("²", "²"),
]

ESCAPED = [
    ("plain\ntext\n", "plain\ntext\n"),
    # backslashes, of one level and of many
    ('\\"a\\" \\\\\\\\"b \\/ \\` \\\'', '"a" "b / ` \''),
    ("a\\nb", "a\nb"),
    ("a\\\\\\\\nb", "a\nb"),
    ("a\\r\\nb\\rc\\td", "a\nb\nc\td"),
    ("\\u0041\\x42\\u00e9", "ABé"),
    ("\\u0058\\x58", "XX"),
    ("a\\u000ab\\x0dc\\x0a", "a\nb\nc\n"),
    ("a\\u0007b\\x00c\\u001bd", "abcd"),
    ("a\\ud800b\\udfffc\\ud83d\\ude00", "abc"),
    ("\\ud7a3\\ue000", "\ud7a3\ue000"),
    ("\\d\\w C:\\Users \\u00g \\x4", "\\d\\w C:\\Users \\u00g \\x4"),
    # commands over several lines
    ("curl \\\n  -H a", "curl -H a"),
    ("curl `\n -H a", "curl -H a"),
    ("curl ^\n -H a", "curl -H a"),
    ("curl ^\n H a", "curl ^\n H a"),
    ("a\\\nb", "a\\\nb"),
    ('curl -w "%{http_code}\\n" u\\nv', 'curl -w "%{http_code} " u\nv'),
    ("curl --write-out='%{http_code}\\n%{errormsg}\\n' -s", "curl --write-out='%{http_code} %{errormsg} ' -s"),
    ('curl -w "a\\nb"', 'curl -w "a\nb"'),
    ("a %{x}\\nb", "a %{x}\nb"),
    # strings in pieces and in brackets
    ("'abc' +\n  'def'", "'abcdef'"),
    ('"abc" +\n"def"', '"abcdef"'),
    ('"a" + "b"', '"a" + "b"'),
    ("a +\nb", "a +\nb"),
    ('{<<"retry-after">>,<<"37">>}', '{"retry-after","37"}'),
    ("a >> b << c", "a >> b << c"),
    # PHP
    ("[Retry-After] => Array\n        (\n            [0] => 37\n        )\n", "[Retry-After] => 37\n"),
    ("'retry-after' => array (\n  0 => '37'\n)", "'retry-after' => '37'"),
    ("[Retry-After] => Array\n(\n[0] => 37\n[1] => 38\n)\n", "[Retry-After] => Array\n(\n[0] => 37\n[1] => 38\n)\n"),
    ('["retry-after"]=>\n  string(2) "37"', '["retry-after"] => "37"'),
    ("a => b", "a => b"),
    # Foundation, Node, Elixir
    ('"Retry-After" =     (\n        37\n    );', '"Retry-After" = 37;'),
    ("f(\n  37\n)", "f(\n  37\n)"),
    ("'retry-after': [\n  '37'\n]", "'retry-after': ['37']"),
    ('"retry-after": [\n  "37",\n]', '"retry-after": ["37"]'),
    ("'retry-after': [\n  '37',\n '38'\n]", "'retry-after': [\n  '37',\n '38'\n]"),
    ("'Retry-After',\n  '37'", "'Retry-After', '37'"),
    ("'Retry-After',\n37", "'Retry-After',\n37"),
    # YAML
    ("headers:\n  retry-after:\n  - '37'\n", "headers:\n  retry-after: '37'\n"),
    ("retry-after:\n- 37", "retry-after: 37"),
    ("retry-after:\n  - '37'\n  - '38'\n", "retry-after:\n  - '37'\n  - '38'\n"),
    ("steps:\n  - run:\n", "steps:\n  - run:\n"),
    # browsers' tools: the value below its name
    ("General\nStatus Code:\n429 Too Many Requests\n", "General\nStatus Code: 429 Too Many Requests\n"),
    ("x\nstatus\n429\n", "x\nstatus: 429\n"),
    ("x\nstatus\nok\n", "x\nstatus\nok\n"),
    ("x\nstatus\n700\n", "x\nstatus\n700\n"),
    ("x\nRetry-After\n37\ny", "x\nRetry-After: 37\ny"),
    ("x\nretry-after:\n37\ny", "x\nretry-after: 37\ny"),
    ("x\nretry-after:\nsoon\n", "x\nretry-after:\nsoon\n"),
    ("x\ndate:\nSun, 22 Nov 2026\nstatus", "x\ndate: Sun, 22 Nov 2026\nstatus"),
    ("x\ndate:\nSun, 22 Nov 2026\ny", "x\ndate:\nSun, 22 Nov 2026\ny"),
    # what a program prints below the line of code that prints it
    (
        "print(r.status_code, r.headers['retry-after'])\n429 37\n",
        "print(r.status_code, r.headers['retry-after'])\n\nstatus: 429\nretry-after: 37\n\n",
    ),
    (
        "print(r.status_code, r.headers['retry-after'])\n200 None\n503 60\n429 37 slow down\n",
        "print(r.status_code, r.headers['retry-after'])\n200 None\n503 60\nstatus: 429\nretry-after: 37\n slow down\n",
    ),
    (
        "console.log(res.status, res.headers.get('retry-after'))\nnode a.js\n200 null",
        "console.log(res.status, res.headers.get('retry-after'))\nnode a.js\n\nstatus: 200\nretry-after: null\n\n",
    ),
    ("print(r.status_code, r.text)\n429 37\n", "print(r.status_code, r.text)\n429 37\n"),
    (
        "print(r.status_code, r.headers['retry-after'])\n429 37 X\n\nX",
        "print(r.status_code, r.headers['retry-after'])\n\nstatus: 429\nretry-after: 37\n X\n\nX",
    ),
    (
        "print(r.status_code, r.headers['retry-after'])\n429 37 200 15 ",
        "print(r.status_code, r.headers['retry-after'])\n\nstatus: 429\nretry-after: 37\n 200 15 \n",
    ),
    ("r.status_code, r.headers.get('x')\n(429, '37')", "r.status_code, r.headers.get('x')\nstatus_code: 429, '37')"),
    ("(status_code, x)\n(999, '37')", "(status_code, x)\n(999, '37')"),
    # interpreters: the answer below the question
    ("r.status_code\n429", "r.status_code: 429"),
    ("retry-after\n37", "retry-after: 37"),
    ("res.status\n=> 429\n", "res.status: 429\n"),
    ("r.headers['retry-after']\nOut[3]: '37'\n", "r.headers['retry-after']: '37'\n"),
    ("r.headers.get('Retry-After')\n37", "r.headers.get('Retry-After'): 37"),
    ("r.status_code\nr.text\n429\n", "r.status_code\nr.text\n429\n"),
    ("r.status_code\n429 Too Many\n", "r.status_code\n429 Too Many\n"),
    ("r.status_code" + "x" * 20 + "\n429", "r.status_code" + "x" * 20 + "\n429"),
]


@pytest.mark.parametrize(("text", "plain"), CODES)
def test_terminal_codes_and_control_characters_go(text: str, plain: str) -> None:
    assert without_codes(text) == plain


@pytest.mark.parametrize(("text", "plain"), ENCODED)
def test_encodings_are_undone(text: str, plain: str) -> None:
    assert decode(text) == plain


@pytest.mark.parametrize(("text", "plain"), ESCAPED)
def test_escapes_are_undone_and_values_put_beside_their_names(text: str, plain: str) -> None:
    assert unescape(text) == plain


def test_the_whole_is_codes_first_then_encodings() -> None:
    assert normalize("\ufeff\x1b[31m&lt;p&gt;\x1b[0m\r\n４２９") == "<p>\n429"
    assert normalize("&\x1b[0mlt;") == "<"
    assert normalize("a\\nb") == "a\\nb"
