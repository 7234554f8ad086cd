"""What a pasted command or request header shows of the key that was sent. No character of a key leaves this file."""

import re
from dataclasses import dataclass

from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.diagnosis.key_form import check_key
from outboundsync_mcp.diagnosis.patterns import Hinted, needles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySign:
    """A fault, or a key of the documented form that was sent (`sent`), or a header that tells nothing."""

    fault: KeyFault | None = None
    detail: str | None = None
    vendor: str | None = None
    sent: bool | None = None
    rank: int = 1


_AUTHORIZATION = re.compile(
    r"""(?i)(?<![\w-])(?P<proxy>proxy-)?authorization(?P<quote>["'`]?)\]?\s{0,3}(?P<sep>=>|->|==?|:|,"""
    r"""|\|(?=\s?Bearer))\s{0,3}(?:\[|\(|[bufr](?=["'])){0,2}(?P<mark>["'`]?)(?P<value>[^\n]{0,2000})"""
)
_MASK = re.compile(
    r"(?i)[*•●·xX…]{3,}|\.{3}|…|\[[^\]]{0,40}\]|<[^>]{0,40}>?|\*|redact|filtered|hidden|secure|mask|removed"
    r"|sensitive|omitted|private|\bcensored|scrubbed"
)
_TEMPLATE = re.compile(
    r"""^(?:["'`]\s?[+.&]|\+|\$\{(?:process|env|import|[a-z])|#\{|\{[\w.\[\]"']{1,60}\}|%s|%v|\{\}|\$\(|\{\{"""
    r"""|\$\w+->|\$_|\$env:|<%=|f["']|\$[a-z])"""
)
# A header of another name, or the query. `api_key="osapi_…"` in code says only where the program has it from.
_OTHER_HEADER = re.compile(
    r"""(?i)(?:(?<![\w-])(?:x-[\w-]{2,30}|api-key|auth-token|access-token)["'`]?\s{0,3}[:=]{1,2}"""
    r"""|-H\s?["']?[\w-]{2,30}:|[?&][\w-]{2,30}=)\s{0,3}["'`]?(?:bearer\s)?osapi_"""
)
_BEARER_AUTH = re.compile(r"(?i)(?:-A|--auth-type)[ =]{0,2}bearer\b")  # HTTPie: then --auth takes the key
_AS_LOGIN = re.compile(r"""(?:^|\s)(?:-u|--user|-a|--auth)[ =]{1,2}["']?osapi_""")
_VARIABLE = r"outbound_?sync_(?:api_)?(?:key|token)"
_NOT_SET = Hinted(
    (
        *(
            "sync_",
            "credentials",
            "illegal header value",
            "authorization header",
            "without ",
            "n't ",
            "not ",
            "forgot",
            "never ",
        ),
        *("sans ", "ohne ", "sin ", "sem ", "senza ", "zonder ", "bez ", "utan ", "uden ", "uten ", "tanpa ", "без "),
        *("fără ", "nélkül ", "no auth", "no api key"),
    ),
    re.compile(
        rf"""keyerror: ['"]{_VARIABLE}|{_VARIABLE}['"`]?\)?(?: environment variable| env var"""
        r"| variable| secret)?(?: for mcp server \S{1,40})?(?: is| was|:)? (?:not set|unset|missing|not defined"
        r"|undefined|empty|required"
        r"|not found|unbound variable|parameter not set|must be set|nicht gesetzt|no está definid)"
        rf"|api_key client option must be set|missing environment variables:? ['\"`]?{_VARIABLE}"
        r"|(?:missing|no|undefined|set|without|unset|empty)(?: the| your| required| environment| env| variable"
        rf"""| value for){{0,4}}:? ['"`]?{_VARIABLE}|could not resolve placeholder ['"]{_VARIABLE}"""
        rf"""|^(?:\d\S{{9,35}})?\W{{0,8}}(?:export |set |env )?{_VARIABLE}['"`]?\s?[:=]\s?(?:""|'')?\s*$"""
        r"|does not have any credentials set|no credentials (?:were |are )?(?:provided|set|configured|selected)"
        r"""|illegal header value b?['"]bearer ?['"]|no authorization header|missing authorization header"""
        r"|authorization header:? (?:is |was )?(?:missing|not sent|absent|not present)|without (?:an? |any |my |our "
        r"|the )?(?:api )?(?:key|authorization header)|(?:don't|do not|doesn't|does not|didn't|did not|not) "
        r"(?:have|send|sending|sent|include|including|pass|passing) (?:an? |any |my |our |the )?"
        r"(?:authorization|auth|bearer|api key)\b"
        r"|\b(?:sans|ohne|sin|sem|senza|zonder|bez|utan|uden|uten|tanpa|без|fără|nélkül) (?:[^\W\d_][\w-]{0,15} ){0,2}"
        r"(?:authorization|bearer|api[- ](?:key|schlüssel|sleutel|nyckel)|clé|clave|chave|chiave|klucza)"
        r"|never (?:added|set) (?:an? |any |the )?authorization\b"
        r"|forgot (?:to (?:send|add|set|include) )?(?:the |an "
        r"|my )?(?:api key|authorization|header)|\bno auth\b(?! error)|no api key (?:was )?(?:provided|sent"
        r"|configured|set)"
    ),
)
# The same in other languages.
_NOT_SET_ABROAD = Hinted(
    needles_of(
        """
        sync_ | kein | clé | ninguna | falta | nenhuma | chave | nessuna | geen | brak | ingen | fehlt |
        manquant | ausente | mancante | ontbreekt | saknas | mangler | нет | отсутств | ключ | ヘッダ | 헤더 | 头 |
        キー | 키 | 没有 | 缺 | 未
        """
    ),
    re.compile(
        rf"{_VARIABLE}['\"`]?\)? ?(?:(?:ist |wurde )?nicht (?:gesetzt|definiert|gefunden)|fehlt(?! nicht)"
        r"|(?:n'est |est )?(?:pas définie?|non définie?|manquante?|absente?)|no está (?:definid|configurad)|falta\b"
        r"|não (?:está )?(?:definid|configurad)|ausente|non (?:è )?(?:impostat|definit|configurat)|mancante|manca\b"
        r"|(?:is )?niet (?:gezet|ingesteld)|ontbreekt|nie (?:jest )?ustawion|saknas|mangler|puuttuu|ayarlanmamış"
        r"|tanımlı değil|eksik|не (?:задан|установлен|найден|указан)|отсутствует"
        r"|が(?:設定されていません|未設定|ありません)|未(?:设置|設定|配置)|没有设置|缺失"
        r"|(?:가|이)? ?(?:없|설정되지 않|누락(?:됐|되었|됨)))"
        r"|\bkeine?n? api[- ]?(?:key|schlüssel) (?:konfiguriert|gesetzt|angegeben|hinterlegt|gefunden|vorhanden)"
        r"|\baucune clé (?:d')?api (?:n'est |n'a été )?(?:configurée|fournie|définie|trouvée|envoyée)"
        r"|\bclé (?:d')?api (?:non (?:définie|configurée|fournie)|manquante|absente)"
        r"|\bninguna (?:clave (?:de )?api|api key)\b"
        r"|(?<!\bno )\bfalta (?:la |el )?(?:clave (?:de )?api|api key"
        r"|(?:header|cabecera|encabezado) (?:de )?authorization)"
        r"|\bnenhuma (?:chave (?:de )?api|api key)\b"
        r"|\bchave (?:de )?api (?:ausente|não (?:configurada|definida|enviada|informada))"
        r"|\bnessuna (?:chiave (?:di )?api|api key)\b|\bgeen api[- ]?(?:key|sleutel)\b"
        r"|\bbrak (?:klucza api|nagłówka authorization)|\bingen api[- ]?(?:nyckel|nøgle|nøkkel|key)\b"
        r"|\bauthorization(?:[- ]?header)? (?:fehlt(?! nicht)|manquant|ausente|mancante|ontbreekt|saknas|mangler)"
        r"|\b(?:нет|отсутствует) (?:заголов(?:ка|ок) authorization|api[- ]ключа?|ключа? api)(?!\w)"
        r"|\bapi[- ]ключ не (?:задан|указан|найден)"
        r"|authorization ?ヘッダー?[がは]?(?:な[いし]|無[いし]|ありません|未設定|[付つ]いていな|[付つ]いていません)"
        r"|api ?キー[がは](?:設定されていな|設定されていません|未設定|ありません|見つかりません)"
        r"|authorization ?헤더(?:가|는)? ?(?:없|누락(?:됐|되었|됨)|빠[져졌])"
        r"|api ?키(?:가|는)? ?(?:없|설정되지 않|누락(?:됐|되었|됨))"
        r"|authorization ?(?:请求)?头(?:缺失|不存在|(?:未|没有)(?:设置|携带|发送))"
        r"|api ?(?:key|密钥)(?:缺失|(?:未|没有)(?:设置|配置|提供|携带))"
        r"|(?:没有|缺少|未)(?:配置|设置|提供|携带|带)? ?(?:authorization|api ?(?:key|密钥))(?! ?的)"
    ),
)
_ILLEGAL_HINTS = ("illegal", "invalid", "codec", "bytestring", "must not", "malformed", "header value")
_ILLEGAL = (
    (
        re.compile(
            r"(?i)(?:'ascii'|'latin-1') codec can't encode character"
            r"|cannot convert argument to a bytestring|unicodeencodeerror.{0,80}(?:latin-1|ascii)"
        ),
        KeyFault.INVISIBLE,
        "The client refused the header: the key has a character that no header can carry",
    ),
    (
        re.compile(
            r"(?i)illegal header value b?['\"]|invalid header value|invalid character in header content"
            r"|invalid header field value\b|err_invalid_char|invalid leading whitespace|header value contains"
            r"|illegal character in header|invalid header (?:name or )?value|header value must not contain"
            r"|malformed header value|new-?line characters are not allowed in header"
        ),
        KeyFault.WHITESPACE,
        "The client refused the Authorization header: the key has a line break, a space or a control character",
    ),
)
_REQUEST_HEADER = re.compile(r"(?i)(?:^|\.)(?:request[. _]?|config\.)headers\.")
_HEADERS = re.compile(r"(?i)^headers\.")
_REQUEST_AND_DOCUMENT = re.compile(r"\b(?:GET|POST|HEAD) https?://\S{1,300} ?\n")
"""A request line, and behind it a document whose own names are the headers."""
_REQUEST_HEADERS = re.compile(  # of a whole request, shown in brackets
    r"(?i)(?:request[_ ]?headers[\"']?\s{0,12}[=:]\s{0,3}"
    r"|\b(?:GET|POST|HEAD) https?://\S{1,300} (?:\[Object: null prototype\] )?(?=\{ ?['\"A-Z]))"
    r"[\[{(]([^\[\]{}\n]{1,1200})[\]})]"
)
_NO_HEADERS = re.compile(  # a local of a traceback, in its box or in pytest's column
    r"│\s{0,40}(?:request_)?headers\s{0,12}= \{\}\s{0,200}│|^(?:request_)?headers\s{2,12}= \{\}\s*$", re.MULTILINE
)
_ORDINARY_HEADER = re.compile(r"(?i)\b(?:accept|user-agent)\b")
_HIDES = re.compile(r"(?i)auth|key|token|\.\.\.|…")
_DUMPED_NAME = re.compile(r"""["'`]([a-z][a-z-]{2,40})["'`]\s?(?::|=>|,)""")
_COMMAND = re.compile(
    r"(?:^|[$>%#❯➜`(;&|]\s?|^\+{2,4} |\b(?:sudo|time|run|ran|running|try|tried|did|with)\W{1,3}|\s-l?c [\"'])"
    r"(?:(?i:curl(?:\.exe)?|wget|curlie|invoke-restmethod|invoke-webrequest|irm|iwr)|xhs?|https?)"
    r"\s(?P<rest>(?:-|GET\b|[\"']?https?://|[\"']?app\.outbound|:).{0,3000})"
)
_CARRIES_KEY = re.compile(
    r"(?i)authorization|--oauth2-bearer|bearer|-A\b|--auth|-u\b|--user\b|-H\s?[\"']?[@$]|-K\b|--config|--netrc|-n\b"
    r"|-Headers|--session|\$\w*(?:args|opts|headers)|osapi_|@\w|-Token"
)
_OUR_URL = re.compile(r"outboundsync\.com/|/api/v1/me")
_COMMAND_ERROR = re.compile(r"(?i)^\W{0,3}(?:curl|wget|http):\s|curl/\d")


