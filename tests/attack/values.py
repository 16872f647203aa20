"""The parts of requests: actions, callers, resources and values of keys, made from the texts of documents.

Each text of a document is taken apart by hand: its wildcards filled, a character dropped, added or put in another case,
its number one more or less, its date a second away. Nothing here knows what the prover takes for a class.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise
from random import Random
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy.principals import Principal, principal
from tests.attack.cases import ACCOUNT, MANAGEMENT, MEMBER, STRANGER, AttackCase
from tests.attack.words import ACTIONS, ISSUERS, KEYS, PRINTABLE, SERVICES, ContextKey

Values = tuple[str, ...]

MOST = 60  # of one kind of part
_ACCOUNTS = (ACCOUNT, MEMBER, MANAGEMENT, STRANGER)
_KEYS: Mapping[str, ContextKey] = {key.name.lower(): key for key in KEYS}
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
_ARN = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(?:[0-9]{12}|[A-Za-z][A-Za-z0-9-]+|):.+", re.DOTALL)
_CALLER = re.compile(
    r"arn:aws:iam::[0-9]{12}:(?:root|(?:role|user)/[\x21-\x7f]*[\x21-\x2e\x30-\x7f])"
    r"|arn:aws:sts::[0-9]{12}:(?:federated-user/[A-Za-z0-9_+=,.@-]{2,}|assumed-role/[^/]+/[^/]+)"
)
VARIABLE = re.compile(r"\$\{(?![*?$]\})([^}]*)\}")
_EARLIEST = Decimal(100_000_000)  # docs/proving.md: no request is made before 1973
_START = datetime(1970, 1, 1, tzinfo=UTC)
# AWS makes these itself, never empty: docs/proving.md, "What is assumed"
_NEVER_EMPTY = frozenset(("aws:sourcevpce", "aws:requestedregion"))


class Parts:
    """The parts of the requests that documents talk about."""

    def __init__(self, case: AttackCase, random: Random) -> None:
        self.random = random
        self.case = case
        self.compared: dict[str, list[str]] = {}
        for statement in case.statements():
            for lines in statement.get("Condition", {}).values():
                for key, values in lines.items():
                    self.compared.setdefault(key.lower(), []).extend(_listed(values))
        self.ties = list(self._ties())
        for _, pattern in self.ties:
            for name in VARIABLE.findall(pattern):
                self.compared.setdefault(name.partition(",")[0].lower(), [])
        self.actions = self._some(self._actions())
        self.callers = self._callers()
        self.resources = self._some({"*", *self._resources()})
        self.values = {key: self._values(key) for key in self.compared if key in _KEYS}

    def _some(self, texts: Iterable[Any]) -> list[Any]:
        ordered = sorted(set(texts), key=str)
        return self.random.sample(ordered, MOST) if len(ordered) > MOST else ordered

    def _elements(self, *names: str) -> Iterator[str]:
        for statement in self.case.statements():
            for name in names:
                yield from _listed(statement.get(name, []))

    def _ties(self) -> Iterator[tuple[str, str]]:
        """Yield the texts with a variable, each with the key that is compared with it; none of Resource elements."""
        for key, patterns in sorted(self.compared.items()):
            yield from ((key, pattern) for pattern in patterns if VARIABLE.search(pattern))
        yield from (("", arn) for arn in self._elements("Resource", "NotResource") if VARIABLE.search(arn))

    # ------------------------------------------------------------ texts

    def filled(self, pattern: str) -> str:
        """Return a text that a pattern covers: its wildcards stand for something, its escaped ones for themselves."""
        pattern = VARIABLE.sub(lambda _: self._letters(), pattern)
        parts = re.split(r"(\$\{[*?$]\}|[*?])", pattern)
        return "".join(self._part(part) for part in parts)

    def _part(self, part: str) -> str:
        if part == "*":
            return self.random.choice(("", "", "a", "x", self.random.choice(PRINTABLE), self._letters()))
        if part == "?":
            return self.random.choice(("a", "x", self.random.choice(PRINTABLE)))
        return part[2] if part.startswith("${") else part

    def _letters(self) -> str:
        return "".join(self.random.choice("abxyz019") for _ in range(self.random.randint(1, 4)))

    def near(self, text: str) -> str:
        """Return a text like another one: one character less, more, another, or in another case."""
        place = self.random.randrange(len(text)) if text else 0
        before, here, after = text[:place], text[place : place + 1], text[place + 1 :]
        other = self.random.choice(PRINTABLE)
        changes = (before + after, text + other, before + other + here + after, before + other + after)
        return self.random.choice((*changes, before + here.swapcase() + after, text.swapcase()))

    def around(self, patterns: Iterable[str], times: int = 4) -> Iterator[str]:
        """Yield texts that some patterns cover, and texts like these."""
        for pattern in sorted(set(patterns)):
            for _ in range(times):
                text = self.filled(pattern)
                yield text
                yield self.near(text)

    # ------------------------------------------------------------ parts

    def _actions(self) -> Iterator[str]:
        named = list(self._elements("Action", "NotAction"))
        for pattern in named:
            service, _, name = pattern.partition(":") if pattern != "*" else ("*", ":", "*")
            for _ in range(3):
                filled = self.filled(service).lower() or "s3", self.filled(name) or "a"
                yield from (text for text in (":".join(filled), self.near(":".join(filled))) if _ACTION.fullmatch(text))
        yield from (*ACTIONS, "zz:Anything", "dynamodb:Zz", "s3:Zz", "iam:CreateRole")

    def _callers(self) -> list[Principal]:
        arns = {*self.around(self.compared.get("aws:principalarn", ()), 8), *self._named_principals()}
        accounts = [*_ACCOUNTS, "".join(self.random.choice("0123456789") for _ in range(12))]
        arns |= {self._moved(arn, self.random.choice(accounts)) for arn in sorted(arns)}
        for account in accounts:
            kinds = ("role/zz", "role/p/q", "user/zz", "root", "role/aws-service-role/z.amazonaws.com/Z")
            arns |= {f"arn:aws:iam::{account}:{kind}" for kind in kinds} | {f"arn:aws:sts::{account}:federated-user/zz"}
        arns |= {"*", *SERVICES, "zz.amazonaws.com", *ISSUERS}
        arns |= {f"{self.near(service.split('.')[0]).lower()}.amazonaws.com" for service in SERVICES}
        return [caller for arn in self._some(arns) for caller in _principals(arn)]

    def _named_principals(self) -> Iterator[str]:
        for statement in self.case.statements():
            named = statement.get("Principal", {})
            for values in named.values() if isinstance(named, Mapping) else ():
                for value in _listed(values):
                    yield from (value, self.near(value), f"arn:aws:iam::{value}:role/zz")
                    if ":role/" in value:
                        yield value.replace("iam", "sts").replace("role/", "assumed-role/") + "/monday"
        if isinstance(self.case.callers, tuple):
            yield from self.case.callers

    def _moved(self, arn: str, account: str) -> str:
        """Return an ARN in another account; a wildcard that was filled with something becomes one too."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return arn
        return ":".join(("arn", "aws", "sts" if "federated-user" in parts[5] else "iam", "", account, parts[5]))

    def _resources(self) -> Iterator[str]:
        named = {*self._elements("Resource", "NotResource"), "arn:aws:dynamodb:eu-west-1:*:table/t", "arn:aws:s3:::b/k"}
        for pattern in sorted(named - {"*"}):
            for _ in range(5):
                yield from self.arns(pattern)

    def arns(self, pattern: str) -> Iterator[str]:
        """Yield ARNs that a pattern covers, and such as are like these."""
        yield from (arn for arn in self._arns(pattern) if _ARN.fullmatch(arn))

    def _arns(self, pattern: str) -> Iterator[str]:
        parts = pattern.split(":", 5)
        service = self.random.choice(("s3", "dynamodb", "kms", "sqs")) if "*" in parts[2] else parts[2]
        region = parts[3].replace("*", "west-1" if parts[3] == "eu-*" else "eu-west-1").replace("?", "1")
        account = self.random.choice((*_ACCOUNTS, "")) if "*" in parts[4] else parts[4]
        name = self.filled(parts[5]) or "x"
        yield f"arn:aws:{service}:{region}:{account}:{name}"
        yield f"arn:aws:{service}:{region}:{account}:{self.near(name)}"
        yield f"arn:aws:{service}:{self.random.choice((region, 'ap-east-1'))}:{self.random.choice(_ACCOUNTS)}:{name}"

    # ------------------------------------------------------------ values of keys

    def _values(self, key: str) -> list[Values]:
        """Return what a request may carry under a key. No member of a list is empty: docs/proving.md."""
        kind = _KEYS[key].kind
        singles = self._some(_OF_KIND[kind](self, key))
        if kind != "list":
            return [(value,) for value in singles]
        members = [value for value in singles if value]
        sets = [tuple(self.random.sample(members, min(len(members), size))) for size in (1, 2, 2, 3) for _ in range(12)]
        return list(dict.fromkeys((*((value,) for value in members), *(chosen for chosen in sets if chosen))))

    def _texts(self, key: str) -> Iterator[str]:
        yield from (text for text in self.around((*self.compared[key], "*"), 5) if text)
        if key not in _NEVER_EMPTY:
            yield ""

    def _words(self, key: str) -> Iterator[str]:
        yield from _KEYS[key].words
        yield from (text for text in self.around(self.compared[key], 3) if text)

    def _numbers(self, key: str) -> Iterator[str]:
        cuts = sorted({Decimal(value) for value in self.compared[key] if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value)})
        for cut in cuts:
            for change in ("0", "1", "-1", "0.1", "-0.1", "0.0001", "-0.0001", "1000000"):
                yield format(cut + Decimal(change), "f")
        for low, high in pairwise(cuts):
            yield format((low + high) / 2, "f")
        yield from ("0", "-5", "42")

    def _dates(self, key: str) -> Iterator[str]:
        for value in (*self.compared[key], "2026-03-01T00:00:00Z"):
            instant = _instant(value)
            for change in (0, 1, -1, 86400, -86400) if instant is not None else ():
                yield from self._written_dates(key, Decimal(instant or 0) + change)
        for end in (_EARLIEST + 1, Decimal(253_402_300_799), Decimal(4_000_000_000)):
            yield from self._written_dates(key, end)

    def _written_dates(self, key: str, instant: Decimal) -> Iterator[str]:
        if key in ("aws:currenttime", "aws:epochtime") and instant < _EARLIEST:
            return
        if key == "aws:epochtime":
            yield from [format(instant, "f")] if instant < 10**13 else []
        elif -62_135_596_800 <= instant <= 253_402_300_799:
            yield (_START + timedelta(seconds=int(instant))).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)

    def _truths(self, key: str) -> Iterator[str]:
        yield from ("true", "false")

    def _addresses(self, key: str) -> Iterator[str]:
        for text in (*self.compared[key], "198.51.100.7", "2001:db8:ffff::1"):
            try:
                block: IPv4Network | IPv6Network = ip_network(text, strict=False)
            except ValueError:
                continue
            first, last = int(block[0]), int(block[-1])
            most = 2**block.max_prefixlen
            for number in (first - 1, first, first + 1, last, last + 1):
                if 0 <= number < most:
                    address = ip_address(number)
                    yield str(address if address.version == block.version else type(block[0])(number))


_OF_KIND: Mapping[str, Callable[[Parts, str], Iterator[str]]] = {
    "text": Parts._texts,
    "list": Parts._texts,
    "word": Parts._words,
    "arn": Parts._texts,
    "caller": Parts._texts,
    "number": Parts._numbers,
    "date": Parts._dates,
    "time": Parts._dates,
    "bool": Parts._truths,
    "address": Parts._addresses,
}


def _listed(values: Any) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _instant(text: str) -> Decimal | None:
    if re.fullmatch(r"[0-9]{9,13}(\.[0-9]+)?", text):
        return Decimal(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(int((moment - _START).total_seconds()))


def _principals(arn: str) -> Iterator[Principal]:
    """Yield the caller that an ARN stands for, if it is one that can be."""
    if arn.startswith("arn:") and not _CALLER.fullmatch(arn) and arn not in ISSUERS:
        return
    try:
        yield principal(arn, "monday")
    except PolicyError:
        return
