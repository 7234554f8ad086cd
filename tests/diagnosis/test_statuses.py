"""Which numbers of a line are statuses, how plainly they are stated, which are told as over, and who answered."""

import re

import pytest

from outboundsync_mcp.diagnosis.statuses import (
    BARE,
    CUED,
    EXPLICIT,
    Judged,
    Stated,
    answering_host,
    answering_hosts,
    clauses,
    has_reason,
    statuses_in,
)

FAR_HOST = f"{'a' * 62}.{'b' * 34}.outboundsync.com"
"""As far behind a status as is looked: "401 from " and 114 characters."""


def unmarked(text: str, rank: int) -> tuple[str, list[Stated]]:
    """The text without its marks, and each `«401»` of it as a status of this rank."""
    stated = [
        Stated(int(match[1]), rank, match.start() - 2 * i, match.start() - 2 * i + 3)
        for i, match in enumerate(re.finditer("«(...)»", text))
    ]
    return text.replace("«", "").replace("»", ""), stated


@pytest.mark.parametrize(
    "text",
    [
        # a field
        "status «401»", "status: «401»", "status=«401»", "status_code=«401»", "statusCode: «401»", '"status": «401»',
        "'status': «401»", '"status"=«401»', "'status' =«401»", "status:«401»", "http:«401»", "http_code=«401»",
        "status code «401»", "status code is «401»", "status code was «401»", "status code of «401»",
        "status_code a «401»", "status with «401»", "status de «401»", "status: a «401»", "status an «401»",
        "status value: «401»",
        "status value is «401»", "print(r.status) -> «401»", "getStatusCode() = «401»", "print(r.status_code) «401»",
        "r.status() -> «401»", "print status = «401»", "status[«401»]: x", "HTTP «401»", "HTTP «429»s", "HTTP«401»",
        "http«401»", "Http_«401»", "http__«401»", "status-«401»", "http_-«401»", "server returned «503»",
        "returned a «401»", "returned «503» from y", "resulted in «401»", "actually found «404»", "status «429», 3",
        "status «200», http «401»",
        # a line of a response or of a log
        "HTTP/1.1 «401»", "HTTP/2 «401»", "HTTP/1.1 «299»", "HTTP/1.1 «599»", "HTTP/1.1 «100»", " HTTP/1.0 «418»",
        "HTTP/3 «418»", '"GET /a HTTP/1.1" «418»', "<-- «418» https://x.test", "<-- «299»",
        # the reason
        "«401» Unauthorized", "«401» unauthorized", "«404» not found", "«200» OK", "«302» Found", "«429» rate limit",
        "«429»: Too Many Requests", "«429» - Too Many Requests", "«429» (Too Many Requests)", "«418» I'm a teapot",
        "«401» Client Error: x", "«500» server error", "«599» Server Error", "a,«401»,Unauthorized",
        "a:«401»:Unauthorized", ":«401» Unauthorized", ",«401» Unauthorized", "{ok,«401»,[x",
        "x 9 «503» Service Unavailable", "too many «429» error responses", "too many «299» error responses",
        # a request and what came of it
        "GET https://x.test/a «418»", "GET http://x.test/a «418»", "x y z GET /a «418»", "GET /a «418»",
        "POST /a «418»", "PUT /a -> «418»",
        "PATCH /a «418»", "DELETE /a «418»", "HEAD /a «418»", "OPTIONS /a «418»", "'GET /a' «418»", "['GET /a' «418»",
        '("GET /a" «418»', "GET '/a' «418»", 'GET "/a" «418»', "GET `/a` «418»", "GET <https://x.test> «418»",
        "GET /a («418»)", "GET /a [«418»]", "GET /a\t(«418»", "GET /a: «418»", "GET /a | «418»", "GET /a >«418»",
        "GET /a > «418»", 'GET /a"«418»', "GET /a'«418»", "GET /a`«418»", "GET /a\t«418»", "GET /a|«418»",
        "GET /a" + " " * 8 + "«418»", "GET https://x.test/" + "a" * 400 + " «418»",
        # the exception of an HTTP client
        "HttpError: «418»", "HttpError(«418»", "HttpError( «418»", "HttpError:«418»", "ClientError: «418» DENIED",
        "ClientHttpProxyError: «418», message", "ResponseException: «418»", "ApiError: «418»", "APIError: «418»",
        "StatusError: «418»", "RequestError: «418»", "ProxyError: «418»", "ServerError: «418»",
        "ServiceException: «418»", "WebException: «418»", "AuthError: «418»", "RateError: «418»",
        "UpstreamError: «418»", "HTTPFailedException(«418»",
        # .NET
        "Received HTTP response headers after 4ms - «418»", "Sending HTTP request GET x – «418»",
        "HTTP response x : «418» ", "http response x → «418»",
    ],
)  # fmt: skip
def test_a_status_is_plain_by_its_field_its_reason_or_its_request(text: str) -> None:
    plain, stated = unmarked(text, EXPLICIT)
    assert statuses_in(plain) == stated


