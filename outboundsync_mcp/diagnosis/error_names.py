"""What the names, numbers and rarer messages of errors say: read where no table of the reader knows a text's words.

A name tells by its own words, whoever made it: `ICM_HTTP_SSL_PEER_CERT_UNTRUSTED`, `TlsHandshakeException`. So a
program that nobody has seen before is understood as far as its author named the error well.
"""

import re
from typing import NamedTuple

from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure
from outboundsync_mcp.diagnosis.patterns import needles_of

Outcome = Failure | BodyFault


class ErrorName(NamedTuple):
    """What an error's name, number or message says, and how specific that is (2: the cause, 1: that there was one)."""

    outcome: Outcome
    rank: int


# libcurl's numbers: https://curl.se/libcurl/c/libcurl-errors.html
_CURL_CODE = re.compile(r"(?i)(?:\b|py)curl(?:e|[ _-]?error|\.error)?:? ?\(?(\d{1,2})[):,]")
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
    r"(?i)(?:winhttp|wininet|winsock|wsa|socket|nsurlerror\w{0,8}|kcferrordomaincfnetwork)\b[^\n\d-]{0,40}(-?\d{4,5})\b"
    r"|(?<![\da-f])(?:0x)?8007(2[ef][\da-f]{2})(?![\da-f])"
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
_HRESULT = re.compile(r"(?i)0x800(?P<schannel>90)?(?:[39]|b0|92)[\da-f]{3}(?![\da-f])")


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
        certificate verify error | invalid certificate | certificate invalid | certificate check failed |
        untrusted root | certificate chain was issued by | certificate not trusted | wrong certificate |
        certificate problem | certificate could not be verified | could not verify the certificate |
        certificate is invalid | certificate validation failure | cert verify failed | check revocation |
        remote certificate | peer certificate | trustanchors
        """,
    ),
    *_rows(
        Failure.TLS_HANDSHAKE,
        """
        local ssl certificate | specified ssl cipher | shut down the ssl | alert certificate required |
        unrecognized name | protocols available | shared cipher | dh key too small | ca md too weak |
        ee key too small | legacy renegotiation | bad signature type | bad record mac | error in ssl |
        supported cipher suites | server name sent was not | [ssl: | secure channel | tls negotiation | tls_alert |
        corrupt message of type | enable crypto | ssl negotiation | handshake fail | tls failed | ssl failed |
        handshake error | handshake with | tls error | failed handshake | security error occurred | schannel |
        possess a common algorithm | no appropriate protocol | secure connection failed | protocol or cipher suite |
        connect eproto | fatal alert
        """,
    ),
    *_rows(
        Failure.DNS,
        """
        querya e | getaddrinfo | servfail | eservfail | enodata | name not resolved | host not resolved |
        could not be resolved | unknown hostname | no dns | dns server returned | lookup failed |
        unable to look up | cannot find host | no data of the requested type | hostname not found |
        server with the specified hostname | resolving host failed | not known host | no such device or address
        """,
    ),
    *_rows(
        Failure.DEADLINE,
        """
        timeout was reached | maximum allowed response time | within the timeout | receive timeout |
        inactivity timeout | checkout_timeout | timed-out | time limit | timeout while | timeout expired
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
        network is offline | connection is not currently allowed | no network | not connected to the internet |
        eaddrnotavail | cannot assign requested address | can't assign requested address | connect eacces |
        connect eperm | network dropped
        """,
    ),
    *_rows(
        Failure.RESET,
        """
        failed sending data to the peer | receiving data from the peer | connection abort | enotconn |
        socket is not connected | error in the http2 framing layer | error in the http/2 framing layer | goaway |
        stream error: | connection was lost | connection lost | lost connection
        """,
    ),
    *_rows(
        Failure.CLOSED,
        """
        server returned nothing | : eof | closed} | :closed | reason: closed | closed_remotely | server_closed |
        :disconnected | premature connection close | close_notify | xmlhttprequest error | closed the connection |
        connection dropped | connection was aborted | terminated abnormally | eof reached | connection terminated |
        hung up | no response received | unexpected end of stream | connect fail
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
        closed while receiving | transferred a partial file | partial response | incomplete response | invalid chunk
        """,
    ),
)

# Constants and classes that name an error: `CURLE_RECV_ERROR`, `net::ERR_CERT_REVOKED`, `DnsResolveError`.
_NAME = re.compile(
    r"(?<![A-Za-z\d_$.])(?:(?=[A-Z\d_]{0,60}(?:ERR|CURLE_|_E_|FAIL|INVALID|HPE_|CERT_|MISMATCH|EXCEED))[A-Z][A-Z\d]{1,30}"
    r"(?:_[A-Z\d]{1,40}){1,12}|WSA[A-Z_]{4,30})(?![A-Za-z\d_=]|\s?=\s?[\w\"'/])"
    r"|(?<![A-Za-z\d_$])[A-Z][A-Za-z\d]{2,60}(?:Error|Exception|Failure|Fault|Failed|Timeout)(?![A-Za-z\d_=(])"
    r"|^\s{0,8}[A-Z][a-z]+(?:[A-Z][a-z]+){1,4}\s*$"
    r"|(?:(?<=Error: )|(?<=Error::)|(?<=Error\()|(?<=kind: )"
    r"|(?<=rCode: )|(?<=tatus: )|(?<=rCode\.)|(?<=Error\.))[A-Z][A-Za-z]{3,30}(?!\w)"  # .NET's enumerations
)
_NAME_HINTS = needles_of(
    """
    err | exception | fail | fault | timeout | _e_ | invalid | hpe_ | cert_ | mismatch | exceed | wsa | curle_ | kind: |
    tatus:
    """
)
"""Of which one is in every line with such a name, if the name is not all of the line."""
_OF_STATUS = re.compile(r"gateway|http_?\d{3}|proxyauth|request_?timeout(?:error|exception)?$")
# What the words of a name say, the most specific first; searched in lower case without underscores.
_WORDS: tuple[tuple[re.Pattern[str], Outcome], ...] = tuple(
    (re.compile(words), outcome)
    for outcome, words in (
        (Failure.TLS_EXPIRED, r"(?:cert|crl).{0,20}(?:expired|date)|expired.{0,12}cert"),
        (Failure.TLS_NOT_YET_VALID, r"notyetvalid|notyetactive"),
        (Failure.TLS_HOSTNAME, r"(?:host|name|cn|domain).{0,10}mismatch|commonname|certdomain|altname|wrongprincipal"),
        (Failure.PROXY, r"proxy|tunnel|socks"),
        (Failure.CONNECT_TIMEOUT, r"(?:ssl|tls|handshake).{0,16}time|(?:connect|open).{0,12}time"),
        (
            Failure.TLS_UNTRUSTED,
            r"cert(?!ain)|x509|pkix|issuer|trust|invalidca|pinned|revo(?:ked|cation)|^secerror|^crypte",
        ),
        (Failure.TLS_HANDSHAKE, r"ssl|tls|handshake|cipher|secure|echnot|^sece"),
        (
            Failure.DNS,
            r"dns|(?:host|name|addr\w{0,6}|domain|^)resolution|unknownhost|hostnotfound|namenot|tryagain|nodata",
        ),
        (Failure.REDIRECTS, r"redirect"),
        (Failure.NOT_HTTP, r"^hpe|protocolviolation"),
        (Failure.DEADLINE, r"timeout|timedout|timeexceeded|deadline"),
        (Failure.REFUSED, r"refused|cannotconnect|couldntconnect|cantconnect|connectfail"),
        (
            Failure.UNREACHABLE,
            r"unreach|offline|internetdisc|addressinvalid|networkaccess|netdown|networkdown|nonetwork",
        ),
        (BodyFault.TRUNCATED, r"partialfile|contentlength|chunk(?!load)|truncat|responseended"),
        (BodyFault.NOT_JSON, r"json.{0,12}(?:error|exception)|parsing(?:error|exception)|(?<!unicode)decodeerror"),
        (BodyFault.UNDECODABLE, r"contentdecod|contentencod|badcontent|decompress"),
        (
            Failure.RESET,
            (
                r"(?:connect|connection|stream|net|peer)reset|conn(?:ection)?abort|(?:recv|send|receive)(?:error|failure)"
                r"|connectionlost|closedchannel"
            ),
        ),
        (
            Failure.CLOSED,
            (
                r"connect|socket|http2|quic|emptyresponse|gotnothing|endoffile|network|keepalive|iosuspended|^inete"
                r"|^(?:read|write|close|protocol)error|broke(?:n|conn)"
            ),
        ),
    )
)


class ErrorNames:
    """The messages of the table that a text has, found once for the whole text, so that a line costs what it says."""

    def __init__(self, lower: str) -> None:
        self._messages = [row for row in _MESSAGES if row[0] in lower]

    def in_line(self, text: str) -> ErrorName | None:
        """What a line's error names, numbers and messages say; the most specific, and of equals the first."""
        lower = text.lower()
        outcomes: list[Outcome | None] = []
        if "curl" in lower and (match := _CURL_CODE.search(text)):
            outcomes.append(_CURL.get(int(match[1])))
        outcomes += (
            _NUMBERS.get(int(match[1] or match[2], 10 if match[1] else 16)) for match in _NUMBER.finditer(text)
        )
        if match := _HRESULT.search(text):
            outcomes.append(Failure.TLS_HANDSHAKE if match["schannel"] else Failure.TLS_UNTRUSTED)
        outcomes += (outcome for needle, outcome in self._messages if needle in lower)
        if any(hint in lower for hint in _NAME_HINTS) or text.strip().isalpha():
            outcomes += (_outcome_of(match[0].lower()) for match in _NAME.finditer(text))
        found = [ErrorName(outcome, 1 if outcome is Failure.CLOSED else 2) for outcome in outcomes if outcome]
        return max(found, key=lambda name: name.rank, default=None)


def _outcome_of(name: str) -> Outcome | None:
    if _OF_STATUS.search(name):
        return None
    words = name.replace("_", "")
    return next((outcome for pattern, outcome in _WORDS if pattern.search(words)), None)