HINTS = (
    "auth",
    "key",
    "header",
    "codec",
    "bytestring",
    "unicodeencode",
    "err_invalid_char",
    "outboundsync.com/",
    "/api/v1/me",
    "token",
    "credential",
    "user-agent",
    *("schlüssel", "clave", "chiave", "klucz", "nyckel", "sleutel"),
    *_NOT_SET_ABROAD.hints,
)
"""Literals of which one is in every text that shows something of the key."""


def key_sign(text: str, pairs: list[tuple[str, str]], *, sets_header: bool = False) -> KeySign | None:
    """What a unit of text shows of the key, or None when it shows nothing.

    `sets_header`: the text around it tells of setting a header, which is where an encoding can fail.
    """
    lower = text.lower()
    sign = None
    written = False
    for match in _AUTHORIZATION.finditer(text) if "authorization" in lower else ():
        if not match["proxy"]:
            written = True
            sign = _better(sign, _of_header(match, text))
    for name, value in pairs:
        last = name.rsplit(".", 1)[-1].lower().replace("_", "-")
        if written and value.lower() in _SCHEMES:
            continue  # the first word of what was read whole above
        if last == "authorization" and "\n" not in value:
            sign = _better(sign, _of_value(value, code=False))
        elif last in {"x-api-key", "api-key", "apikey", "x-auth-token"} and value.lower().startswith("osapi_"):
            sign = _better(sign, _wrong_scheme())
    if sign is None and "osapi_" in lower and _is_misplaced(text):
        sign = _wrong_scheme()
    if _NOT_SET.search(lower, lower) or _NOT_SET_ABROAD.search(lower, lower):
        return _better(
            sign, KeySign(fault=KeyFault.MISSING, detail="The text says that no key was set or sent.", rank=2)
        )
    for pattern, fault, detail in _ILLEGAL if any(hint in lower for hint in _ILLEGAL_HINTS) else ():
        if pattern.search(text) and (sets_header or "bearer" in lower or "authorization" in lower or "header" in lower):
            return _better(sign, KeySign(fault=fault, detail=f"{detail}.", rank=2))
    names: set[str] = set()
    whole = {"user-agent"}
    if "/api/v1/me" in text or any(
        "/api/v1/me" in value for name, value in pairs if name.lower().endswith(("url", "uri"))
    ):
        fields = {name.lower() for name, _ in pairs}
        is_request = {"method", "headers.user-agent"} <= fields and not any("status" in field for field in fields)
        shown = _HEADERS if is_request else _REQUEST_HEADER
        bare = _REQUEST_AND_DOCUMENT.search(text) is not None
        if bare:
            whole.add("accept")
        names = {
            name.lower().rsplit(".", 1)[-1] for name, _ in pairs if shown.search(name) or (bare and "." not in name)
        }
    if sign is None and not pairs and "user-agent" in lower and "accept" in lower:
        names = {match[1] for match in _DUMPED_NAME.finditer(lower)}
    keyless = not names.isdisjoint(whole) and not any("auth" in name or "key" in name for name in names)
    if shown := _REQUEST_HEADERS.search(text) if "headers" in lower or "accept" in lower else None:
        keyless = keyless or bool(_ORDINARY_HEADER.search(shown[1]) and not _HIDES.search(shown[1]))
    keyless = keyless or ("{}" in text and _NO_HEADERS.search(text) is not None)
    if sign is None and keyless:
        return KeySign(fault=KeyFault.MISSING, detail="The request headers have no Authorization.", sent=False, rank=2)
    command = _COMMAND.search(text.strip()) if "outboundsync.com/" in lower or "/api/v1/me" in lower else None
    if command and not _OUR_URL.search(command["rest"]):
        command = None
    if command and sign is None and not _COMMAND_ERROR.search(text) and not _CARRIES_KEY.search(command["rest"]):
        return KeySign(fault=KeyFault.MISSING, detail="The command sends no Authorization header.", sent=False, rank=2)
    return sign