@pytest.mark.parametrize(
    "text",
    [
        "error «429»", "error «451»", "Error«401»", "error: «404»", "exception: «500»", "error[«401»]: x",
        "error «418»s", "errors «429»s", "fejl «418»", "fejl «418» kittens", "code «418» kittens", "code «429» kittens",
        "fehler «429»", "erreur «429»", "ошибка «429»", "a b c error d e «429»", "error a b «429»", "错误 «429»",
        "エラー«429»", "«429»エラー", "오류 «429»", "«429» 오류", "返回 «429»", "报«429»", "ข้อผิดพลาด «429»",
        "«429» error", "«429» errors", "«429» response", "«429» Fehler", "«429» status", "«429» http", "«429» ошибка",
        '"«429»" error', "«429» のエラー", "«429»s error",
        # somebody hands it over
        "a «401»", "I got «401»", "I get a «401»", "we are seeing «429»", "with «307»", "with «308»", "with «418»",
        "with «418» when", "with «451»", "me sale «403»", "получаю «429» снова", "bekomme «429»", "it throws «500»",
        "a «401» from there",
        "it returns «200»", "it returns «200» for me", "it worked «200»", "it works: «200»", "he got «200»",
        # a verb of it
        "«401»ing", "«401»ed", "«401»d", "«401»'d", "«403»’d", "«401»'ing", "«429»ing on us",
        # a field beside the method or the address
        "GET,/api/v1/me,«401»,12", '"GET","/api/v1/me",«403»,12', "https://x.test/a,«401»,3",
        "http://x.test,«401»,3", ",/a,«429»,1", 'x,"/a",«429»,1', "x '/a',«429»,1", "1,«401»,GET,x", "a,«401»,GET",
        ",«401»,GET", ",«418»,GET", ",«200»,GET", ',«401»,"GET"', ",«401»,'POST'", ",«401»,/a", ",«401»,https://x.test",
        ",«401»,http://x.test", ",«401»,HEAD", "GET,«401»", "POST,«401»", "DELETE,«401»,x", "'GET',«401»,x",
        # an assertion
        "expected «429» to equal 200", "expected «429» to be 200", "expected «429» not to be 1",
        "expected «418» to eql 1", "expected «418» to deeply equal 1", "expected «418» to have 1",
        # a host
        "api.hubapi.com «451»", "api.hubapi.com: «451»", "api.hubapi.com says «451»", "api.hubapi.com sent us «451»",
        "api.hubapi.com answered with «451»", "api.hubapi.com -> «451»", "api.hubapi.com(«451»",
        "«451» from api.hubapi.com", "«451» by api.hubapi.com", "«451» at app.outboundsync.com",
        "«451» when calling api.hubapi.com", "app.outboundsync.com/api/v1/me «451»", "outboundsync.com «451»",
    ],
)  # fmt: skip
def test_a_status_is_cued_by_the_words_around_it(text: str) -> None:
    plain, stated = unmarked(text, CUED)
    assert statuses_in(plain) == stated


