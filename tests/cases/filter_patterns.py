"""Filter patterns of CloudWatch Logs with the lines that they select and do not, by what AWS's pages say.

AWS ships no engine for them, so each table names its page; where a page says nothing, the table says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A pattern with lines that it selects and lines that it does not."""

    pattern: str
    selected: tuple[str, ...]
    others: tuple[str, ...]


_BAD, _UNAUTHORIZED = "[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST"
_MISSING, _INVALID = "[ERROR 419] MISSING ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS"
_INTERNAL, _INFO = "[ERROR 500] INTERNAL SERVER ERROR", "[INFO] REQUEST FAILED"

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-unstructured-log-events.html
UNSTRUCTURED = (
    Case("ERROR", (_BAD, _UNAUTHORIZED, _MISSING, _INVALID), (_INFO, "[error 400] BAD REQUEST")),
    Case("ERROR ARGUMENTS", (_MISSING, _INVALID), (_BAD, _UNAUTHORIZED)),
    Case("?ERROR ?ARGUMENTS", (_BAD, _UNAUTHORIZED, _MISSING, _INVALID, "[INFO] INVALID ARGUMENTS PROVIDED"), (_INFO,)),
    # a question mark beside other terms is ignored
    Case("?ERROR ?ARGUMENTS REQUEST", (_INFO, "[WARN] UNAUTHORIZED REQUEST", "[ERROR] 400 BAD REQUEST"), (_MISSING,)),
    Case("?ERROR -ARGUMENTS", (_INFO, _BAD), (_MISSING,)),
    Case('"INTERNAL SERVER ERROR"', (_INTERNAL,), (_BAD, "INTERNAL ERROR SERVER")),
    Case("ERROR -ARGUMENTS", (_BAD, _UNAUTHORIZED), (_MISSING, _INVALID, _INFO)),
    Case('ERROR -"BAD REQUEST"', (_UNAUTHORIZED,), (_BAD,)),
    Case('" "', (_BAD, "one", ""), ()),  # "You can match everything"
    Case("", (_BAD, ""), ()),
    Case(r'"say \"no\""', ('they say "no"',), ("they say no",)),
    Case("INVALID_ARGUMENT", ("INVALID_ARGUMENTS",), ("INVALID ARGUMENT",)),
)

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
REGEX = (
    Case("%AUTHORIZED%", (_UNAUTHORIZED, "[SUCCESS 200] AUTHORIZED REQUEST"), (_BAD,)),
    Case(r"%\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}%", ("from 10.10.0.1",), ("from 10.10.0",)),
    Case("%[Ee]rror|[Ff]ail%", ("Error", "an error", "Fail", "failed"), ("ERROR", "FAIL")),
    Case("%^[hc]at%", ("hat", "cats"), ("a hat", "bat")),
    Case("%[hc]at$%", ("hat", "a cat"), ("hats", "bat")),
    Case("%colou?r%", ("color", "colour"), ("colouur",)),
    Case("%[abc]%", ("a", "xb"), ("d", "A")),
    Case("%[a-z]%", ("q", "1q"), ("Q", "-")),
    Case("%[abcx-z]%", ("a", "y"), ("d", "w", "-")),
    Case("%^a{3,5}$%", ("aaa", "aaaa", "aaaaa"), ("aa", "aaaaaa")),
    Case("%^a{3,}$%", ("aaa", "aaaaaa"), ("aa",)),
    Case("%^a{,2}$%", ("", "aa"), ("aaa",)),
    Case("%^a{2}$%", ("aa",), ("a", "aaa")),
    Case("%gra|ey%", ("gray", "grey"), ("gr y",)),
    Case(
        "%^starting|^initializing|^shutting down%",
        ("starting up", "initializing it", "shutting down"),
        ("skipping initializing it", "shutting  down"),
    ),
    Case("%abcc|ab[^c]$%", ("abcc more", "aba"), ("aac more", "abc", "aba more")),
    Case(r"%\[.\]%", ("[a]", "[7]", "[@]", "[]]", "[ ]"), ("[]", "a", "(a)")),
    Case(r"%10\.10\.0\.1%", ("10.10.0.1",), ("10010,051",)),
    Case("%10.10.0.1%", ("10.10.0.1", "10010,051"), ("10.10.0",)),
    Case("%ab*c%", ("ac", "abc", "abbbc"), ("ab", "adc")),
    Case("%^ab[0-9]*$%", ("ab", "ab0", "ab129"), ("abc", "a")),
    Case("%ab+c%", ("abc", "abbc", "abbbc"), ("ac",)),
    Case("%^.at$%", ("hat", "4at", "#at", " at"), ("at", "chat")),
    Case(r"%^\d$%", ("7",), ("a", "٧")),
    Case(r"%^\D$%", ("a",), ("7",)),
    Case(r"%^\s$%", ("\t", " ", "\n"), ("a", "")),
    Case(r"%^\S$%", ("a",), (" ",)),
    Case(r"%^\w$%", ("a", "Z", "_", "0"), ("-", "é")),
    Case(r"%^\W$%", ("-",), ("a",)),
    Case(r"%\x3A%", ("a:b",), ("a;b",)),
    Case(r"%\x28%", ("f(x)",), ("f[x]",)),
    Case(r"%^[\d\-]+$%", ("1-2",), ("1_2",)),
    Case("%^[-a]$%", ("-", "a"), ("b",)),
    Case("%^[a-]$%", ("-", "a"), ("b",)),
    Case("%^[.*]$%", (".", "*"), ("a",)),
)

