"""`prompts/*.md` become MCP prompts: front matter declares the arguments, `{{name}}` marks where they go.

Nothing is read before the first request for prompts.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Literal, NoReturn

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent
from pydantic import BaseModel, ConfigDict

from outboundsync_mcp.diagnosis.diagnosis import Diagnosis, WhoFixes
from outboundsync_mcp.markdown import LINE_LIMIT, code, fenced, hidden, line, numbered
from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS, algorithm, clients_in, language_named
from outboundsync_mcp.shipped import shipped

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")

Computed = Literal["diagnosis", "reference_client"]
_WHO: Mapping[WhoFixes, str] = {
    "user": "the user of the key",
    "admin": "an administrator in OutboundSync",
    "agent": "the agent or program that sends the requests",
    "outboundsync": "OutboundSync",
    "network": "whoever runs the network or proxy",
    "nobody": "nobody has to",
}


class Argument(BaseModel):
    """One argument, as the front matter declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    """Known values, offered as completions; another value is welcome too."""
    default: str = ""
    """What the prompt says when the argument is absent: a phrase, or a sentence for pasted text."""
    pasted: bool = False
    """Text of any length and content, shown fenced as data; otherwise one line."""


class Template(BaseModel):
    """One file of `prompts/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...] = ()
    computed: tuple[Computed, ...] = ()
    """Placeholders that the server fills in itself."""
    body: str

    @property
    def placeholders(self) -> set[str]:
        """The names that the body mentions in double braces."""
        return set(_PLACEHOLDER.findall(self.body))


@cache
def templates() -> Mapping[str, Template]:
    """Every template by name, sorted."""
    import yaml

    found: dict[str, Template] = {}
    for file in sorted(shipped("prompts").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".md"):
            _, matter, body = file.read_text(encoding="utf-8").split("---\n", 2)
            template = Template(**yaml.safe_load(matter), body=body.strip() + "\n")
            found[template.name] = template
    return found


def list_prompts() -> list[Prompt]:
    """What `prompts/list` answers."""
    return [
        Prompt(
            name=template.name,
            title=template.title,
            description=template.description,
            arguments=[
                PromptArgument(
                    name=argument.name,
                    title=argument.title,
                    description=argument.description,
                    required=argument.required,
                )
                for argument in template.arguments
            ],
        )
        for template in templates().values()
    ]


def get_prompt(name: str, arguments: Mapping[str, str] | None = None, *, now: datetime) -> GetPromptResult:
    """Render a prompt as one user message.

    Raises `MCPError` -32602 for an unknown prompt and for an unknown, missing or unusable argument. `now` is what
    an HTTP date in a pasted error is measured against.
    """
    template = templates().get(name)
    if template is None:
        _refuse(f'There is no prompt "{line(name)}". The prompts are: {", ".join(templates())}.')
    values = _accept(template, arguments or {})
    slots = {argument.name: _slot(argument, values.get(argument.name)) for argument in template.arguments}
    slots |= {computed: _COMPUTED[computed](values, now) for computed in template.computed}
    # One pass: a placeholder inside a pasted text stays what it is.
    text = _PLACEHOLDER.sub(lambda match: slots[match[1]], template.body)
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=template.description, messages=[message])


def complete_prompt(name: str, argument: str, value: str, context: Mapping[str, str] | None = None) -> list[str]:
    """Known values of an argument that begin with `value`, in any case; empty when none are known.

    `context` holds the arguments already chosen: a chosen language narrows the HTTP clients. Raises `MCPError`
    -32602 for an unknown prompt or argument.
    """
    template = templates().get(name)
    if template is None:
        _refuse(f'There is no prompt "{line(name)}". The prompts are: {", ".join(templates())}.')
    declared = {declared.name: declared for declared in template.arguments}
    if argument not in declared:
        _refuse(_unknown_argument(template, argument))
    choices: Iterable[str] = declared[argument].choices
    if argument == "http_client" and (clients := clients_in((context or {}).get("language", ""))):
        choices = [client.http_client for client in clients]
    return matching(choices, value)


def matching(choices: Iterable[str], value: str) -> list[str]:
    """The choices that begin with `value`, in any case."""
    return [choice for choice in choices if choice.casefold().startswith(value.strip().casefold())]


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """A diagnosis as Markdown for people: every field that says something."""
    status = "no HTTP status" if diagnosis.status is None else f"HTTP {diagnosis.status}"
    lines = [
        f"- **Kind:** `{diagnosis.kind}` ({status}: {diagnosis.meaning})",
        f"- **Most likely cause** (confidence: {diagnosis.confidence}): {diagnosis.cause}",
        *(f"- **It can also be:** {cause}" for cause in diagnosis.other_causes),
        f"- **Who fixes it:** {_WHO[diagnosis.who_fixes]}",
        f"- **Worth repeating with nothing changed:** {'yes' if diagnosis.retryable else 'no'}",
    ]
    if diagnosis.retry_after_seconds is not None:
        lines.append(f"- **Wait before the next request:** {diagnosis.retry_after_seconds} seconds")
    if diagnosis.message:
        lines.append(f"- **The server's own words:** {code(diagnosis.message)}")
    lines += [f"- **The vendor's page:** {diagnosis.docs_url}", ""]
    if diagnosis.evidence:  # it quotes what was pasted, so it is fenced as well
        lines += ["It rests on this evidence:", "", fenced("\n".join(diagnosis.evidence)), ""]
    lines += ["What to do, in order:", "", numbered(diagnosis.remediation)]
    return "\n".join(lines)


def _accept(template: Template, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments that were really given, checked. Hosts send "" for a field left empty: that is not given."""
    declared = {argument.name: argument for argument in template.arguments}
    for name in arguments:
        if name not in declared:
            _refuse(_unknown_argument(template, name))
    given = {name: text.strip() for name, value in arguments.items() if (text := value).strip()}
    for argument in template.arguments:
        if argument.required and argument.name not in given:
            known = f" Known values: {', '.join(argument.choices)}." if argument.choices else ""
            _refuse(f'The prompt {template.name} needs "{argument.name}": {argument.description}{known}')
    for name, value in given.items():
        if not declared[name].pasted:
            given[name] = _one_line(name, value)
    _check_pair(given)
    return given