@pytest.mark.parametrize(
    "text",
    [
        "«400»", "«401»", "«403»", "«404»", "«407»", "«429»", "«500»", "«502»", "«503»", "«504»", "(«429»)",
        "error («429»)", "SpaceX «429»", "(«429»",
        "«429»)", "*«429»*", "**«429»** x", "[«401»]: x", "nginx [«401»]: x", "then «401»",
        "token «401»", "token («401»)", "in «401»", "kittens «429»", "kittens «429» when", "error a b c «429»",
        " :«401»", "):«401»", "é«401»", "ERR_«401»", "E«401»", "e-«401»", "«401».", "«401»,", "«401»:", "«401»/",
        "«401»-", "«401».x", "«401»# x", "«401»( x", "«401»_ x", "«401»° x", "«429»,x", "«429», x",
        "«429» when", "«429» QUOTA_EXCEEDED", "«429» a_b", "«429» Bad Gateway", "«429» が返る", "«429» です",
        "flight L «429»", "«401» from example.com", "«429» kittens=3", "FooError: «429»", "«401»,GET", "<- «401»",
    ],
)  # fmt: skip
def test_a_common_status_may_stand_bare(text: str) -> None:
    plain, stated = unmarked(text, BARE)
    assert statuses_in(plain) == stated


@pytest.mark.parametrize(
    "text",
    [
        "", "nothing", "600", "099", "4011", "1401", "HTTP/1.1 600", "HTTP/1.1 1401", "HTTP/1.1 4011", "418", "409",
        "200", "299", "599", "(418)",
        # a part of something
        "abc401", "foo_401", "foo-401", "-401", "_401", "x.401", "x,401", "a/401", "$401", "€401", "£401", "+401",
        "@401", "#401", "–401", ".401", "a:401", "9:401", "x a:401", "xy:401", "my nginx[401]: x", "x d[401]: x",
        "401.5 x", "with 429만 원", "with 429만원", "x=401", '"x"=401', "rc=401", "nginx[401]: x", "401x", "401_",
        "401_x", "401%", "401 %", "401°", "401²", "401#", "401#x", "401(x", "401.5", "401,5", "401:5", "401/5", "401-5",
        "429次", "429 次", "429个", "429건", "429원", "429만원", "429 만원", "429 만 원", "error x401", "error 401x",
        # a plural without anything that makes it a status
        "401s", "401ers", "401er", "401'ern", "401ern", "429s", "418ing", "418ed", "418s",
        # a field that is beside no request
        "{error,401,[x", "x,401,y", ",401,x", ",401,GETX", ",401,FETCH", "x.401,GET", ",401;GET", ",401",
        ",599,GET", ",299,GET", "xGET,401,x", "x,/a b,429,1", ",429 Unauthorized",
        # code
        "status == 401", "status === 401", "status !== 401", "status != 401", "status >= 400", "status <= 400",
        "status ==401", "case 401", "case 401:", "when 401", "when (401", "when (401)", "const x = 401",
        "let status = 401", "var s = 401", "final int code = 401", "static code 401", "int code = 401",
        "number code 401", "define status 401",
        # a wait
        "Retry-After: 429", "retry-after 429", "retry_after=429", "retry_after_ms=429", "retry-after-seconds: 429",
        '"retry-after": "429"', "Retry-After header value is 429", "retry-after says: 429",
        "Retry-After: 503 Service Unavailable",
        # a count or a number of something
        "port 401", "line 404", "page 404", "took 500", "took 500 ms", "500 ms", "500ms", "500 s", "500 seconds",
        "500 items", "429 calls", "429 kittens", "429 kittens: 3", "x 401 y", "with 429 kittens", "over 429",
        "around 429", "error page 429", "error a 429 kittens", "error 429 contacts", "kittens 418",
        "fejl x 418 kittens",
        "fejl x 429 kittens", "kittens 429 kittens", "returned 401 rows", "returned 404 x", "returned 418 kittens",
        "resulted in 404 rows", "responded 404 kittens", "actually found 404 rows", "error: 404 contacts",
        "it returns 200 rows", "it yields 200", "he got 201", "429 replies: 3", "429, 3", "429,3 x", "12 429",
        "12, 429",
        "x1 429", "*429", "*429 x", "(429 x", "# 429", "$ 429", "€ 429", "£ 429", "~ 429", "№ 429", "flight LH 429",
        "Flug LH 429", "Vol AF 429", "vuelo IB 429", "voo TP 429", "volo AZ 429", "рейс SU 429", "Flights LH 429",
        "429 котят", "429 只猫", "429 是", "451 kittens from api.hubapi.com",
        # the code of a process or another protocol
        "exit 404", "exit code 401", "exit status 404", "exited with 401", "grpc status 404", "grpc-status: 404",
        "signal 404", "process returned 404", "job status 503", "errno 401",
        # nothing says that it is one
        "error 599", "error 299", "error 200", "expected 599 to be 1", "expected 299 to be 1", "with 599", "with 299",
        "error (418)", "kittens 418 to be fed", "item # 429",
        "200 ok", "302 found", "FooError: 418", "FooException: 418", "GET ftp://x 418", "x> 418", "/a kittens 418",
        "HTTP reply x - 418", "Received HTTP response headers after 4ms - 418 x", "451 CODE_X", "example.com 451",
        "outboundsync.community 451", "outboundsync.com.evil 451", "TCP_MISS/407", ' 299 "GET /a',
    ],
)  # fmt: skip
def test_what_is_no_status_is_not_taken_for_one(text: str) -> None:
    assert statuses_in(text) == []