_EVENT = (
    '{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],'
    ' "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "cluster.name": "c",'
    ' "ThisFlag": true}'
)
_USERS = (
    '{"user": {"id": 1, "email": "John.Stiles@example.com"}, "users": [{"id": 2, "email": "John.Doe@example.com"},'
    ' {"id": 3, "email": "Jane.Doe@example.com"}], "actions": ["GET", "PUT", "DELETE"],'
    ' "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]}'
)

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
JSON = (
    Case('{ $.eventType = "UpdateTrail" }', (_EVENT,), (_USERS, '{"eventType": "updatetrail"}', "UpdateTrail")),
    Case("{ $.eventType = UpdateTrail }", (_EVENT,), ('{"eventType": "UpdateTrails"}',)),
    Case("{$.eventType=UpdateTrail}", (_EVENT,), (_USERS,)),
    Case("{ $.sourceIPAddress != 123.123.* }", (_EVENT,), ('{"sourceIPAddress": "123.123.0.1"}',)),
    Case("{ $.sourceIPAddress = 111.* }", (_EVENT,), ('{"sourceIPAddress": "112.111.0.1"}',)),
    Case('{ $.eventType = "*Trail" }', (_EVENT,), ('{"eventType": "Trails"}',)),
    Case('{ $.eventType = "*date*" }', (_EVENT,), ('{"eventType": "Updete"}',)),
    # an earlier edition of the page: "Ev*ent will only match the actual string Ev*ent"
    Case('{ $.eventType = "Update*il" }', ('{"eventType": "Update*il"}',), (_EVENT,)),
    Case("{ $.eventType = * }", (_EVENT, '{"eventType": ""}', '{"eventType": 1}'), (_USERS, '{"eventType": null}')),
    Case(
        '{ $.arrayKey[0] = "value" }', (_EVENT,), ('{"arrayKey": ["another value", "value"]}', '{"arrayKey": "value"}')
    ),
    Case("{ $.objectList[1].id = 2 }", (_EVENT,), ('{"objectList": [{"id": 2}]}', '{"objectList": {"id": 2}}')),
    Case("{ $.eventType = %Trail% }", (_EVENT,), ('{"eventType": "trail"}',)),
    Case("{ $.eventType != %Trail% }", ('{"eventType": "trail"}',), (_EVENT,)),
    Case("{ $.arrayKey[*] = %val.{2}% }", (_EVENT, '{"arrayKey": ["x", "valxy"]}'), ('{"arrayKey": ["val"]}',)),
    Case(r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", (_EVENT,), (_USERS,)),
    Case("{ $.objectList[*].name = b }", (_EVENT,), ('{"objectList": [{"name": "c"}]}', '{"objectList": []}')),
    Case("{ $.['cluster.name'] = \"c\" }", (_EVENT,), ('{"cluster": {"name": "c"}}',)),
    Case("{ $.a['b.c'].d = 1 }", ('{"a": {"b.c": {"d": 1}}}',), ('{"a": {"b": {"c": {"d": 1}}}}',)),
    Case("{ $.SomeObject IS NULL }", (_EVENT,), ('{"SomeObject": "null"}', "{}")),
    Case("{ $.ThisFlag IS TRUE }", (_EVENT,), ('{"ThisFlag": false}', '{"ThisFlag": "true"}', '{"ThisFlag": 1}', "{}")),
    Case("{ $.ThisFlag IS FALSE }", ('{"ThisFlag": false}',), (_EVENT, '{"ThisFlag": 0}')),
    Case("{ $.SomeOtherObject NOT EXISTS }", (_EVENT,), ('{"SomeOtherObject": null}',)),
    Case("{ $.SomeOtherObject  NOT\tEXISTS }", (_EVENT,), ('{"SomeOtherObject": {}}',)),
    Case('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', (_USERS,), (_EVENT,)),
    Case(
        '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }',
        (_USERS,),
        (_EVENT,),
    ),
    Case(
        '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "n") && $.actions[2] = "n" }',
        (_USERS.replace("DELETE", "n"),),
        (_USERS,),
    ),
    Case('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', (), (_USERS,)),
    Case("{ $.coordinates[2][0] = 7 }", (_USERS,), (_USERS.replace("7", "0"),)),
    # "If a property selector points to an array or object, the filter pattern won't match"
    Case("{ $.users = 1 }", (), ('{"users": [1, 2, 3]}',)),
    Case("{ $.users != 1 }", ('{"users": 2}',), ('{"users": [1, 2, 3]}', '{"users": {}}')),
    Case("{ $.bandwidth > 75 }", ('{"bandwidth": 75.5}',), ('{"bandwidth": 75}', '{"bandwidth": "76"}')),
    Case("{ $.latency < 50 }", ('{"latency": -1}',), ('{"latency": 50}', '{"latency": true}', "{}")),
    Case("{ $.refreshRate >= 60 }", ('{"refreshRate": 60.0}',), ('{"refreshRate": 59.9}',)),
    Case("{ $.responseTime <= 5 }", ('{"responseTime": 5}',), ('{"responseTime": 5.01}',)),
    Case("{ $.errorCode = 400}", ('{"errorCode": 400}', '{"errorCode": 4e2}'), ('{"errorCode": 401}',)),
    Case("{ $.errorCode != 500 }", ('{"errorCode": 400}', '{"errorCode": "x"}'), ('{"errorCode": 500.0}',)),
    Case("{ $.number[0] = 1e+3 }", ('{"number": [1000]}',), ('{"number": [100]}',)),
    Case("{ $.number[0] != 1e-3 }", ('{"number": [0.01]}',), ('{"number": [0.001]}',)),
    Case("{ $.latency > +1000 }", ('{"latency": 1001}',), ('{"latency": 1000}',)),
    Case("{ $.latency > -1.5 }", ('{"latency": -1}',), ('{"latency": -2}',)),
    Case("{ $.n = 4* }", ('{"n": 4}', '{"n": 42}', '{"n": "4x"}'), ('{"n": 24}',)),  # "a wild card to match numbers"
    # no page: a number is compared with a text as it is written
    Case('{ $.n = "3" }', ('{"n": 3}', '{"n": "3"}'), ('{"n": 3.0}', '{"n": 4}')),
    Case("{ $.n = 3 }", ('{"n": 3}', '{"n": 3.0}', '{"n": "3"}'), ('{"n": "3.0"}', '{"n": true}')),
    # no page: what `!=` answers of a field that is absent, null or a Boolean; here it does not hold
    Case('{ $.absent != "x" }', ('{"absent": "y"}',), ("{}", '{"absent": null}', '{"absent": false}')),
    Case(r'{ $.text = "say \"no\"" }', (r'{"text": "say \"no\""}',), ('{"text": "say no"}',)),
    Case('{ $.user-id = "u" }', ('{"user-id": "u"}',), ('{"user": "u"}',)),
    Case('{ $.event = "[poison]" }', ('{"event": "[poison]"}',), ('{"event": "p"}',)),
)

_LOG = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
_OTHER = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 200 1534'
_GET = "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200"
_POST = "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310"
_WARNING = "WARNING 09/25/2014 12:00:02 Invalid user request"
_FAILED = "ERROR 09/25/2014 12:00:02 Failed to process request"

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html
SPACE_DELIMITED = (
    Case(
        r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        (_LOG,),
        (_OTHER, _LOG.replace("127.0.0.1", "127.0.1.1"), _LOG.replace(".html", ".htm")),
    ),
    Case("[..., request =*.html*, status_code = 4*, bytes]", (_LOG, f"more {_LOG}"), (_OTHER, "404 1534")),
    Case("[…, status_code = 4*, bytes]", (_LOG, "404 1534"), (_OTHER, "404")),
    Case("[..., request=*.html*, status_code=4*,]", (_LOG,), (_OTHER,)),
    Case("[ip, user, ...]", (_LOG, "a b"), ("a",)),
    Case(
        '[ip, user = "Prod", ..., bytes > 1000]', (_LOG,), (_LOG.replace("1534", "1000"), _LOG.replace("Prod", "Test"))
    ),
    Case(
        "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
        (_LOG, _LOG.replace("404", "410")),
        (_OTHER, _LOG.replace("404", "403")),
    ),
    Case(
        "[ip, user, username, timestamp = *2000*, request, status_code >= 400 && status_code < 500, bytes]",
        (_LOG,),
        (_OTHER, _LOG.replace("404", "500"), _LOG.replace("2000", "2001")),
    ),
    Case("[w1=ERROR, w2]", (_FAILED, "ERROR message"), (_WARNING, _GET, "ERROR")),
    Case("[w1=ERROR || w1=WARNING, w2]", (_FAILED, _WARNING), (_GET, _POST)),
    Case("[w1!=ERROR && w1!=WARNING, w2]", (_GET, _POST), (_FAILED, _WARNING)),
    Case("[(w1=ERROR || w1=WARNING) && w1!=*NING, w2]", (_FAILED,), (_WARNING, _GET)),
    Case("[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]", (_GET,), (_POST, _WARNING)),
    Case(
        "[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, response_time]", (_POST,), (_GET,)
    ),
    Case("[level, code <= 200]", ("INFO 200", "INFO 1e2"), ("INFO 201", "INFO none")),
    Case("[level, code != 200]", ("INFO 404", "INFO none"), ("INFO 200", "INFO 200.0")),
    # no page: the last field holds what is left of the line
    Case('[level, message = "not found"]', ("WARN not found",), ("WARN not found here", "WARN found")),
    Case("[a = x, b]", ("x [y", 'x "y'), ("[x y",)),  # what is not closed is a word
)

# What AWS refuses, with the words in which we do.
REFUSED = {
    "user-7": "write a term that is not letters and digits in quotes",
    '"open': "write a term that is not letters and digits in quotes",
    "%ERROR% more": "a regular expression stands alone",
    "%open": "a regular expression stands alone",
    "%something!%": "'!' as \\xhh",
    "%(a)%": "'(' as \\xhh",
    r"%\(a%": "means nothing; write '(' as \\xhh",
    "%é%": "'é' as \\xhh",
    "%*a%": "* repeats nothing",
    "%a|*%": "* repeats nothing",
    "%a++%": "+ repeats nothing",
    "%a*?%": "? repeats nothing",
    "%a{2}{3}%": "{3} repeats nothing",
    "%a{x}%": "'{' as \\xhh",
    "%[a%": "'[' as \\xhh",
    "%[a--b]%": "two hyphens",
    "%[^]%": "has no characters",
    "%[z-a]%": "bad character range",
    "%a{3,2}%": "min repeat greater than max repeat",
    r"%\b%": r"\b means nothing",
    "{": "not understood at its end",
    "{ }": "expected a selector",
    "{ $.level }": "is no comparison",
    '{ $.level = "ERROR"': "not understood at its end",
    '{ $.level = "ERROR" } more': "not understood at more",
    "{ level = 1 }": "expected a selector",
    '{ $.n > "two" }': "write a number without quotes",
    '{ $.n > "2" }': "write a number without quotes",
    "{ $.n >= two }": "write a number without quotes",
    "{ $.n < 2* }": "write a number without quotes",
    "{ $.n ~ 3 }": "not understood at ~ 3 }",
    "{ $.n = }": "expected a text, a number or a regular expression",
    "{ ($.n = 1 }": "not understood at }",
    "{ $.n = 1 && }": "expected a selector",
    "{ $.n = a b }": "not understood at b",
    "{ $.n = a@b }": "not understood at @b }",
    "{ $.n IS NOT NULL }": "is no comparison",
    "{ $.n EXISTS }": "is no comparison",
    "{ $[0] = 1 }": "a place in an array stands after a property",
    "{ $.*.* = 1 }": "at most one wildcard",
    "{ $.*=1 && $.a.*=1 && $.b[*]=1 && $.c[*]=1 }": "a pattern 3",
    "{ $.a=%1% && $.b=%2% && $.c=%3% }": "at most 2 regular expressions",
    "{ $.a=%(% }": "'(' as \\xhh",
    "[w1=ERROR, w2": "no bracket closes it",
    "[..., a, ...]": "more than one ellipsis",
    "[a = ]": "expected a text, a number or a regular expression",
    "[a b]": "not understood at b",
    "[a = 1 b]": "not understood at b",
    "[= 1]": "a condition begins with the name of its field",
    "[a = 1 && b = 2]": "a condition is about its own field",
    '[a = "open]': "not understood",
    "[a > x]": "write a number without quotes",
    "[a=%1%, b=%2%, c=%3%]": "at most 2 regular expressions",
}

CASES = (*UNSTRUCTURED, *REGEX, *JSON, *SPACE_DELIMITED)