def _better(one: KeySign | None, two: KeySign | None) -> KeySign | None:
    if one is None or two is None:
        return two or one
    return two if (two.fault is not None, two.rank) > (one.fault is not None, one.rank) else one


def _is_misplaced(text: str) -> bool:
    if _AS_LOGIN.search(text) and _BEARER_AUTH.search(text) is None:
        return True
    return _OTHER_HEADER.search(text) is not None


def _wrong_scheme() -> KeySign:
    return KeySign(
        fault=KeyFault.WRONG_SCHEME,
        detail="The key was sent in another place: the API takes `Authorization: Bearer osapi_…` alone.",
        rank=3,
    )


_IN_COMMAND = re.compile(r"(?i)\b(?:curl|https?|wget|xh)\s|-H\s|--header[ =]")
_IN_CODE = re.compile(
    r"(?i)(?:process\.env|os\.environ|getenv|=\s?\{|headers\s?=|\bconst\b|\breturn\b|=>\s?\{|f[\"']$)"
)


def _of_header(match: re.Match[str], text: str) -> KeySign | None:
    value, mark = match["value"], match["mark"]
    before = text[: match.start()]
    command = _IN_COMMAND.search(before) is not None
    if mark:
        end = value.find(mark)
        if end >= 0 and value[:end] == "Bearer" and _GLUED.match(value, end + 1):
            return KeySign(
                fault=KeyFault.WRONG_SCHEME,
                detail="The code puts the key behind the word Bearer without a space.",
                rank=3,
            )
        if end >= 0 and (_CONCATENATED.match(value, end + 1) or _is_cut(before, value, end)):
            return KeySign()
        value = value[:end] if end >= 0 else value
    elif command or before[-1:] in "\"'`":
        opening = before[-1:] if before[-1:] in "\"'`" else ""
        if opening and opening in value:
            value = value[: value.find(opening)]
        if command and opening != "'" and re.search(r"\$|%\w+%|\{\{", value):
            return None  # the shell, or a tool's template, puts the key in
    code = bool(mark) and _IN_CODE.search(text) is not None
    if not mark and not command and (match["sep"] == "," or match[0].rstrip().endswith(("[", "("))):
        return None
    return _of_value(value, code=code or (mark == "`"))


