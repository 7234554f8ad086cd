"""Any prompt with any arguments: a text in which they stay data, or -32602."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, TextContent

from outboundsync_mcp.prompts import get_prompt, templates

repeatable = settings(deadline=None, derandomize=True, max_examples=80)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SECRET = "Zq7Kp2Vx9Lm4Rt6W"
KEY = f"osapi_{SECRET}"
PASTED = {
    template.name: argument.name
    for template in templates().values()
    for argument in template.arguments
    if argument.pasted
}
"""The prompts with an argument that takes any text, and its name."""
MARKUP = [
    "`",
    "```",
    "~~~",
    "\n",
    "\r",
    "\n# Owned",
    "<b>Owned",
    "<!--",
    "> ",
    "    ",
    "[Owned](http://x)",
    "\\",
    "|",
    "- ",
]
HTTP = [
    "HTTP/1.1 401",
    "429",
    "Retry-After: 9",
    '{"message": "',
    '"}',
    "Invalid API key",
    "curl: (6) Could not resolve host",
]
PLACEHOLDERS = [f"{{{{{name}}}}}" for template in templates().values() for name in template.placeholders]

words = st.lists(st.sampled_from([*MARKUP, *HTTP, *PLACEHOLDERS]) | st.text(max_size=8), max_size=12).map("".join)
names = st.sampled_from([argument.name for template in templates().values() for argument in template.arguments])


def render(name: str, arguments: dict[str, str]) -> str:
    [message] = get_prompt(name, arguments, now=NOW).messages
    assert isinstance(message.content, TextContent)
    return message.content.text


def blocks(text: str) -> list[Token]:
    return MarkdownIt("commonmark").parse(text)


def headings(tokens: list[Token]) -> list[str]:
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def around(text: str, by: str) -> str:
    """The text with `by` in its middle, on a line of its own."""
    middle = len(text) // 2
    return f"{text[:middle]}\n{by}\n{text[middle:]}"


@repeatable
@given(
    st.sampled_from([*templates(), "no_such_prompt"]), st.dictionaries(names | st.text(max_size=4), st.text() | words)
)
@example("add_retry_handling", {"language": "\ud800"})
@example("rotate_api_key", {"where_used": "{{where_used}}"})
def test_any_arguments_give_a_prompt_or_an_invalid_params_error(name: str, arguments: dict[str, str]) -> None:
    refused = None
    try:
        text = render(name, arguments)
    except MCPError as error:
        refused = error
    else:
        assert text.startswith(f"# {templates()[name].title}\n")
        assert text.encode()
    if refused is not None:
        assert refused.code == INVALID_PARAMS
        assert refused.message.isprintable()
        assert len(refused.message) < 600


@repeatable
@given(st.sampled_from(sorted(PASTED)), words.filter(str.strip), words)
@example("troubleshoot_error", "```\n~~~\n# Owned\n````", "")
@example("troubleshoot_error", '{"statusCode": 403, "message": "`` # Owned <b> [x](http://x)"}', "")
def test_pasted_text_never_leaves_its_fence(name: str, pasted: str, more: str) -> None:
    text = render(name, {PASTED[name]: f"{pasted}\n# Owned\n<b>\n{more}"})
    tokens = blocks(text)
    assert headings(tokens) == headings(blocks(render(name, {PASTED[name]: "no status"})))
    assert "# Owned" in next(token.content for token in tokens if token.type == "fence")
    # What the diagnosis quotes outside a fence stands in a code span.
    inline = [part for token in tokens for part in (token, *(token.children or []))]
    assert not [part for part in inline if part.type in {"html_block", "html_inline", "image"}]
    assert not [part for part in inline if part.attrs.get("href") == "http://x"]


@repeatable
@given(st.sampled_from(sorted(PASTED)), words, st.sampled_from(PLACEHOLDERS))
def test_a_placeholder_in_an_argument_is_not_filled_in(name: str, pasted: str, placeholder: str) -> None:
    text = render(name, {PASTED[name]: around(pasted, placeholder)})
    assert placeholder in next(token.content for token in blocks(text) if token.type == "fence")


@repeatable
@given(
    words,
    words,
    st.sampled_from(["{}", "Authorization: Bearer {}", "OUTBOUNDSYNC_API_KEY={}", '"token": "{}"', "'{}'"]),
)
def test_no_key_in_an_argument_comes_out(before: str, after: str, place: str) -> None:
    held = place.format(KEY)
    for name, argument in PASTED.items():
        assert SECRET[:6] not in render(name, {argument: f"{before}\n{held}\n{after}"})
    for name, arguments in (
        ("add_retry_handling", {"language": "Go", "http_client": f"x {held}"}),
        ("request_api_access", {"admin_name": held, "connection": held}),
    ):
        assert SECRET[:6] not in render(name, arguments)