def _one_line(name: str, value: str) -> str:
    if len(value) > LINE_LIMIT:
        _refuse(f'"{name}" is one line of at most {LINE_LIMIT} characters; this one has {len(value):,}.')
    if any(hidden(char) for char in value):
        _refuse(f'"{name}" is one line without line breaks, control or invisible characters.')
    return line(value)


def _check_pair(given: Mapping[str, str]) -> None:
    """A client that belongs to another language is a slip that would give the wrong code."""
    language, client = given.get("language", ""), given.get("http_client", "").casefold()
    own = clients_in(language)
    homes = sorted({known.language for known in REFERENCE_CLIENTS if known.http_client.casefold() == client})
    if own and homes and own[0].language not in homes:
        names = " or ".join(known.http_client for known in own)
        _refuse(
            f'"{given["http_client"]}" is a client for {" and ".join(homes)}. '
            f"For {own[0].language}, choose {names}, or leave http_client out."
        )


def _slot(argument: Argument, value: str | None) -> str:
    if value is None:
        return argument.default
    if argument.pasted:
        return fenced(value)
    return language_named(value) if argument.name == "language" else value


def _diagnosis(values: Mapping[str, str], now: datetime) -> str:
    from outboundsync_mcp.diagnosis.diagnose import diagnose
    from outboundsync_mcp.diagnosis.reader import read

    return diagnosis_markdown(diagnose(read(values["error"], now=now), now=now))


def _reference_client(values: Mapping[str, str], now: datetime) -> str:  # noqa: ARG001
    clients = clients_in(values["language"])
    if not clients:
        head = f"There is no reference client for {values['language']}. This is what the others do, in words."
        return f"{head}\n\n{algorithm()}"
    wanted = values.get("http_client", "")
    client = next((known for known in clients if known.http_client.casefold() == wanted.casefold()), clients[0])
    other = f" Do the same with {wanted}." if wanted and wanted.casefold() != client.http_client.casefold() else ""
    return (
        "This is a complete program, which tests run against every answer in the table. It is "
        f"{client.language} with {client.http_client} ({client.runs_with}).{other}\n\n{client.fenced}"
    )


_COMPUTED: dict[Computed, Callable[[Mapping[str, str], datetime], str]] = {
    "diagnosis": _diagnosis,
    "reference_client": _reference_client,
}


def _unknown_argument(template: Template, name: str) -> str:
    names = ", ".join(argument.name for argument in template.arguments)
    takes = f"takes: {names}" if names else "takes no arguments"
    return f'The prompt {template.name} has no argument "{line(name)}"; it {takes}.'


def _refuse(message: str) -> NoReturn:
    raise MCPError(INVALID_PARAMS, message)
