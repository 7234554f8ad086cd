"""What the names, numbers and rarer messages of errors say: read where no table of the reader knows a text's words.

A name tells by its own words, whoever made it: `ICM_HTTP_SSL_PEER_CERT_UNTRUSTED`, `TlsHandshakeException`. So a
program that nobody has seen before is understood as far as its author named the error well. That is a guess: a name
counts for less than a message or a number, and never makes a diagnosis likely.
"""

import re
from typing import NamedTuple

from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure
from outboundsync_mcp.diagnosis.patterns import needles_of

Outcome = Failure | BodyFault


class Told(NamedTuple):
    """What a line says of a failure, and how surely: 3 by a message or a number, 2 by a name, 1 by a wrapper's name."""

    rank: int
    outcome: Outcome


# libcurl's numbers: https://curl.se/libcurl/c/libcurl-errors.html
_CURL_CODE = re.compile(r"(?i)(?:\bcurl: \(|\bcurl[ _-]?error:? \(?|\bpycurl\.error: \()(\d{1,2})[):,]")
_CURL: dict[int, Outcome] = {
    **dict.fromkeys((1, 8, 16, 92), Failure.NOT_HTTP),
    **dict.fromkeys((5, 97), Failure.PROXY),
    6: Failure.DNS,
    7: Failure.REFUSED,
    18: BodyFault.TRUNCATED,
    23: BodyFault.UNDECODABLE,
    28: Failure.DEADLINE,
    **dict.fromkeys((35, 53, 54, 58, 59, 64, 66, 80, 98, 101), Failure.TLS_HANDSHAKE),
    47: Failure.REDIRECTS,
    **dict.fromkeys((51, 60, 77, 82, 83, 90, 91), Failure.TLS_UNTRUSTED),
    52: Failure.CLOSED,
    **dict.fromkeys((55, 56), Failure.RESET),
    61: BodyFault.UNDECODABLE,
}
# Windows Sockets and WinHTTP: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2,
# …/winhttp/error-messages. NSURLError: https://developer.apple.com/documentation/foundation/urlerror
_NUMBER = re.compile(
    r"(?i)\b(?:win(?:http|inet|sock)|nsurlerror\w{0,8}|kcferrordomaincfnetwork|(?:wsa|socket) ?(?:error|exception)s?)\b"
    r"[^\n\d-]{0,20}(-?\d{4,5})\b|(?:0x|error '|error -\d{10} \()8007(2[ef][\da-f]{2})(?![\da-f])"
)
_NUMBERS: dict[int, Outcome] = {
    **dict.fromkeys((10050, 10051, 10065, -1009, -1020), Failure.UNREACHABLE),
    **dict.fromkeys((10053, 10054, 12030, 12031, -1005), Failure.RESET),
    **dict.fromkeys((10060, 12002, -1001), Failure.DEADLINE),
    **dict.fromkeys((10061, 12029, -1004), Failure.REFUSED),
    **dict.fromkeys((11001, 11002, 11004, 12007, -1003, -1006), Failure.DNS),
    **dict.fromkeys((12044, 12157, 12175, 12185, 12186, -1200, -1205, -1206), Failure.TLS_HANDSHAKE),
    **dict.fromkeys((12037, -1201), Failure.TLS_EXPIRED),
    12038: Failure.TLS_HOSTNAME,
    **dict.fromkeys((12045, 12057, 12169, 12170, -1202, -1203), Failure.TLS_UNTRUSTED),
    -1204: Failure.TLS_NOT_YET_VALID,
    **dict.fromkeys((12156, -1007), Failure.REDIRECTS),
    **dict.fromkeys((12152, -1011), Failure.NOT_HTTP),
    **dict.fromkeys((-1015, -1016), BodyFault.UNDECODABLE),
}
# Of Schannel and of Windows's check of certificates: https://learn.microsoft.com/windows/win32/com/com-error-codes-4
_HRESULT = re.compile(r"(?i)0x80(?:(?P<schannel>0903[0-4])[\da-f]{2}|09201[23]|0b01(?:0[19ac]|0f|12))(?![\da-f])")


def _rows(outcome: Outcome, block: str) -> tuple[tuple[str, Outcome], ...]:
    return tuple((needle, outcome) for needle in needles_of(block))