_PLACEHOLDER = re.compile(r"(?i)your|<[\w -]*(?:key|token|schlüssel|clé|clave|chave|chiave|sleutel|klucz|nyckel)")
_CONCATENATED = re.compile(r"\s{0,2}(?:\+|\.\s?\$|&\s|\$)")
"""Code puts the key behind the word: `'Bearer ' + key`."""
_GLUED = re.compile(r"\s{0,2}\+\s{0,2}+(?![\"'`]\s|[\w.]{1,60}\s{0,2}\+)")
"""… and no space between."""
_WORDS_OF_PROSE = re.compile(
    r"(?i)(?:header|headers|is|was|required|failed|error|bearer|the|and|or|missing|denied)\b(?! ?bearer)"
)


def _is_cut(before: str, value: str, end: int) -> bool:
    """Whether the line of a call ends behind the word, as the width of a terminal cuts it."""
    is_open = before.count("(") > before.count(")")
    return is_open and value[:end].lower() == "bearer " and not value[end + 1 :].strip()


_SCHEMES = frozenset({"bearer", "basic", "token", "digest", "apikey", "api-key", "negotiate", "ntlm", "key"})
# A key, and then the rest of the sentence, or what came of the request: a status, an arrow, a bracket, several words.
_KEY_IN_SENTENCE = re.compile(
    r"(?i)(?P<header>(?:bearer\s{1,4})?osapi_[\w-]{6,})(?!\W{1,4}(?:bearer\s|osapi_))(?:[,;.:)\]]{1,3}(?:\s|$)|[」』】）》]|\s{1,4}(?:\W|\d{3}\b|https?://|\S{1,60}\s))"
)