@pytest.mark.parametrize("text", ["GET /a (", "GET /a [", "GET /a "])
def test_only_what_stands_apart_from_a_request_came_of_it(text: str) -> None:
    assert [stated.rank for stated in statuses_in(f"{text}418")] == [EXPLICIT]
    assert [stated.rank for stated in statuses_in(f"{text.replace(' ', '')}418") if stated.rank == EXPLICIT] == []


@pytest.mark.parametrize(
    "text",
    [
        "FETCH /a 418", "GET X/a 418", "XGET /a 418", "get /a 418", "GET a 418", "/a 418", "GET 418", "GET /a(418",
        "GET /a[418", "GET /a{418",
        "GET /a" + " " * 9 + "418", "GET https://x.test/" + "a" * 500 + " 418",
    ],
)  # fmt: skip
def test_what_is_no_request_makes_no_status_plain(text: str) -> None:
    assert all(stated.rank < EXPLICIT for stated in statuses_in(text))


@pytest.mark.parametrize(
    "text",
    [
        'x 10.0.0.1:443 - 0.001 0.000 «401» 401 34 366 "GET https://x.test:443/ HTTP/1.1" "curl"',
        'frontend backend/srv 10/0/30/69/109 «429» 2750 - - ---- "GET /api/v1/me HTTP/1.1"',
        *(f' «300» 27 "{method} /x HTTP/2"' for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")),
        ' «429» "GET /x HTTP/1.1"',
        "1286536308.779 180 192.168.0.224 TCP_MISS/«407» 411 GET http://x.test/",
        "TCP_DENIED/«299» -",
        ' 300 "GET /x HTTP/1.1" «401» 5',
    ],
)
def test_of_an_access_log_only_its_field_of_the_status_is_one(text: str) -> None:
    plain, stated = unmarked(text, EXPLICIT)
    assert statuses_in(plain) == stated


@pytest.mark.parametrize("text", [' 429 GET /x HTTP/1.1', ' 299 "GET /x"', ' 299 "FETCH /x HTTP/1.1"',
                                  ' 299 "GET /x HTTP/1.1', " 299 'GET /x HTTP/1.1'"])  # fmt: skip
def test_what_has_no_quoted_request_is_no_access_log(text: str) -> None:
    assert statuses_in(text) == []


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("错误" + " " * 10 + "429", CUED), ("错误" + " " * 11 + "429", BARE),
        ("429" + " " * 6 + "错误", CUED), ("429" + " " * 7 + "错误", BARE),
        ("error x y 429", CUED), ("error x y z 429", BARE),
    ],
)  # fmt: skip
def test_a_word_cues_a_status_only_from_nearby(text: str, rank: int) -> None:
    assert [stated.rank for stated in statuses_in(text)] == [rank]