# Messages, in lower case. libcurl's curl_easy_strerror, OpenSSL's X509_verify_cert_error_string and reasons, GnuTLS,
# Windows, Java, Go, http-client.
_MESSAGES: tuple[tuple[str, Outcome], ...] = (
    *_rows(Failure.PROXY, "proxy handshake error | proxy refused | proxy connect | proxy is not responding"),
    *_rows(
        Failure.TLS_UNTRUSTED,
        """
        get certificate crl | certificate signature failure | crl has expired | certificate chain too long |
        certificate revoked | certificate has been revoked | certificate was revoked | revoked certificate |
        invalid ca certificate | path length constraint | unsuitable certificate purpose | certificate rejected |
        subject issuer mismatch | certificate signing | certificate key too weak | digest algorithm too weak |
        inconsistent certificate extension | tlsa records | with the ssl ca cert | issuer check against |
        match pinned public key | certificate status verification | error in the certificate verification |
        uses insecure algorithm | verify error:num | certificate unknown | bad certificate | untrusted certificate |
        certificate is not standards compliant | certificate is revoked | unable to find certificate |
        certificate verify error | certificate invalid | certificate check failed |
        untrusted root | certificate chain was issued by | wrong certificate |
        certificate could not be verified | could not verify the certificate |
        certificate is invalid | certificate validation failure | cert verify failed | check revocation |
        trustanchors | remote certificate was rejected | peer certificate cn=
        """,
    ),
    *_rows(Failure.TLS_HOSTNAME, "remote server does not match the target address"),
    *_rows(
        Failure.TLS_HANDSHAKE,
        """
        local ssl certificate | specified ssl cipher | failed to shut down the ssl | ssslrc_ |
        incomplete ssl handshake | eof was observed that violates | alert certificate required | unrecognized name |
        protocols available | shared cipher | dh key too small | ca md too weak | ee key too small |
        legacy renegotiation | bad signature type | bad record mac | error in ssl | supported cipher suites |
        server name sent was not | [ssl: | secure channel | tls negotiation | tls_alert | corrupt message of type |
        enable crypto | ssl negotiation | handshake fail | tls failed | ssl failed | handshake error |
        failed handshake | security error occurred | possess a common algorithm | no appropriate protocol |
        secure connection failed | protocol or cipher suite | connect eproto | fatal alert
        """,
    ),
    *_rows(
        Failure.DNS,
        """
        querya e | lib: getaddrinfo | host could not be resolved | hostname could not be resolved | servfail |
        enodata | name not resolved | host not resolved | dns server returned | host lookup failed |
        unable to look up | cannot find host | no data of the requested type | hostname not found |
        server with the specified hostname | resolving host failed | not known host
        """,
    ),
    *_rows(
        Failure.DEADLINE,
        """
        timeout was reached | user timeout caused connection failure | maximum allowed response time |
        within the timeout | receive timeout | inactivity timeout | checkout_timeout | timeout while |
        timeout expired
        """,
    ),
    *_rows(
        Failure.REFUSED,
        "errno=111 | connection was refused | refused the connection | refused to connect |"
        " with the server could not be established",
    ),
    *_rows(
        Failure.UNREACHABLE,
        """
        network is offline | connection is not currently allowed | not connected to the internet |
        eaddrnotavail | cannot assign requested address | can't assign requested address | connect eacces |
        connect eperm | network dropped
        """,
    ),
    *_rows(
        Failure.RESET,
        """
        failed sending data to the peer | receiving data from the peer | stream error: stream id |
        network connection was lost | connection abort | enotconn | socket is not connected |
        error in the http2 framing layer | error in the http/2 framing layer | sent goaway |
        network connection lost | client connection lost
        """,
    ),
    *_rows(
        Failure.CLOSED,
        """
        server returned nothing | without sending tls close_notify | error, :closed | reason: :closed |
        closed_remotely | server_closed | :disconnected | premature connection close | xmlhttprequest error |
        closed the connection | connection dropped | connection was aborted | terminated abnormally | eof reached |
        connection terminated | unexpected end of stream | connect fail
        """,
    ),
    *_rows(Failure.NOT_HTTP, "wrong status line | bad server response"),
    *_rows(
        Failure.REDIRECTS,
        """
        redirectiontoodeep | too many http redirects | redirect loop | redirected in a loop | redirection loop |
        endless redirect
        """,
    ),
    *_rows(BodyFault.NOT_JSON, "jsonserializationfailed | code=3840 | jason.decodeerror"),
    *_rows(
        BodyFault.UNDECODABLE,
        """
        cannot decode raw | cannot decode content | brotli.error | brotlidecoder | zstderror | decompressing |
        while decoding the content
        """,
    ),
    *_rows(
        BodyFault.TRUNCATED,
        """
        closed while receiving | transferred a partial file | invalid chunk size
        """,
    ),
)