def _of_value(value: str, *, code: bool) -> KeySign | None:
    value = value.rstrip(" \t\r\n,;)}]\\").lstrip(" \t")
    if sentence := _KEY_IN_SENTENCE.match(value):
        value = sentence["header"]
    if len(value) > 4000:
        value = value[:4000]
    scheme, _, rest = value.partition(" ")
    if not value:
        return KeySign(fault=KeyFault.MISSING, detail="The Authorization header was sent empty.", sent=False, rank=3)
    if scheme.lower().rstrip(":") not in _SCHEMES:
        if value.strip("\"'").lower().startswith("osapi_"):
            if _MASK.search(value):
                return KeySign()
            return KeySign(
                fault=KeyFault.WRONG_SCHEME,
                detail="The Authorization header has the key without the word Bearer in front of it.",
                rank=3,
            )
        if check_key(value).fault is KeyFault.OTHER_VENDOR:
            return _of_key(value)
        if (
            _MASK.search(value)
            or _TEMPLATE.match(value)
            or _WORDS_OF_PROSE.match(value)
            or "bearer" not in value.lower()
        ):
            return KeySign() if not _WORDS_OF_PROSE.match(value) else None
        return None
    rest = rest.strip(" \t")
    if scheme.lower() != "bearer":
        if not rest or _WORDS_OF_PROSE.match(rest) or "realm=" in rest:
            return None
        return KeySign(
            fault=KeyFault.WRONG_SCHEME,
            detail="The Authorization header has a colon behind the word Bearer."
            if scheme.lower() == "bearer:"
            else f"The Authorization header uses the scheme {scheme.strip(':').capitalize()} where Bearer belongs.",
            rank=3,
        )
    if not rest:
        return KeySign(
            fault=KeyFault.MISSING,
            detail="The Authorization header has the word Bearer and no key after it.",
            sent=False,
            rank=3,
        )
    if rest.lower().startswith(("realm=", "error=")):
        return None
    if (
        (code or _TEMPLATE.match(rest))
        and (code or not re.match(r"\$\{?[A-Z_]+\}?$|\{\{", rest))
        and not _PLAIN_KEY.match(rest)
        and check_key(rest).fault is not KeyFault.OTHER_VENDOR
    ):
        return KeySign()
    return _of_key(rest)