def test_statuses_come_in_order_each_as_plain_as_it_is() -> None:
    assert statuses_in("401, HTTP 403 or error 451, took 500 ms") == [
        Stated(401, BARE, 0, 3),
        Stated(403, EXPLICIT, 10, 13),
        Stated(451, CUED, 23, 26),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "instead of a 401", "rather than a 401", "not a 401", "no longer a 403", "fixed the 401", "solved the 429",
        "resolved the 503", "expected status 200", "expected 401", "should be 401", "must have status 401",
        "yesterday 429", "gestern 429", "previously a 429", "used to get 429", "would return 401", "may return 401",
        "earlier a b c d 429", "429 is fixed", "429 was solved", "429 is gone", "429 errors are gone",
        "429 from smartlead is gone", "429 before that", "401 before this", "429 the thing is resolved",
        "GET /a 401 yesterday", "statt 429", "not since yesterday a 429", "but expected 401",
        "got 1, but expected status 401",
    ],
)  # fmt: skip
def test_a_status_that_is_over_or_wished_for_is_left_out(text: str) -> None:
    assert statuses_in(text) == []
    assert clauses(text) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("expected 401 but got 429", 429), ("expected a 200, got 401", 401), ("expected 401 got 429", 429),
        ("got 401, expected 200", 401), ("expected to get 429", 429), ("expected 429 to equal 200", 429),
        ("since yesterday 429", 429), ("seit gestern 429", 429), ("earlier a b c d e 429", 429),
        ("fixed this 503", 503),
        ("no more 401", 401), ("expected 429 to have been fixed", 429),
    ],
)  # fmt: skip
def test_a_status_that_came_or_goes_on_is_kept(text: str, status: int) -> None:
    assert [stated.status for stated in statuses_in(text)] == [status]
    assert clauses(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]), ("nothing, then nothing", ["nothing, then nothing"]), ("401", ["401"]), ("600, 99", ["600, 99"]),
        ("401 and 401 again", ["401 and 401 again"]), ("429, retried, 429", ["429, retried, 429"]),
        ("got 429, then 401", ["got 429", "then 401"]), ("a 401 a 429", ["a 401 a 429"]),
        ("got 429, retry after 5s, then 401", ["got 429, retry after 5s", "then 401"]),
        ("got 401 and 429, retry after 5 s", ["got 401", "and 429, retry after 5 s"]),
        ("429, a, b, 401", ["429, a, b", "401"]),
        ("no status, then 429, a, b, 401", ["no status, then 429, a, b", "401"]),
        ("401 then 429 but 500 while 503", ["401", "then 429", "but 500", "while 503"]),
        ("429、401", ["429", "、401"]), ("429，401", ["429", "，401"]), ("429 (401)", ["429", "(401)"]),
        ("429 -> 401", ["429 ", "-> 401"]), ("429 => 401", ["429 ", "=> 401"]), ("429 → 401", ["429 ", "→ 401"]),
        ("429; 401", ["429", "401"]), (", 429 is gone, ; it hangs", ["it hangs"]),
        *((f"error 429 {word} 401", ["error 429", f"{word} 401"]) for word in (
            "und", "aber", "dann", "et", "mais", "puis", "y", "pero", "luego", "e", "ma", "poi", "mas")),
        # an earlier one is left out, with its wait
        ("401 after a 429", ["401"]), ("401 following the 429", ["401"]), ("401, previous 429", ["401"]),
        ("got 401 after a 429, retry after 5", ["got 401"]), ("429 after 401", ["429 after 401"]),
        ("first a 401, but first 429, then 500", ["first a 401", "then 500"]),
        ("we got 401; before that 429; retry later", ["we got 401"]),
        ("used to get 429, retry after 5", []),
        ("used to get 429, retry after 5, now 1 2 3 4 error 401", ["now 1 2 3 4 error 401"]),
        # what stands behind all that is over stays
        ("429 is gone, now it hangs", ["now it hangs"]), ("fixed the 429; now it hangs", ["now it hangs"]),
        ("fixed the 429, X hangs", ["X hangs"]), ("error 429, X error 401", ["error 429", "X error 401"]),
        ("fixed the 429 but it hangs", ["but it hangs"]), ("fixed the 429 (it hangs)", ["(it hangs)"]),
        ("fixed the 429 → it hangs", ["→ it hangs"]), ("x, y, fixed the 429 now", []),
        # the first eight are cut
        (", ".join(f"error {n}" for n in (429, 401, 403, 404, 500, 502, 503, 504, 407)),
         [*(f"error {n}" for n in (429, 401, 403, 404, 500, 502, 503)), "error 504, error 407"]),
    ],
)  # fmt: skip
def test_a_sentence_is_cut_between_its_statuses(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts


def test_a_line_is_judged_once() -> None:
    known: Judged = {}
    assert statuses_in("error 429", known) == [Stated(429, CUED, 6, 9)]
    assert clauses("fixed the 401", known) == []
    assert known == {"error 429": [Stated(429, CUED, 6, 9)], "fixed the 401": [Stated(401, CUED, 10, 13, past=True)]}
    known = {"no number, or 401": [Stated(503, BARE, 0, 3), Stated(429, BARE, 0, 3, past=True)]}
    assert statuses_in("no number, or 401", known) == [Stated(503, BARE, 0, 3)]
    assert clauses("no number, or 401", known) == ["no number, or 401"]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("api.hubapi.com returned 429", ["api.hubapi.com"]), ("429 error from api.hubapi.com", ["api.hubapi.com"]),
        ("429 error from https://api.hubapi.com/x", ["api.hubapi.com"]),
        ("429 from our api.hubapi.com", ["api.hubapi.com"]),
        ("429 from the `api.hubapi.com`", ["api.hubapi.com"]),
        ("429 in a request to api.hubapi.com", ["api.hubapi.com"]),
        ('"api.hubapi.com" returned 429', ["api.hubapi.com"]),
        ('api.hubapi.com threw the http code "429"', ["api.hubapi.com"]),
        ("API.HUBAPI.COM said 429", ["API.HUBAPI.COM"]), ("429", []), ("401 from example.com", []), ("", []),
        ("401 from app.outboundsync.com, 429 from api.hubapi.com", ["app.outboundsync.com", "api.hubapi.com"]),
        ("api.hubapi.com 401, server.smartlead.ai: 429", ["api.hubapi.com", "server.smartlead.ai"]),
        ("api.hubapi.com is fine", []), ("api.hubapi.com took 500 ms", []), ("api.hubapi.com says that 429", []),
        ("api.hubapi.com/" + "a" * 44 + " 429", ["api.hubapi.com"]), ("api.hubapi.com/" + "a" * 58 + " 429", []),
        (f"401 from {FAR_HOST}", [FAR_HOST]),
        (f"401 from a{FAR_HOST}", []),
    ],
)  # fmt: skip
def test_the_hosts_that_answered_are_those_beside_the_statuses(text: str, hosts: list[str]) -> None:
    assert answering_hosts(text) == hosts