_CONSTANT = re.compile(  # `CURLE_RECV_ERROR`, `net::ERR_CERT_REVOKED`; no setting with its value
    r"(?<![A-Za-z\d_$.])(?:(?=(?:[A-Z\d]{1,40}_){0,8}(?:S*L?ERR|CURLE_|E_|FAIL|INVALID|HPE_|CERT_|MISMATCH|EXCEED))"
    r"[A-Z][A-Z\d]{0,30}(?:_[A-Z\d]{1,40}){1,12}(?<!CERT_FILE)(?<!KEY_FILE)(?<!_DIR)(?<!_PATH)(?<!_URL)(?<!_RETRIES)(?<!_ERRORS)"
    r"|WSA[A-Z_]{4,30})(?![A-Za-z\d_=]|\s?=\s?[\w\"'/])"
)
_CLASS = re.compile(  # `DnsResolveError`; no call and no setting
    r"(?<![A-Za-z\d_$])[A-Z][A-Za-z\d]{2,60}(?:Error|Exception|Failure|Fault|Failed|Timeout)"
    r"(?![A-Za-z\d_=(]|: ?\d|\.\w| \d)"
)
_VALUE = re.compile(  # of .NET's enumerations, Rust's and Ruby's: `SocketErrorCode: HostNotFound`, `{ kind: TimedOut`
    r"(?:(?<=Error::)|(?<=Error\()|(?<=\{ kind: )|(?<=rCode: )|(?<=ceptionStatus: )|(?<=rCode\.)|(?<=Error\.))"
    r"[A-Z][A-Za-z]{3,30}(?!\w)|(?<=Error: )[A-Z][a-z]{1,20}(?:[A-Z][a-z]{1,20}){1,4}(?!\w)"
)
_HASKELL = re.compile(r"^ ((?:Connection|Response)Timeout|ConnectionClosed|NoResponseDataReceived)$")  # http-client's
_HINTS = needles_of(
    """
    err | exception | fail | fault | timeout | _e_ | invalid | hpe_ | cert_ | mismatch | exceed | wsa | curle_ |
    kind:
    """
)
"""Of which one is in every line that names an error."""
# Code and questions, which name errors that have not happened.
_NOT_HAPPENED = re.compile(r"\b(?:class|extends|instanceof|import|export|except|catch|rescue|raises?|throws?)\b|\?\s*$")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_OF_STATUS = re.compile(
    r" gateway| http ?\d{3}\b| proxy auth|^ request timeout(?: error| exception)?$"
)  # 504, 407, 408
# What the words of a name say, the most specific first; searched in lower case with a space before each word.
_WORDS: tuple[tuple[re.Pattern[str], Outcome], ...] = tuple(
    (re.compile(words), outcome)
    for outcome, words in (
        (Failure.TLS_EXPIRED, r" (?:cert|crl).{0,20} (?:expired|date)| expired .{0,12}cert| cert ?has ?expired"),
        (Failure.TLS_NOT_YET_VALID, r" not ?yet ?(?:valid|active)"),
        (
            Failure.TLS_HOSTNAME,
            (
                r" host ?name mismatch| cert.{0,16} mismatch| common name| cert domain| alt ?name"
                r"| wrong principal"
            ),
        ),
        (Failure.PROXY, r" proxy(?! ?object)| tunnel| socks"),
        (Failure.CONNECT_TIMEOUT, r" (?:ssl|tls|handshake) .{0,12}time|(?: connect(?:ion)?| open) ?time ?(?:out|d)"),
        (
            Failure.TLS_UNTRUSTED,
            (
                r" (?:cert|certs|certificates?|certification|cacert|x509|pkix|truststore)\b| unknown issuer"
                r"| untrust| (?:not|chain) trust| trust (?:fail|anchor)| invalid ca\b| pinned| revocation"
                r"| secerror| sec error| mitm\b"
            ),
        ),
        (
            Failure.TLS_HANDSHAKE,
            (
                r" (?:ssl|sslv3|sslerr|ssslerr|tls|tlsv1)\b| handshake| cipher| secure (?:con|chan|fail)| ech not"
                r"| sec e "
            ),
        ),
        (
            Failure.DNS,
            (
                r" dns\b| (?:host|name|addr\w{0,6}|domain) ?(?:name )?(?:resol|lookup)"
                r"| unknown (?:host|proxy host)| host ?not ?found|^ name ?not ?resol| name not resol|^ resolution"
                r"|^ wsatry|^ wsano| try again$"
            ),
        ),
        (
            Failure.REDIRECTS,
            (
                r" (?:many|max|maximum).{0,12} redirect"
                r"| redirect(?:ion)? (?:loop|limit|too|count|error|exception)"
            ),
        ),
        (Failure.NOT_HTTP, r"^ hpe | protocol violation"),
        (Failure.DEADLINE, r" time ?out| timed ?out| time exceeded| deadline"),
        (Failure.REFUSED, r"refused| (?:cannot|couldnt|cant) connect| connect fail"),
        (
            Failure.UNREACHABLE,
            (
                r"unreach| offline| internet disc| address invalid| network access|net ?down| network down"
                r"| no network"
            ),
        ),
        (
            BodyFault.TRUNCATED,
            (
                r" partial file| content length| chunk(?:ed|s)? (?!load)| truncated (?:body|chunk|resp|error)"
                r"| response ended"
            ),
        ),
        (BodyFault.NOT_JSON, r" json .{0,12}(?:error|exception)|^ parsing error"),
        (BodyFault.UNDECODABLE, r" content (?:de|en)cod| bad content| decompress"),
        (
            Failure.RESET,
            (
                r" (?:connect|connection|stream|net|peer) ?reset|conn(?:ection)? ?abort"
                r"|(?:recv|send|receive) (?:error|failure)| connection lost| closed channel"
            ),
        ),
        (
            Failure.CLOSED,
            (
                r" connect(?:ion)? (?:io )?(?:error|exception|fail|closed|abort|drop|lost)"
                r"| socket| http ?2\b| quic| empty response| got nothing| end of file"
                r"| network\b| keep ?alive| io suspended|^ inet e |^ eof exception"
                r"|^ (?:read|write|close|protocol) error"
                r"| broken (?:resource|conn|pipe)"
            ),
        ),
    )
)


