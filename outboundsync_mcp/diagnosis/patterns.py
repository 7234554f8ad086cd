"""What errors look like in the wild: the reader's vocabulary, as data. Each group names its source.

Needles are lower-case literals that are searched in lower-case text; they need no regular expression, so any number
of them stays linear. Where two needles of one table fit, the more specific one comes first.
"""

import re
from typing import NamedTuple

from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, Intermediary


def _words(block: str) -> frozenset[str]:
    return frozenset(block.split())


def needles_of(block: str) -> tuple[str, ...]:
    """The needles of a block, which `|` separates; blanks and line ends around them do not count."""
    return tuple(needle for part in block.split("|") if (needle := " ".join(part.split())))


class Hinted(NamedTuple):
    """A pattern, and literals of which one is in every text it can match: it runs only where one is."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]

    def search(self, text: str, lower: str) -> re.Match[str] | None:
        """The first match in `text`, whose lower case is `lower`."""
        for hint in self.hints:
            if hint in lower:
                return self.pattern.search(text)
        return None

    def hinted_in(self, found: set[str]) -> "Hinted":
        """The same with the hints alone that a text has, for its parts."""
        return Hinted(tuple(found.intersection(self.hints)), self.pattern)


# Status -----------------------------------------------------------------------------------------------------

# Reason phrases: RFC 9110 and the IANA registry, with the wordings of common servers and clients.
REASONS: dict[int, tuple[str, ...]] = {
    200: ("ok",),
    201: ("created",),
    204: ("no content",),
    301: ("moved permanently",),
    302: ("found", "moved temporarily"),
    303: ("see other",),
    304: ("not modified",),
    307: ("temporary redirect",),
    308: ("permanent redirect",),
    400: ("bad request",),
    401: (
        "unauthorized",
        "unauthorised",
        "authorization required",
        "non autorisé",
        "no autorizado",
        "nicht autorisiert",
    ),
    402: ("payment required",),
    403: ("forbidden", "verboten", "prohibido", "interdit", "access denied", "acceso denegado", "zugriff verweigert"),
    404: ("not found", "nicht gefunden", "no encontrado", "introuvable", "non trovato"),
    405: ("method not allowed", "not allowed"),
    406: ("not acceptable",),
    407: ("proxy authentication required", "authenticationrequired", "proxy auth"),
    408: ("request timeout", "request time-out"),
    409: ("conflict",),
    410: ("gone",),
    411: ("length required",),
    412: ("precondition failed",),
    413: ("payload too large", "request entity too large", "content too large"),
    414: ("uri too long", "request-uri too"),
    415: ("unsupported media type",),
    418: ("i'm a teapot",),
    421: ("misdirected request",),
    422: ("unprocessable entity", "unprocessable content"),
    425: ("too early",),
    426: ("upgrade required",),
    428: ("precondition required",),
    429: (
        "too many requests",
        "toomanyrequests",
        "rate limit",
        "zu viele anfragen",
        "demasiadas solicitudes",
        "trop de requ",
    ),
    431: ("request header fields too large",),
    451: ("unavailable for legal reasons",),
    500: ("internal server error", "internalservererror", "erreur interne", "interner serverfehler", "error interno"),
    501: ("not implemented",),
    502: ("bad gateway", "badgateway"),
    503: (
        "service unavailable",
        "service temporarily unavailable",
        "serviceunavailable",
        "backend fetch failed",
    ),
    504: ("gateway timeout", "gateway time-out", "gatewaytimeout"),
    505: ("http version not supported",),
    507: ("insufficient storage",),
    508: ("loop detected",),
    511: ("network authentication required",),
    520: ("web server is returning an unknown error", "unknown error"),
    521: ("web server is down",),
    522: ("connection timed out",),
    523: ("origin is unreachable",),
    524: ("a timeout occurred",),
    525: ("ssl handshake failed",),
    526: ("invalid ssl certificate",),
    527: ("railgun error",),
    530: ("origin dns error", "site frozen"),
}
MADE_UP_STATUSES = frozenset({0, 595, 596, 597, 598, 599, 999, 499, 444})
"""Codes of clients (AnyEvent's are 595 to 599) and of nginx's own log, never sent on the wire."""

# Names that programs give a response's status, without case and punctuation: Fetch, axios, requests, ECS, OTel, nginx,
# ALB, Zapier, Make, n8n, Postman, Guzzle, .NET.
STATUS_KEYS = _words(
    """
    status statuscode httpstatus httpstatuscode httpcode responsecode responsestatus responsestatuscode
    rescode httpresponsecode httpresponsestatus httpresponsestatuscode respstatus upstreamstatus
    elbstatuscode targetstatuscode edgeresponsestatus originresponsestatus cfstatus lasthttpstatus stat
    rawstatuscode httpstatuscodestring errorstatus statuscodevalue responsehttpcode responsehttpstatus sc
    scstatus returncode httpresponse downstreamstatus originstatus
    """
)
LOOSE_STATUS_KEYS = _words(
    """
    code errorcode errcode errno error_code httperror error http err
    """
)
"""Names that hold a status only sometimes: an HTTP error status is believed, nothing else."""

WORDED_STATUS_KEYS = frozenset({"code", "statuscode", "httpstatuscode", "responsestatuscode"})
"""Names that also hold a status in words: `StatusCode: TooManyRequests` (.NET)."""

# Words that announce a status in front of a number. "error" in the languages people write in.
STATUS_WORDS = _words(
    """
    http https status code statuscode response réponse respuesta antwort risposta resposta odpowiedź error
    errors err errore erro erros erreur erreurs fehler fehlercode fehlermeldung fout foutcode foutmelding
    fejl fejlkode feil feilkode fel felkod felmeddelande błąd błędu bład kod kodu chyba chybu hata hatası
    ошибка ошибку ошибки ошибкой код кода помилка помилку σφάλμα eroare eroarea hiba hibakód virhe
    virhekoodi tõrge kļūda klaida greška грешка napaka código codigo cod codice estado stato statut
    státusz statuskod statuskode lỗi mã kesalahan galat ralat kode خطأ رمز שגיאה קוד त्रुटि कोड error_code
    exception httperror fail failed fails failure fehlgeschlagen falló fallo échec échoue fallito falhou
    kod: virheen virhettä felet felkoden feilen fejlen hatayı błędem chybou hibát eroarea
    """
)
# Scripts without spaces: these stand right beside the number.
# Cloudflare's 1xxx errors and the status each is served with (Cloudflare's "Error 1xxx" reference).
CDN_STATUSES = {1015: 429, 1016: 530, 1027: 429, 1200: 429} | dict.fromkeys(
    (1005, 1006, 1007, 1008, 1009, 1010, 1012, 1020, 1106), 403
)
STATUS_PARTS = needles_of(
    """
    错误 | 錯誤 | エラー | ステータス | 状态码 | 狀態碼 | 代码 | 返回 | 返された | 返って | 报 | 오류 | 에러 | 상태 | ข้อผิดพลาด | รหัส
    """
)
# Words that hand a status over: "I get a 401", "me sale 403", "bekomme 429", "renvoie 500".
GIVING_WORDS = _words(
    """
    a an the got get gets getting gives give given gave giving returns returned returning responds
    responded respond throws throw threw throwing says said say saying shows show showed receive receives
    received receiving see seeing saw hit hitting with answers answered answer replies replied keep keeps
    back gotten came comes yields produced still now un una uno unos el la los le les des der die das ein
    einen eine einem den um uma o os i me sale da dan dando devuelve devolvió recibo aparece tira responde
    obtengo obtiene sigue bekomme bekommen kriege kriegen erhalte erhalten liefert kommt meldet gibt
    it's that's is zurück mit renvoie renvoient retourne reçois obtiens répond donne affiche ricevo ottengo
    restituisce
    ritorna recebo recebendo retorna devolve deu dá krijg krijgen geeft kreeg een får fick fikk ger gir
    returnerer dostaję zwraca mam dostávám vrací alıyorum veriyor dönüyor получаю возвращает выдает выдаёт
    приходит отдает отдаёт пишет отримую saya mendapat nhận trả về only just another always kept same new
    """
)
# What may follow a status in a sentence. Any other word makes the number a count: "404 items", "500 contacts".
MISSPELT = ("unau", "unath", "forbi", "fobid")
"""How "unauthorized" and "forbidden" begin, misspelt or not."""
FOLLOWING_WORDS = _words(
    """
    cannot can't internal too bad gateway service not access
    from on when while for at in error errors response responses status code again back after before every
    each since if but and or with without because as is was are means meaning instead please help too here
    now today only still though even following preceded returned when? http https unauthorized forbidden invalid api although
    despite until then via by to this that it i we my our the why what how so same server client except
    always whenever during once calling thanks any all de del al en cuando con por y pero desde a la el lo que si
    no para esta este hoy vom von bei beim im wenn und aber mit seit auf als fehler zurück heute trotzdem
    obwohl nach quand sur avec du depuis lors et mais pour dans dès quando da do na ao com em e mas su dal
    dalla ma bij van op maar met sinds när från på och men når fra og przy z od gdy ale kiedy při když
    hatası aldım при от на когда и но с для że hoặc khi từ dari saat ketika pada dan error, unter über
    trotz terug zodra sinds terwijl omdat maar want hoewel vaikka kun mutta koska trots fast selvom fordi siden
    mimo bo oraz ani i ale od po przy pedig amikor dar deci padahal tapi terus nhưng ama hala yine
    incorrect wrong bad missing expired denied disabled exceeded causes
    """
)
# A number after one of these is something else.
NUMBER_WORDS = _words(
    """
    port line lines col column pid tid took after within version v build issue pr ticket order row rows
    page step id ids no nr exit chapter room table size length len bytes byte count total limit max
    maximum min minimum up about over than every around approximately roughly nearly processed synced sent
    imported exported created updated deleted fetched skipped matched found loaded wrote read scanned
    inserted indexed records of plus minus times suite apartment floor invoice case area + sku tag release
    rev revision zeile linea línea ligne regel linje puerto porta poort hafen numéro número nummer numero
    signal job run batch attempt retry queue wait waited waiting sleep sleeping slept timeout elapsed
    duration latency seconds second sec ms day days week year $ € £ usd eur x uid gid cost price budget
    score ~ ≈ part chunk shard used have has had need needs want wants hubspot-portal portal account user
    member contact lead deal campaign organization org workspace tenant contacts leads events users count hits
    página pagina seite strona страница страницы стр
    kampania ext durchwahl ramal anexo wew touched booked added строка строке строки
    """
)
UNIT_WORDS = _words(
    """
    ms s sec secs second seconds m min mins minute minutes h hour hours ns us µs days day weeks kb mb gb
    kib mib b bytes byte px % percent usd eur $ € x rows items records contacts users leads requests calls
    times entries files lines objects events emails messages tests passed campaigns companies deals
    accounts connections jobs tasks points steps pages results elements people
    """
)
COUNTERS = frozenset("个個条條件人名次位行页頁秒分本回号號部冊台枚室개명건초번호원억천년월층")
"""Counting words that follow a number in CJK."""
# A status that these introduce is past, wished away or denied: "instead of 401", "no longer a 403".
PAST_BEFORE = tuple(
    f" {phrase} "
    for phrase in needles_of(
        """
        instead of | rather than | not a | not an | no longer a | no longer an | isn't a | wasn't a | unlike |
        used to be | used to get | other than | previously | earlier | yesterday | formerly | before that |
        last week | preceded by | davor | zuvor | vorher | früher | hatten wir mal | hatte ich mal | statt |
        anstatt | kein | keine | keinen | ya no | en vez de | en lugar de | au lieu de | au lieu d'un | plus de |
        gestern | ayer | hier | would be answered with | would return | may return | might return | can return |
        could return
        """
    )
)
OVER_BEFORE = (" no ", " fixed the ", " solved the ", " resolved the ")
"""What says the same right before a status, and elsewhere something else."""
# "expected response to have status code 200": wished for, until "but got" comes.
WANTING_WORDS = _words("expected expect expects expecting should must want wanted erwartet attendu esperado")
GETTING_WORDS = _words(
    "but got get gets was were received returned instead actual actually found sondern aber mais pero"
)
SINCE = re.compile(
    r" (?:since|seit|depuis|desde|da) (?:yesterday|gestern|vorgestern|avant-hier|hier|ayer|anteayer|ieri|ontem|earlier|last week)(?= )"
)
"""Not over: what began yesterday still goes on."""
NOW_WORDS = frozenset(
    ["now", "today", "jetzt", "heute", "maintenant", "ahora", "agora", "adesso", "nu", "nå", "teraz", "teď", "сейчас"]
)
PAST_AFTER = re.compile(
    r"(?i)^[^\w(]{0,3}(?:is|was|has been|went|are)?\s{0,2}(?:gone away|(?:just )?as expected,? (?:without|with no)\b|fixed|solved|resolved|(?<=is )gone"
    r"|before (?:that|this)(?!\W{1,3}(?:an? )?\d)"
    r"|(?:yesterday|earlier|previously|last (?:week|month|time))(?!\W{1,3}(?:an? )?[1-5]\d\d\b))"
    r"|^[^.;!?,\d]{0,50}(?:\b(?:is|are|was|were|has been|have been) (?:now )?(?:resolved|fixed|solved)\b|\bist behoben"
    r"|\b(?:est|été) (?:résolue?|corrigée?|réglée?)\b|\b(?:está|fue|foi) (?:resuelt|solucionad|arreglad|resolvid|corrigid)"
    r"|\bis opgelost)"
    r"|^ (?:errors? |invalid api key |unauthorized |forbidden |too many requests )?(?:from [a-z ]{1,30})?(?:is|are) gone\b"
    r"|^[^。、，,.\d]{0,12}(?:解消|解決|直りま|已解决|已修复|已经解决)"
)

# What stands right before a status that is given by name, once punctuation and these small words are taken away.
FILLERS = (
    " of",
    " was",
    " is",
    " with",
    " de",
    " a",
    " an",
    " does not indicate success",
    "http/1.1",
    "http/2",
    "http/2.0",
    " code",
    " value",
)
EXPLICIT_TAILS = needles_of(
    """
    <response | status | http | https | statuscode | status_code | http_code | httpcode | response code |
    response_code | returned error | responded | server returned | return code | http error |
    tunnel failed, response | received http code | code d'état | code d’état | código de estado |
    codigo de estado | codice di stato | code de statut | error: | exception: | response status | código http |
    returned | statut http | http-status | http-fehler | http-code | errore http | erreur http | erro http |
    error http | kod http | httperror | statuserror | clientresponseerror | contenttypeerror | resulted in |
    status kod | statuskod | actually found | api error | http/1.1, code | protocol=h2, code
    """
)
WEAK_TAILS = ("returned", "resulted in", "responded", "error:", "exception:", "actually found")
"""Of these, the ones that hand over other numbers too."""
SUCCESS_TAILS = (
    " ok", " received", " answers", " answered", " returns", " responds", " got", " gives", " responded", " says", " i get",
    " we get", " worked", " works", " succeeded",
)  # fmt: skip
"""What hands over a 200, which is too common a number to be believed elsewhere."""
NOT_A_STATUS_TAILS = needles_of(
    """
    exit | exit status | exit code | exited | grpc status | grpc-status | signal | process returned | job status |
    errno | returned status from process | to equal | to be | to eql | to deeply equal
    """
)
GLUED_WORDS = needles_of(
    """
    http | https | status | code | error | err | exception | erreur | fehler | errore | erro | http error |
    statuscode | e
    """
)
COMMON_STATUSES = frozenset({400, 401, 403, 404, 407, 429, 500, 502, 503, 504})
"""Statuses that people mean even when they write nothing but the number."""

# Messages ---------------------------------------------------------------------------------------------------

# The vendor's "Errors and rate limits" page: the two stable messages. The throttler's is NestJS's own default.
DOCUMENTED_MESSAGES: tuple[tuple[str, int, str], ...] = (
    ("invalid api key", 401, "Invalid API key"),
    ("api access is not enabled for this account", 403, "API access is not enabled for this account"),
)
IMPLIED_BY_WORDS: tuple[tuple[str, int], ...] = (
    ("throttlerexception", 429),
    ("rate limited", 429),
    ("rate-limited", 429),
    ("rate limit exceeded", 429),
    ("rate limit was exceeded", 429),
    ("rate limit reached", 429),
    ("being throttled", 429),
    ("too many requests", 429),
    ("api key is invalid", 401),
    ("api key is not valid", 401),
    ("api key was rejected", 401),
    ("api key is rejected", 401),
    ("api key was not accepted", 401),
    ("four twenty nine", 429),  # dictated
    ("four twenty-nine", 429),
    ("four oh one", 401),
    ("four o one", 401),
    ("four oh three", 403),
    ("four o three", 403),
    ("five hundred error", 500),
    ("five oh two", 502),
    ("five oh three", 503),
    ("rate limits us", 429),
    ("rate limiting us", 429),
    ("rate-limits us", 429),
    ("throttles us", 429),
    ("clé api invalide", 401),
    ("clé d'api invalide", 401),
    ("clave api inválida", 401),
    ("clave de api inválida", 401),
    ("chave de api inválida", 401),
    ("chave api inválida", 401),
    ("chiave api non valida", 401),
    ("api-schlüssel ist ungültig", 401),
    ("ungültiger api-schlüssel", 401),
    ("ungültiger api key", 401),
    ("ongeldige api-sleutel", 401),
    ("nieprawidłowy klucz api", 401),
    ("неверный api-ключ", 401),
    ("неверный ключ api", 401),
    ("apiキーが無効", 401),
    ("api密钥无效", 401),
    ("bad gateway", 502),
    ("service unavailable", 503),
    ("gateway timeout", 504),
    ("gateway time-out", 504),
    ("internal server error", 500),
    ("proxy authentication required", 407),
    ("network authentication required", 511),
    ("tunneling failed: forbidden", 403),
    ("no live upstreams", 502),
    ("upstream connect error or disconnect", 503),  # Envoy
    ("upstream request timeout", 504),
    ("sorry, you have been blocked", 403),  # Cloudflare
    ("attention required! | cloudflare", 403),
    ("an invalid response was received from the upstream", 502),  # Kong
    ("incapsula incident id", 403),
    ("you don't have permission to access", 403),  # Apache, Akamai
    ("status code badrequest", 400),  # .NET's names
    ("status code notfound", 404),
    ("status code methodnotallowed", 405),
    ("status code proxyauthenticationrequired", 407),
    ("status code requesttimeout", 408),
    ("status code requestentitytoolarge", 413),
    ("status code requesturitoolong", 414),
    ("status code unsupportedmediatype", 415),
    ("status code requestheaderfieldstoolarge", 431),
    ("status code movedpermanently", 301),
    ("status code temporaryredirect", 307),
    ("status code unauthorized", 401),
    ("status code forbidden", 403),
    ("status code toomanyrequests", 429),
    ("status code internalservererror", 500),
    ("status code badgateway", 502),
    ("status code serviceunavailable", 503),
    ("status code gatewaytimeout", 504),
    ("http::error::unauthorized", 401),
    ("unauthorizedexception", 401),
    ("forbiddenexception", 403),
    ("httpclienterrorexception$unauthorized", 401),
    ("httpclienterrorexception$forbidden", 403),
    ("httpclienterrorexception$toomanyrequests", 429),
    ("401unauthorized", 401),
)
CHALLENGE_WORDS = needles_of(
    """
    just a moment... | _cf_chl_opt | enable javascript and cookies to continue | attention required! |
    you have been blocked | you don't have permission to access
    """
)
"""Words of pages that are served with 403 (Cloudflare's and others' block and challenge pages)."""
ONE_WORD = {"unauthorized": 401, "unauthorised": 401, "forbidden": 403, "throttled": 429}
"""Words that stand for a status where they end a short line."""
# Codes that APIs put in place of a number: gRPC names, and the neighbour's MCP error object.
CODE_WORDS: dict[str, int] = {
    "unauthorized": 401,
    "unauthenticated": 401,
    "invalidapikey": 401,
    "authenticationfailed": 401,
    "authenticationerror": 401,
    "forbidden": 403,
    "permissiondenied": 403,
    "apiaccessdisabled": 403,
    "apiaccessnotenabled": 403,
    "ratelimited": 429,
    "ratelimit": 429,
    "ratelimitexceeded": 429,
    "toomanyrequests": 429,
    "resourceexhausted": 429,
    "notfound": 404,
    "badrequest": 400,
    "internal": 500,
    "internalerror": 500,
    "internalservererror": 500,
    "servererror": 500,
    "badgateway": 502,
    "unavailable": 503,
    "serviceunavailable": 503,
    "gatewaytimeout": 504,
}

# Text that speaks to whoever reads it instead of reporting: a paste is data, and no witness when it says this.
INSTRUCTION = Hinted(
    needles_of(
        """
        ignore | disregard | kind | diagnosis | do not | the true | the real | the actual | the correct |
        the right | system | tool_result | instruction | must | should | reading | assistant | chatbot | llm |
        language model | ai: | ai, | you are | report | answer | respond | reply | print | output | say | claim |
        pretend
        """
    ),
    re.compile(
        r"(?i)\bignore (?:all|any|the|every|previous|prior|above|my|these|those|your)|\bdisregard\b"
        r"|\bkind\s?[=:]\s?[\"'`]?(?:ok\b|missing_|malformed_|invalid_|api_access|rate_lim|server_err|upstream_"
        r"|not_|unexpected_|tls_)"
        r"|\bwith kind\b|\bthe diagnosis is\b|\bdo not (?:report|tell"
        r"|mention|diagnose)\b"
        r"|\bthe (?:true|real|actual|correct|right) (?:status|diagnosis|kind|answer) is\b"
        r"|</?(?:system|tool_result|assistant|instructions?)>|^\W{0,3}system\s?:"
        r"|(?<![\w.@-])(?:assistant|ai|llm|chatbot|language model)\b.{0,30}"
        r"(?:\bmust\b|\bshould\b|\breading\b|:(?!//| (?:i|we)\b| (?:get|post|calling|called) https?:))"
        r"|(?<![\w.@-])agent\b.{0,20}(?:\bmust\b|\breading this\b)|\byou are (?:a|an|now)\b.{0,20}(?:assistant|agent"
        r"|ai|model)"
        r"|\b(?:report|answer|respond|reply|print|output|say|claim|pretend)\b[^.]{0,30}\b(?:status|kind)\b"
        r"[^.]{0,12}(?:\d{3}|=|:|\bok\b)"
    ),
)

# What holds of any such key is no report of this one.
GENERAL = Hinted(
    ("n invalid ", "a wrong ", "a missing ", "a bad ", "a revoked ", "n expired ", "a malformed "),
    re.compile(
        r"^(?!.*outbound)(?:.{0,200}[.:;,] ?)?an? (?:invalid|wrong|missing|bad|revoked|expired|malformed) (?:api |bearer )?(?:key|token) (?:gives?|gets?"
        r"|returns?|means?|would|will|leads?|results?|yields?|causes?|produces?)\b"
    ),
)

# Lines of code that handle an error: they tell of what could happen.
HANDLER = Hinted(
    ("except", "rescue", "catch", "isinstance("),
    re.compile(
        r"^[\s+|>-]{0,12}(?:except(?: [\w.]{1,80}| \([\w., ]{1,200}\))?(?: as \w{1,30})?:\s*$"
        r"|rescue [A-Z][\w:]{1,80}(?:, [A-Z][\w:]{1,80}){0,8}(?: => \w{1,30})?\s*$"
        r"|\}?\s{0,3}catch\s?\([^()]{1,200}\)\s?\{?\s*$)"
        r"|^[\s+|>-]{0,40}(?:el)?if (?:not )?isinstance\([^\n]{1,200}:\s*$"
    ),
)
# The same of code that makes one, where no program has stopped there.
MADE_ERROR = Hinted(("raise", "throw"), re.compile(r"^[\s+|>-]{0,40}(?:raise [A-Z]\w*(?:\(|,|$)|throw new [A-Z])"))
# Lines of nginx's configuration.
CONFIGURED = Hinted(
    ("error_page ", "_status ", "next_upstream "),
    re.compile(r"^\s{0,40}(?:error_page|limit_(?:req|conn)_status|\w{4,12}_next_upstream) [^;\n]{1,400};"),
)
STOPPED = ("traceback", "\n    at ", "^\n", "^--", "uncaught")
_GO_PASSED = r"ok\s{1,6}[\w.-]{1,80}/\S{1,200}\s+(?:[\d.]{1,9}s|\(cached\))"
# A test that passed says what its program would do.
PASSED = Hinted(
    ("pass", "✓", "✔", "√", "ok "),
    re.compile(
        r"^\s{0,12}[✓✔√] (?![^\n]*://)|^\s{0,8}--- PASS: |^PASS(?:\s{1,4}\S+\.(?:test|spec)\.|$)|::\S{1,200} PASSED\b"
        rf"|^ok\s{{1,6}}\d{{1,5}} - |^{_GO_PASSED}"
    ),
)
TESTS_RAN = re.compile(rf"\b\d{{1,6}} pass(?:ed|ing)?\b|\n{_GO_PASSED}")

# Transport failures -----------------------------------------------------------------------------------------


class FailureWords(NamedTuple):
    """A needle, the failure it names, and how specific it is (3: the cause itself, 1: a wrapper around it)."""

    needle: str
    failure: Failure
    rank: int = 3


def _rows(failure: Failure, rank: int, block: str) -> tuple[FailureWords, ...]:
    return tuple(FailureWords(needle, failure, rank) for needle in needles_of(block))


FAILURES: tuple[FailureWords, ...] = (
    # DNS: glibc, macOS, musl and Windows resolver texts; curl 6; libuv; Java; Go; .NET; Chromium; PHP; Perl
    *_rows(
        Failure.DNS,
        3,
        """
        could not resolve host | couldn't resolve host | could not resolve: | name or service not known |
        nodename nor servname | enotfound | eai_again | temporary failure in name resolution |
        temporary failure resolving | failure in name resolution | unknownhostexception | no such host |
        nameresolutionerror | failed to resolve | getaddrinfo failed | gaierror | name could not be resolved |
        name_not_resolved | dns_probe | no address associated with hostname | unknown host | unable to resolve |
        name does not resolve | host not found | name resolution failed | nxdomain | wsahost_not_found |
        bad hostname | hostname lookup for | target host or object does not exist | getaddrinfo: |
        server misbehaving | eai_noname | eai_nodata | hostname could not be found | php_network_getaddresses |
        failed to lookup address | dns error | dns lookup fail | clientconnectordnserror |
        unresolvedaddressexception | dns resolution failed | curl: (6) | curlerror: (6) | curl error 6: |
        dns lookup timed out | nsurlerrordomain code=-1003 | ns_error_unknown_host | couldnt_resolve_host |
        hostnotfound | nameresolutionfailure | cannot resolve host | wget: bad address |
        name or address could not be resolved | unknownhostname | nameserverfailure | no such name a
        """,
    ),
    *_rows(  # glibc, Windows and .NET in other languages
        Failure.DNS,
        3,
        """
        remotename konnte nicht aufgelöst | nom distant n'a pas pu être résolu | resolver el nombre remoto |
        risolvere il nome remoto | nome remoto não pôde ser resolvido | name oder der dienst ist nicht bekannt |
        name oder dienst nicht bekannt | nom ou service inconnu | nombre o servicio desconocido |
        nome o servizio sconosciuto | nome ou serviço desconhecido | host ist unbekannt | solcher host bekannt |
        hôte inconnu | host desconocido | fehler bei der namensauflösung | échec temporaire dans la résolution |
        fallo temporal en la resolución
        """,
    ),
    # Proxy: curl 5 and 56, urllib3, undici, Node agents, Chromium, Java
    *_rows(
        Failure.PROXY,
        4,
        """
        could not resolve proxy | couldn't resolve proxy | cannot connect to proxy | unable to connect to proxy |
        clientproxyconnectionerror | err_proxy_connection_failed | err_tunnel_connection_failed |
        failed to connect to proxy | proxy connection failed | proxyconnect tcp | err_socks_connection_failed |
        curl: (5) | curl: (97) | proxyerror( | proxyerror: | unable to tunnel through proxy |
        tunneling socket could not be established | proxy server is refusing | couldnt_resolve_proxy
        """,
    ),
    # TLS, with the reason: OpenSSL's verify texts, Node's codes, Go's x509, Schannel, Secure Transport, Java, browsers
    *_rows(
        Failure.TLS_EXPIRED,
        5,
        """
        certificate has expired | cert_has_expired | certificate is expired | certificate expired |
        expired certificate | certificate has expired or is not yet valid: current time |
        certificateexpiredexception | sec_error_expired_certificate | err_cert_date_invalid | cert_e_expired |
        notafter: | sec_e_cert_expired | certexpired | ' expired on | server certificate has expired |
        certificate_expired | notvalidafter | zertifikat abgelaufen | zertifikat ist abgelaufen |
        certificat expiré | certificat a expiré | certificado caducado | certificado ha caducado |
        certificado expirado | certificado expirou
        """,
    ),
    *_rows(
        Failure.TLS_NOT_YET_VALID,
        6,
        """
        not yet activated | certificate is not yet valid | cert_not_yet_valid | certificatenotyetvalidexception |
        certificate not yet valid | notvalidyet | issued certificate not yet valid |
        certificate is not yet active | is before 20
        """,
    ),
    *_rows(
        Failure.TLS_HOSTNAME,
        5,
        """
        certificate does not match | hostname verification failed | host name verification |
        does not match hostname | match requested host name | owner does not match | hostname mismatch |
        hostname doesn't match | hostname does not match | does not match target host | doesn't match host |
        err_tls_cert_altname_invalid | no alternative certificate subject name | no subject alternative |
        certificate is valid for | ip address mismatch | err_cert_common_name_invalid | name mismatch |
        remotecertificatenamemismatch | target principal name is incorrect | certificate is not valid for |
        not valid for requested host | does not match the host | certificate common name | cert_e_cn_no_match |
        no name matching | altname | notvalidforname | ssl: no alternative |
        certificate verify failed (hostname mismatch) | certificate subject name | peer fqdn |
        ssl_error_bad_cert_domain | certificateerror: hostname | match any of the subject alternative |
        match common name of the certificate | subject checks failed
        """,
    ),
    *_rows(
        Failure.TLS_UNTRUSTED,
        4,
        """
        trust relationship for the ssl/tls | self-signed certificate | self signed certificate |
        unable to get local issuer | unable to get issuer | unable to verify the first certificate |
        unable_to_verify_leaf_signature | depth_zero_self_signed_cert | self_signed_cert_in_chain |
        unable_to_get_issuer | unknown authority | pkix path | unable to find valid certification path |
        remotecertificatechainerrors | partialchain | untrustedroot | err_cert_authority_invalid |
        sec_error_unknown_issuer | issuer is not recognized | certificate is not trusted | issuer is unknown |
        unknown issuer | unknownissuer | not trusted | cert_e_untrustedroot |
        unable to locally verify the issuer | unknown ca | certificate authority is invalid | curl: (60) |
        self-signed | trust anchor | suncertpathbuilderexception | certificate signed by |
        certificate for this server is invalid | pretending to be | invalid peer certificate |
        ssl peer certificate | peer_failed_verification | vertrauensstellung | relation de confiance pour le canal |
        relación de confianza para el canal | zertifikat ist nicht vertrauenswürdig | signer-not-found |
        signer not found
        """,
    ),
    *_rows(
        Failure.TLS_PLAINTEXT,
        5,
        """
        unexpected tls packet was received | wrong version number | wrong_version_number |
        http request was sent to https | plain http request was sent | unrecognized ssl message |
        first record does not look like a tls handshake | server gave http response to https |
        packet length too long | packet_length_too_long | http_request | unknown protocol | record layer failure |
        err_ssl_protocol_error | frame was not a tls | cannot determine frame size |
        tls packet with unexpected length | not an ssl/tls record | notsslrecordexception | corrupted frame |
        invalid tls record
        """,
    ),
    *_rows(
        Failure.TLS_UNTRUSTED,
        2,
        """
        certificate verify failed | certificate_verify_failed | trust relationship for the tls |
        certificate is invalid according to the validation | failed to verify certificate | x509: |
        certpathvalidatorexception | ssl certificate problem | certificate verification failed | cannot verify |
        certificate validation failed | certificateverify | certificate error | unacceptable tls certificate |
        unacceptable certificate | certificate validation error | certificate failed verification |
        server verification failed | sslserververification | rejected by cert
        """,
    ),
    *_rows(
        Failure.TLS_HANDSHAKE,
        2,
        """
        unable to establish ssl connection | tls fatal alert | ssl_connect_error | gnutls_handshake | gnutls: |
        handshake failure | handshake_failure | handshake failed | sslhandshakeexception | ssl connect error |
        could not create ssl/tls secure channel | sslv3 alert | tlsv1 alert | tlsv1_alert | alert protocol version |
        no protocols in common | unsupported protocol | ssl_error_ | no cipher | received fatal alert |
        unexpected_eof_while_reading | unexpected eof while reading | eof occurred in violation of protocol |
        ssl_error_syscall | curl: (35) | tls handshake error | ssl routines |
        secure tls connection was established | tls connect error | ssl connection could not be established |
        remote error: tls | err_ssl_version | openssl::ssl::sslerror | network socket disconnected before secure |
        tls handshake eof | sslexception | sslengine problem | alert (level: fatal | error during ssl handshake |
        sslpeerunverifiedexception | ssl connection failed | sslconnection ( | initializesecuritycontext failed
        """,
    ),
    *_rows(
        Failure.TLS_HANDSHAKE,
        1,
        """
        sslerror | ssl error | clientconnectorsslerror | clientconnectorcertificateerror |
        sslcertverificationerror | authentication failed, see inner exception | err_ssl | tls_process
        """,
    ),
    # Time-outs of making the connection. Named before the generic ones.
    *_rows(
        Failure.CONNECT_TIMEOUT,
        4,
        """
        connecttimeout | connect timeout | connection timeout | und_err_connect_timeout | connect etimedout |
        connect timed out | connection timed out | connection timed-out | timed out while connecting |
        connect() timed out | connectiontimeout | net::opentimeout | execution expired |
        timeout was reached: connect | operation timed out: connect | err_connection_timed_out |
        did not properly respond after a period of time | dial tcp: i/o timeout | httpconnecttimeoutexception |
        winerror 10060 | errno 110 | errno 60] | (10060) | wsaetimedout | connecting timed out |
        tcp connect timed out | tls handshake timeout | timed out before ssl handshake | {error,connect_timeout} |
        {:error, :connect_timeout} | ssl connection timeout | handshake timed out | handshake operation timed out |
        gegenstelle nach einer bestimmten zeitspanne | parti connecté n'a pas répondu |
        parte conectada no respondió | wartezeit für die verbindung | connexion terminée par expiration |
        expiró el tiempo de conexión
        """,
    ),
    *_rows(
        Failure.READ_TIMEOUT,
        3,
        """
        read timed out | readtimeout | read timeout | und_err_headers_timeout | und_err_body_timeout |
        headers timeout | body timeout | response timeout | net::readtimeout | sockettimeoutexception |
        upstream timed out | awaiting headers | timeout awaiting response headers | timeout on reading |
        sockettimeout | socket timeout | err_timed_out | idle timeout reached | sotimeouterror |
        timeout awaiting 'response' | servertimeouterror | timeouterror: timeout awaiting | esockettimedout |
        read operation timed out | timeout while reading
        """,
    ),
    *_rows(
        Failure.DEADLINE,
        2,
        """
        timed out | timed-out | etimedout | context deadline exceeded | client.timeout exceeded | timeouterror |
        timeoutexception | operation timeout | econnaborted | httptimeoutexception | request timeout after |
        aborted due to timeout | operation was aborted due to timeout | timeout error | deadline exceeded |
        deadline has elapsed | curl: (28) | taskcanceledexception | the operation has timed out |
        network timeout at | error: network timeout | timeout of | i/o timeout | timeout awaiting | err_timeout |
        zeitüberschreitung | timeout für vorgang | timeout dell'operazione |
        upłynął limit czasu | время ожидания | délai d'attente | délai dépassé | tiempo de espera | tempo limite | tijd verstreken |
        таймаут | превышено время | タイムアウト | 超时 | 逾時 | 시간 초과 | zaman aşımı | przekroczono limit czasu |
        timeout exceeded | timing out | times out | time out | httpx.timeout | request timed | request timeout |
        request time-out | ns_error_net_timeout | {error,timeout} | {:error, :timeout} | ] timeout |
        error: timeout | reason: timeout | reason: :timeout | transporterror) timeout | in timeout |
        source: timedout | operation_timedout | timeout für den vorgang | zeitlimit | l'opération a expiré |
        getting timeouts | got a timeout | get a timeout | gets a timeout | hit a timeout | into a timeout |
        dando timeout | da timeout | dá timeout | ein timeout | einen timeout | en timeout |
        the timeout specified has expired | interruptedioexception: timeout | poco exception: timeout |
        response header: timeout | failed: :timeout | timeout in read
        """,
    ),
    *_rows(Failure.DEADLINE, 1, "operation was aborted"),  # by a timer, as a rule
    # Refused, unreachable: errno texts of the operating systems and their wrappers
    *_rows(
        Failure.REFUSED,
        3,
        """
        connection refused | econnrefused | actively refused | connectionrefusederror | err_connection_refused |
        winerror 10061 | (10061) | errno 111 | errno 61] | couldn't connect to server |
        could not connect to server | no listener | curl: (7) | wsaeconnrefused | verbindung verweigert |
        verbindung abgelehnt | connexion refusée | conexión rechazada | conexão recusada | connessione rifiutata |
        соединение отклонено | отказано в соединении | ns_error_connection_refused | 接続が拒否 | 连接被拒绝 |
        拒绝连接 | 연결이 거부 | conexión fue rechazada | connexion a été refusée | verbindungsaufbau abgelehnt |
        die verbindung verweigerte | l'a expressément refusée | denegó expresamente | conexión rehusada |
        rifiuto persistente | couldnt_connect | 443/tcp closed
        """,
    ),
    *_rows(
        Failure.UNREACHABLE,
        3,
        """
        no route to host | network is unreachable | network unreachable | host is unreachable | enetunreach |
        ehostunreach | ehostdown | err_internet_disconnected | err_address_unreachable | errno 101 | errno 113 |
        errno 65] | unreachable host | unreachable network | noroutetohostexception |
        internet connection appears to be offline | err_network_changed | enetdown | winerror 10051 |
        winerror 10065 | network is down | keine route zum zielrechner | netzwerk ist nicht erreichbar |
        aucun chemin d'accès pour atteindre l'hôte | réseau n'est pas accessible | ninguna ruta hasta el host |
        la red es inaccesible | warning: tcp connect to ( | exception: address unavailable
        """,
    ),
    *_rows(
        Failure.RESET,
        3,
        """
        error in the pull function | error in the push function | connection reset | econnreset |
        connectionreseterror | forcibly closed | err_connection_reset | errno 104 | errno 54] | winerror 10054 |
        recv failure | connection was reset | reset by peer | broken pipe | epipe | connection aborted | wsaeconnreset |
        curl: (56) | verbindung zurückgesetzt | ns_error_net_reset | ns_error_net_interrupt |
        kommunikationspartner zurückgesetzt | vom remotehost geschlossen | réinitialisée par le correspondant |
        ré-initialisée par le correspondant | fermée par l'hôte distant | reinicializada por la máquina remota |
        forzado la interrupción de una conexión
        """,
    ),
    # curl's error 47, requests, aiohttp, Go, Node's fetch and follow-redirects, PHP, Java, browsers
    *_rows(
        Failure.REDIRECTS,
        4,
        """
        redirects followed | toomanyredirects | too many redirects | exceeded 30 redirects |
        redirect count exceeded | maximum number of redirects exceeded | err_fr_too_many_redirects |
        err_too_many_redirects | maximum amount of redirections reached | redirection limit reached |
        redirected too many times | redirected you too many times | too many redirections | redirect limit of |
        redirectlimitreached | maximum redirect reached | maximum redirects exceeded |
        maximum redirections reached | redirects hit maximum | stopped after | circular redirect |
        exceedredirectcount | too many follow-up requests | maximum redirect count | unexpectedredirect |
        unexpected redirect | redirect mode is set to error | creates an infinite loop
        """,
    ),
    *_rows(
        Failure.CLOSED,
        3,
        """
        non-properly terminated | connection closed unexpectedly | empty reply from server | remotedisconnected |
        remote end closed connection | server disconnected | serverdisconnectederror |
        disconnected without sending a response | socket hang up | other side closed | und_err_socket |
        premature eof | prematurely closed | err_empty_response | unexpected end of file from server |
        nohttpresponseexception | failed to respond | end of file reached | curl: (52) | no data received |
        server closed connection | eoferror | connection was closed | underlying connection was closed |
        header parser received no bytes | response ended prematurely | read: eof | ": eof | server closed idle |
        unexpected eof | transport endpoint | connection closed by | closed by remote | err_connection_closed |
        return_code=got_nothing | curle_got_nothing | connection closed before | closed by the remote host |
        was not closed cleanly | unexpected end of stream on
        """,
    ),
    *_rows(
        Failure.NOT_HTTP,
        3,
        """
        malformed http | badstatusline | bad status line | http/0.9 | illegal status line |
        parse error: expected http | hpe_invalid | received http/0.9 | invalid http | curl: (1) |
        unsupported protocol version | invalid status line | not a valid http | invalid header received |
        err_invalid_http_response | no status line | malformed status | protocolexception | curl: (8) |
        unparseable http | badhttpresponse
        """,
    ),
    # Wrappers that say only that there was no connection
    *_rows(
        Failure.CLOSED,
        1,
        """
        fetch failed | no response from server | http request failed! | read error ( |
        failed to open tcp connection | connectionerror | network error | err_network | clientconnectorerror |
        connectexception | connecterror | clientoserror | failed to fetch | unable to connect | can't connect |
        cannot connect | could not connect | failed to connect | connection failed | no internet |
        all connection attempts failed | networkerror | an error occurred while sending the request |
        unable to establish | remoteprotocolerror | httpcore.readerror | httpcore.writeerror |
        httpcore.networkerror | max retries exceeded | no se puede conectar | verbindung fehlgeschlagen |
        keine verbindung | impossible de se connecter | connection error | feign.retryableexception |
        verbindung mit dem remoteserver kann nicht | se connecter au serveur distant |
        conectar con el servidor remoto | connessione al server remoto | econnection | typeerror: load failed |
        接続できません | could not open a connection to host | error connecting to server under test | 无法连接 | 연결할 수 없 |
        não consigo conectar | no puedo conectar | nie można połączyć
        """,
    ),
)


OF_CERTIFICATES = frozenset({"not yet activated", "not trusted", "cannot verify", "name mismatch", "http_request"})
"""Needles that tell of a failure only beside a certificate: "cannot verify the API key" tells of none."""
CERTIFICATE_WORDS = (
    "certific",
    "zertifik",
    "ssl",
    "tls",
    "x509",
    "issuer",
    "sectrust",
    "self signed",
    "self-signed",
    "hostname",
)


class BodyWords(NamedTuple):
    """A needle and the fault of a 2xx body that a client's parser complains about."""

    needle: str
    fault: BodyFault


def _faults(fault: BodyFault, block: str) -> tuple[BodyWords, ...]:
    return tuple(BodyWords(needle, fault) for needle in needles_of(block))


BODY_FAULTS: tuple[BodyWords, ...] = (
    # Content-Encoding that does not match: zlib, brotli, zstd; requests, httpx, aiohttp, Node, curl 61, Go, Chromium
    *_faults(
        BodyFault.UNDECODABLE,
        """
        incorrect header check | z_data_error | contentdecodingerror | decodingerror | contentencodingerror |
        not a gzipped file | badgzipfile | while decompressing | error decoding response |
        err_content_decoding_failed | curl: (61) | unrecognized content encoding |
        unrecognized or bad http content | failed to decode it | gzip: invalid header | zlib: invalid header |
        not in gzip format | zlib.error | invalid gzip header | brotli: | decompression failed |
        decoder process called | unable to decompress | can not decode content-encoding | zlib:: |
        magic number in gzip header | failed writing received data | invalid stored block lengths |
        err__error_format | unexpected error decompressing | the magic number | invaliddataexception
        """,
    ),
    # Bodies that ended early
    *_faults(
        BodyFault.TRUNCATED,
        """
        stream has been aborted | typeerror: terminated | error: aborted | contentlengthmismatch |
        body length does not match | connection closed at byte | not enough data to satisfy |
        not enough data for satisfy | incompleteread | outstanding read data remaining | curl: (18) |
        transfer closed with | unexpected end of json | unterminated string |
        without sending complete message body | premature close | err_stream_premature_close |
        clientpayloaderror | err_content_length_mismatch | err_incomplete_chunked | unexpected end of input |
        premature end of content-length | end of file before message length | chunkedencodingerror |
        invalidchunklength | err_http2_protocol_error | unexpected end-of-input | unexpected eof while parsing |
        response payload is not completed | premature end of chunk | unexpected end of stream | body ended |
        unexpected end when reading json | read error at byte | response_content_length_mismatch |
        terminated: other side closed | ended prematurely, with at least | fixed content-length: |
        parse error: premature eof | decode: unexpected eof
        """,
    ),
    # Validation of a body that is JSON and of another shape: pydantic, zod, serde, Jackson, Go, kotlinx, Swift, .NET
    *_faults(
        BodyFault.WRONG_SHAPE,
        """
        [type=missing, input | [type=dict_type, input | [type=model_type, input | zoderror | missing field ` |
        cannot unmarshal | missingfieldexception | mismatchedinputexception | keynotfound( |
        missing required properties | keyerror: 'account' | keyerror: 'apikey' | keyerror: 'connections' |
        key not found: "account" | key not found: :account | ' not found on 'http |
        notransformationfoundexception | code: 'invalid_type' | "code": "invalid_type"
        """,
    ),
    *_faults(BodyFault.EMPTY, "response body is empty | body was empty | empty response body"),
    # A JSON parser that met a page
    *_faults(
        BodyFault.HTML,
        """
        unexpected token '<' | unexpected token < | invalid character '<' |
        unexpected character encountered while parsing value: < | '<' is an invalid start of a value |
        unexpected character ('<' | attempt to decode json with unexpected mimetype: text/html | html login page |
        an html page | html instead of json | page instead of json | unexpected token at '< | unexpected token: '< |
        unexpected mimetype: text/html | unexpected content type 'text/html'
        """,
    ),
    # A JSON parser that met something else
    *_faults(
        BodyFault.NOT_JSON,
        """
        jsondecodeerror | expecting value: line | is not valid json | json parse error | jsonparseexception |
        json::parsererror | looking for beginning of value | unexpected token | contenttypeerror |
        unexpected mimetype | failed to parse json | json_error_syntax | jsonexception | syntaxerror: json |
        invalid json | malformed json | jsonreaderexception | unexpected character | could not parse response |
        json.parse: | not valid json | invalid start of a value | json decode error | invalidjsonerror |
        expecting property name | malformed response from | expected begin_object but was | kind: decode |
        accept malformed json | deserializationexception | expected json value |
        unknowncontenttypeexception | jsonparsingerror | parse error: invalid numeric literal |
        content-type is not json | unexpected content type | expected object or value
        """,
    ),
)


# Who answered -----------------------------------------------------------------------------------------------


class PageWords(NamedTuple):
    """A needle of an intermediary's page or header, and whose it is."""

    needle: str
    who: Intermediary


def _pages(who: Intermediary, block: str) -> tuple[PageWords, ...]:
    return tuple(PageWords(needle, who) for needle in needles_of(block))


# Pages and headers of what stands in between: products' default pages and header names.
INTERMEDIARIES: tuple[PageWords, ...] = (
    *_pages(
        Intermediary.CAPTIVE_PORTAL,
        """
        captive portal | captiveportal | hotspot login | wi-fi login | wifi login |
        network authentication required | guest wifi | accept the terms to get online | nodogsplash |
        unifi guest | hotel wifi | hotel wi-fi
        """,
    ),
    *_pages(
        Intermediary.PROXY,
        """
        proxy tunneling failed | tunneling socket could not be established, statuscode | proxy tunnel |
        clienthttpproxyerror | connect tunnel failed | proxyerror: 401 | proxyerror: 403 |
        tunnel connection failed | from proxy after connect | x-squid-error | squid/ | (squid |
        proxy authentication required | proxy-authenticate: | zscaler | forcepoint | bluecoat | blue coat |
        fortiguard | fortigate | mcafee web gateway | cisco umbrella | proxy server received |
        err_tunnel_connection_failed | sophos web | netskope | palo alto networks | web filter | err_access_denied |
        the cache administrator | x-bluecoat | websense | proxy error | ironport | check point software |
        usercheck portal | in accordance with company policy | web page blocked | proxy-connection failed |
        proxy responded | bad response: 407 |
        received http code 403 from proxy | tcp_denied
        """,
    ),
    *_pages(
        Intermediary.CLOUDFLARE,
        """
        just a moment... | cf-mitigated | cf-error-details | cf-error-code | sorry, you have been blocked |
        cloudflare ray id | <center>cloudflare</center> | performance & security by cloudflare |
        cf-browser-verification | challenge-platform | you are being rate limited | cloudflare challenge | cdn-cgi/ |
        cloudflare_error | cf_chl | cloudflare block | cloudflare error |
        enable javascript and cookies to continue | blocked by cloudflare | checking your browser before |
        used cloudflare to restrict access | unable_to_access
        """,
    ),
    PageWords("attention required! | cloudflare", Intermediary.CLOUDFLARE),
    *_pages(
        Intermediary.FIREWALL,
        """
        incapsula | imperva | x-iinfo | akamaighost | errors.edgesuite.net | sucuri | mod_security | modsecurity |
        the requested url was rejected | aws waf | awselb/2.0 403 | request could not be satisfied | wordfence |
        barracuda | x-datadome | datadome | perimeterx | fastly error | request blocked |
        web application firewall | x-sucuri | generated by cloudfront | x-amzn-waf |
        your access to this site has been limited | azure front door | microsoft-azure-application-gateway |
        blocked by your | blocked by our | blocked by the firewall | blocked by administrator |
        blocked by the administrator | blocked by checkpoint | checkpoint firewall | blocked by a firewall |
        blocked by security | blocked by network policy | f5 big-ip | reference #18. | waf rule | by firewall |
        rbac: access denied | rbac_access_denied
        """,
    ),
    *_pages(
        Intermediary.GATEWAY,
        """
        <center>nginx | <center>openresty | awselb | varnish | envoy | upstream connect error | haproxy |
        traefik | no healthy upstream | heroku | apache server at | <address>apache | caddy | microsoft-iis |
        kong/ | no available server | application failed to respond | railway | fly.io
        """,
    ),
)
CDN_CODE = re.compile(  # searched in lower case
    r"error(?:(?<!\werror)(?: code)?:?\s{0,3}|(?<=\"error)_code\":\s{0,3}|(?<=cf-error)-code\">)(1\d{3})\b"
)

# Other vendors ----------------------------------------------------------------------------------------------

OUR_DOMAIN = "outboundsync.com"
OUR_PATH = "/api/v1/me"
DOC_PREFIXES = ("docs.", "doc.", "developer.", "developers.", "help.", "support.", "status.", "learn.", "community.")
# Hosts that errors point to for reading, or that hold logs: no request of the user went there.
DOC_HOSTS = needles_of(
    """
    mozilla.org | httpstatuses.com | httpstatuses.io | http.cat | httpwg.org | ietf.org | rfc-editor.org |
    w3.org | readthedocs.io | curl.se | haxx.se | nodejs.org | python.org | nel.cloudflare.com |
    support.cloudflare.com | www.cloudflare.com | developers.cloudflare.com | stackoverflow.com |
    docs.github.com | docs.microsoft.com | learn.microsoft.com | aka.ms | go.microsoft.com | sentry.io |
    example.com | example.org | json-schema.org | schemas.xmlsoap.org | example.net | hubs.ly | wikipedia.org
    """
)


class Vendor(NamedTuple):
    """Another vendor: its name, the domains of its API, words that name it in prose."""

    name: str
    domains: tuple[str, ...]
    words: tuple[str, ...]


VENDORS: tuple[Vendor, ...] = (
    Vendor("HubSpot", ("hubapi.com", "hubspot.com", "hsforms.com"), ("hubspot",)),
    Vendor("Salesforce", ("salesforce.com", "force.com", "sforce.com"), ("salesforce", "sfdc")),
    Vendor("Smartlead", ("smartlead.ai",), ("smartlead",)),
    Vendor("Instantly", ("instantly.ai",), ("instantly.ai", "instantly api", "instantly")),
    Vendor("EmailBison", ("emailbison.com", "bison.email"), ("emailbison", "email bison")),
    Vendor("HeyReach", ("heyreach.io",), ("heyreach",)),
    Vendor("OpenAI", ("openai.com", "openai.azure.com"), ("openai", "chatgpt")),
    Vendor("Anthropic", ("anthropic.com",), ("anthropic",)),
    Vendor("GitHub", ("api.github.com", "github.com"), ("github api", "github rest")),
    Vendor("GitLab", ("gitlab.com",), ("gitlab api",)),
    Vendor("Slack", ("slack.com",), ("slack api",)),
    Vendor("Stripe", ("stripe.com",), ("stripe",)),
    Vendor("SendGrid", ("sendgrid.com", "sendgrid.net"), ("sendgrid",)),
    Vendor("Google", ("googleapis.com", "google.com"), ("google api", "gmail api", "google sheets")),
    Vendor("AWS", ("amazonaws.com", "aws.amazon.com"), ("aws s3", "amazon s3", "dynamodb")),
    Vendor(
        "Azure",
        ("azure.com", "windows.net", "microsoftonline.com", "graph.microsoft.com", "office365.com", "outlook.com"),
        ("microsoft graph", "azure ad", "entra id"),
    ),
    Vendor("Apollo", ("apollo.io",), ("apollo.io", "apollo api")),
    Vendor("Pipedrive", ("pipedrive.com",), ("pipedrive",)),
    Vendor("Zoho", ("zohoapis.com", "zoho.com"), ("zoho",)),
    Vendor("Twilio", ("twilio.com",), ("twilio",)),
    Vendor("Mailgun", ("mailgun.net",), ("mailgun",)),
    Vendor("Notion", ("notion.com", "notion.so"), ("notion api",)),
    Vendor("Airtable", ("airtable.com",), ("airtable",)),
    Vendor("Shopify", ("myshopify.com", "shopify.com"), ("shopify",)),
    Vendor("Intercom", ("intercom.io",), ("intercom api",)),
    Vendor("Clay", ("clay.com", "clay.run"), ()),
    Vendor("Lemlist", ("lemlist.com",), ("lemlist",)),
    Vendor("Outreach", ("outreach.io",), ("outreach.io",)),
    Vendor("Salesloft", ("salesloft.com",), ("salesloft",)),
    Vendor("Zapier", ("zapier.com",), ()),
    Vendor("Make", ("make.com", "integromat.com"), ()),
    Vendor("Postman", ("postman-echo.com",), ()),
    Vendor("Datadog", ("datadoghq.com",), ("datadog api",)),
    Vendor("Cloudflare", ("api.cloudflare.com",), ("cloudflare api",)),
    Vendor("Jira", ("atlassian.net", "atlassian.com"), ("jira api", "atlassian api")),
    Vendor("Docker Hub", ("docker.io", "docker.com"), ("docker hub",)),
    Vendor("Supabase", ("supabase.co",), ("supabase",)),
    Vendor("Calendly", ("calendly.com",), ("calendly",)),
    Vendor("Discord", ("discord.com",), ("discord api",)),
    Vendor("Telegram", ("api.telegram.org",), ()),
    Vendor("LinkedIn", ("linkedin.com",), ("linkedin api",)),
    Vendor("Facebook", ("facebook.com",), ("facebook api", "meta api")),
    Vendor("Linear", ("linear.app",), ("linear api",)),
    Vendor("Gemini", ("generativelanguage.googleapis.com",), ("gemini api",)),
    Vendor("Mistral", ("mistral.ai",), ("mistral api",)),
    Vendor("Groq", ("groq.com",), ()),
    Vendor("Clearbit", ("clearbit.com",), ("clearbit",)),
    Vendor("ZoomInfo", ("zoominfo.com",), ("zoominfo",)),
    Vendor("Zendesk", ("zendesk.com",), ("zendesk",)),
    Vendor("ActiveCampaign", ("api-us1.com", "activehosted.com"), ("activecampaign",)),
    Vendor("Mailchimp", ("mailchimp.com",), ("mailchimp",)),
    Vendor("Close", ("close.com",), ("close crm",)),
    Vendor("ElevenLabs", ("elevenlabs.io",), ("elevenlabs",)),
    Vendor("Attio", ("attio.com",), ("attio",)),
    Vendor("Snowflake", ("snowflakecomputing.com",), ("snowflake",)),
)  # fmt: skip


UNRELATED = needles_of(
    """
    psycopg | sqlalchemy | redis.exceptions | pymongo | mysql.connector | pymysql | sqlite3. | pika.exceptions |
    kafka.errors | docker daemon | kubelet | celery.backends | aioredis | jdbc | ioredis |
    prisma | sequelize | mongoose | sqlstate[ | dependency tree | resolutionimpossible | peer dep | i.posthog.com
    """
)
"""Databases, queues and machinery whose failures are no HTTP exchange, and what only reports on programs."""


class Shape(NamedTuple):
    """Needles that are all in one error object of a vendor. Sources: the vendors' public error references."""

    vendor: str
    needles: tuple[str, ...]


# How the names of the error classes of both begin: `openai.AuthenticationError`, `anthropic.RateLimitError`.
_SDK_ERRORS = ("auth", "rate", "api", "bad", "perm", "notf", "internal", "overloaded", "error", "unproc", "conflict")
VENDOR_SHAPES: tuple[Shape, ...] = (
    Shape("HubSpot", ("correlationid=", "category=")),
    Shape("HubSpot", ("correlationid=", "status=error")),
    Shape("HubSpot", ("invalid_authentication",)),
    Shape("HubSpot", ("missing_scopes",)),
    Shape("HubSpot", ("ten_secondly_rolling",)),
    Shape("HubSpot", ("rate_limits", "policyname")),
    Shape("HubSpot", ("errortype=rate_limit", "policyname=")),
    Shape("Salesforce", ("invalid_session_id",)),
    Shape("Salesforce", ("request_limit_exceeded",)),
    Shape("Salesforce", ("api_disabled_for_org",)),
    Shape("Salesforce", ("api_currently_disabled",)),
    Shape("Salesforce", ("insufficient_access",)),
    Shape("Salesforce", ("session expired or invalid",)),
    Shape("Salesforce", ("errorcode=", "api is not enabled for this organization")),
    Shape("Salesforce", ("invalid_grant", "expired access/refresh token")),
    Shape("EmailBison", ("message=unauthenticated.",)),
    Shape("OpenAI", ("invalid_request_error", "incorrect api key provided")),
    Shape("OpenAI", ("invalid_request_error", "param=")),
    Shape("OpenAI", ("insufficient_quota",)),
    *(Shape("OpenAI", (f"openai.{name}",)) for name in _SDK_ERRORS),
    Shape("OpenAI", ("platform.openai.com",)),
    Shape("OpenAI", ("rate_limit_exceeded", "param=")),
    Shape("Anthropic", ("authentication_error",)),
    Shape("Anthropic", ("type=error", "rate_limit_error")),
    Shape("Anthropic", ("overloaded_error",)),
    Shape("Anthropic", ("invalid x-api-key",)),
    *(Shape("Anthropic", (f"anthropic.{name}",)) for name in _SDK_ERRORS),
    Shape("GitHub", ("docs.github.com/rest",)),
    Shape("GitHub", ("bad credentials", "documentation_url")),
    Shape("GitHub", ("secondary rate limit",)),
    Shape("GitHub", ("octokit",)),
    Shape("Slack", ("invalid_auth", "ok=false")),
    Shape("Slack", ("not_authed", "ok=false")),
    Shape("Slack", ("slackapierror",)),
    Shape("Slack", ("ratelimited", "ok=false")),
    Shape("Stripe", ("invalid api key provided",)),
    Shape("Stripe", ("stripe.com/docs",)),
    Shape("Stripe", ("stripe.error",)),
    Shape("Stripe", ("request_log_url",)),
    Shape("Stripe", ("stripeauthenticationerror",)),
    Shape("SendGrid", ("authorization grant is invalid",)),
    Shape("SendGrid", ("field=null", "help=null")),
    Shape("SendGrid", ("access forbidden", "field=null")),
    Shape("Google", ("type.googleapis.com",)),
    Shape("Google", ("www.googleapis.com",)),
    Shape("Google", ("googleapiclient.errors",)),
    Shape("Google", ("api key not valid. please pass a valid api key",)),
    Shape("Google", ("request had invalid authentication credentials",)),
    Shape("Google", ("userratelimitexceeded",)),
    Shape("Google", ("accessnotconfigured",)),
    Shape("Elasticsearch", ("security_exception",)),
    Shape("Cloudflare", ("x-auth-email",)),
    Shape("OpenAI", ("openai-processing",)),
    Shape("AWS", ("x-amzn-requestid",)),
    Shape("AWS", ("unrecognizedclientexception",)),
    Shape("AWS", ("invalidaccesskeyid",)),
    Shape("AWS", ("signaturedoesnotmatch",)),
    Shape("AWS", ("invalidclienttokenid",)),
    Shape("AWS", ("botocore.exceptions",)),
    Shape("AWS", ("operation error ", "https response error")),
    Shape("AWS", ("an error occurred (", ") when calling the")),
    Shape("AWS", ("<code>accessdenied</code>",)),
    Shape("AWS", ("<hostid>", "<requestid>")),
    Shape("AWS", ("throttlingexception", "__type")),
    Shape("AWS", ("missing authentication token",)),
    Shape("Azure", ("invalidauthenticationtoken",)),
    Shape("Azure", ("aadsts",)),
    Shape("Azure", ("authorization_requestdenied",)),
    Shape("Azure", ("innererror", "client-request-id")),
    Shape("Azure", ("missing subscription key",)),
    Shape("Twilio", ("more_info", "twilio")),
    Shape("Notion", ("object=error",)),
    Shape("Airtable", ("authentication_required", "error", "airtable")),
    Shape("Shopify", ("invalid api key or access token",)),
    Shape("Cloudflare", ("success=false", "result=null", "code=")),
    Shape("HeyReach", ("x-api-key", "heyreach")),
    Shape("Discord", ("retry_after=", "global=")),
    Shape("Zoho", ("invalid_oauthtoken",)),
    Shape("Zoho", ("invalid oauth token",)),
    Shape("Apollo", ("api_inaccessible",)),
    Shape("Mailgun", ("mailgun magnificent api",)),
    Shape("Docker Hub", ("toomanyrequests: you have reached your",)),
    Shape("a JWT-protected service", ("jwt expired",)),
    # The vendors' own client libraries and command lines, by the names that their errors go by
    *(
        Shape("HubSpot", (f"hubspot.{name}",))
        for name in ("crm", "client", "auth", "cms", "files", "marketing", "oauth", "utils")
    ),
    Shape("Slack", ("slack_sdk.errors",)),
    Shape("Google", ("google.api_core",)),
    Shape("Google", ("google.genai",)),
    Shape("Google", ("generativelanguage",)),
    Shape("Google", ("generative language api",)),
    Shape("Azure", ("azure.core.exceptions",)),
    Shape("Twilio", ("twilio.base",)),
    Shape("Notion", ("notion_client.errors",)),
    Shape("GitHub", ("gh: not found",)),
    Shape("GitHub", ("gh: bad credentials",)),
    Shape("GitHub", ("gh: http",)),
    Shape("Salesforce", ("sforce.com", "fault")),
    Shape("Salesforce", ("sf:invalid",)),
    Shape("Salesforce", ("invalid_login",)),
)