@pytest.mark.parametrize(
    ("left", "right", "host"),
    [
        ("api.hubapi.com: ", "", "api.hubapi.com"), ("", " from api.hubapi.com", "api.hubapi.com"),
        ("api.hubapi.com: ", " from app.outboundsync.com", "api.hubapi.com"), ("", "", None), ("x", "y", None),
        ("api.hubapi.com x ", " x api.hubapi.com", None),
    ],
)  # fmt: skip
def test_a_host_stands_in_front_or_behind(left: str, right: str, host: str | None) -> None:
    assert answering_host(left, right) == host


@pytest.mark.parametrize(
    ("status", "right", "is_named"),
    [
        (401, " Unauthorized", True), (401, " unauthorized", True), (401, ": Unauthorised", True), (401, "", False),
        (401, " - (Authorization Required)", True), (401, " Forbidden", False), (401, " x Unauthorized", False),
        (401, "\nUnauthorized", False), (401, " " * 6 + "Unauthorized", True), (401, " " * 7 + "Unauthorized", False),
        (404, " Not Found", True), (404, " nicht gefunden", True), (429, " too many requests", True),
        (400, " bad request", True),
        (302, " Found", True), (302, " found", False), (200, " OK", True), (200, " ok", False),
        (308, " permanent redirect", False),
        (499, " Client Closed Request", False), (599, " Unauthorized", False), (403, " Acceso denegado", True),
    ],
)  # fmt: skip
def test_a_reason_is_the_statuss_own(status: int, right: str, *, is_named: bool) -> None:
    assert has_reason(status, right) is is_named