class ErrorNames:
    """The messages of the table that a text has, found once for the whole text, so that a line costs what it says."""

    def __init__(self, lower: str) -> None:
        self._messages = [row for row in _MESSAGES if row[0] in lower]

    def in_line(self, text: str) -> Told | None:
        """What a line's error names, numbers and messages say; the surest, and of equals the first."""
        lower = text.lower()
        sure: list[Outcome | None] = []
        if "curl" in lower and (match := _CURL_CODE.search(text)):
            sure.append(_CURL.get(int(match[1])))
        sure += (_NUMBERS.get(int(match[1] or match[2], 10 if match[1] else 16)) for match in _NUMBER.finditer(text))
        if match := _HRESULT.search(text):
            sure.append(Failure.TLS_HANDSHAKE if match["schannel"] else Failure.TLS_UNTRUSTED)
        sure += (outcome for needle, outcome in self._messages if needle in lower)
        if told := next((outcome for outcome in sure if outcome), None):
            return Told(3, told)
        names = _names_in(text) if any(hint in lower for hint in _HINTS) else []
        if match := _HASKELL.match(text):
            names.append(match[1])
        guesses = [
            Told(1 if outcome is Failure.CLOSED else 2, outcome) for name in names if (outcome := _of_name(name))
        ]
        return max(guesses, key=lambda told: told.rank, default=None)


def _names_in(text: str) -> list[str]:
    if _NOT_HAPPENED.search(text):
        return []
    return [match[0] for pattern in (_CONSTANT, _CLASS, _VALUE) for match in pattern.finditer(text)]


def _of_name(name: str) -> Outcome | None:
    words = f" {_HUMP.sub(' ', name)}".lower()
    if _OF_STATUS.search(words):
        return None
    return next((outcome for pattern, outcome in _WORDS if pattern.search(words)), None)