_PLAIN_KEY = re.compile(r"(?i)osapi_[\w-]{8,}|bearer ")
_BRACKETED_KEY = re.compile(r"<osapi_(?=[\w-]*\d)[\w-]{20,}>")

_SENT_WITH = {
    KeyFault.DOUBLE_BEARER: "The Authorization header has the word Bearer twice.",
    KeyFault.QUOTED: "The Authorization header has quotes around the key.",
    KeyFault.INVISIBLE: "The Authorization header has an invisible or non-ASCII character beside the key.",
}


def _of_key(raw: str) -> KeySign | None:
    form = check_key(raw)
    first = next(iter(form.mended_faults), None)
    if (
        first is not None
        and form.fault not in (KeyFault.PLACEHOLDER, KeyFault.MASKED, KeyFault.MISSING, KeyFault.OTHER_VENDOR)
        and first is not KeyFault.WHITESPACE
    ):
        return KeySign(
            fault=first,
            detail=_SENT_WITH.get(first, "The Authorization header was sent with more than the key."),
            rank=3,
        )
    if form.fault is None:
        return KeySign(sent=True, rank=3)
    masked = _MASK.search(raw) is not None and not _PLACEHOLDER.search(raw) and not _BRACKETED_KEY.fullmatch(raw)
    if form.fault in (KeyFault.MASKED, KeyFault.TOO_SHORT) or masked:
        return KeySign()
    return KeySign(fault=form.fault, detail=form.detail, vendor=form.vendor, rank=3)
