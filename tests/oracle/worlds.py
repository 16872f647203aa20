"""Random policies and requests about a table, its key and its trail, for comparing one evaluator with another.

Only documents that mean the same to every reader are made: nothing that the lint or the evaluator refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tableguard.policy.evaluate import Request, World
from tableguard.policy.principals import principal
from tableguard.policy.statements import policy

Document = Mapping[str, Any]

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/messages"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit"
TABLES = (
    TABLE,
    f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/messages",
    f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Messages",
    f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/other",
)
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/monday"
CALLERS = (
    SESSION,
    SESSION,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/monday",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Break-Glass/monday",
    f"arn:aws:iam::{ACCOUNT}:user/mina",
    f"arn:aws:iam::{OTHER_ACCOUNT}:user/teo",
    f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/app/monday",
    "backup.amazonaws.com",
    "*",
)
TABLE_ACTIONS = (
    "dynamodb:DeleteTable",
    "dynamodb:CreateTable",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:DeleteTableReplica",
    "dynamodb:UpdateTable",
    "dynamodb:TagResource",
)
ACTIONS = (*TABLE_ACTIONS, *TABLE_ACTIONS, "dynamodb:ListTables", "kms:Decrypt", "cloudtrail:StopLogging")
ACTION_PATTERNS = (
    "dynamodb:*",
    "dynamodb:*",
    "dynamodb:Delete*",
    "dynamodb:deletetable",
    "DynamoDB:DeleteTable",
    "dynamodb:*Table",
    "dynamodb:?uery",
    "dynamodb:*Item",
    "dynamodb:TagResource",
    "dynamodb:CreateTable",
    "kms:*",
    "kms:Decrypt",
)
FURTHER_PATTERNS = ("*", "cloudtrail:*", "cloudtrail:Stop*", "dynamodb:ListTables")
RESOURCE_PATTERNS = (
    "arn:aws:dynamodb:*:*:table/*",
    TABLE,
    f"arn:aws:dynamodb:*:{ACCOUNT}:table/m*",
    "arn:aws:dynamodb:eu-*:*:table/messages",
    f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/message?",
    f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:*",
    "arn:*:dynamodb:*:*:table/messages",
    f"arn:aws:kms:*:{ACCOUNT}:key/*",
    "arn:aws:cloudtrail:*:*:trail/*",
)
VARIABLE_RESOURCES = (
    "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}",
    "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team, 'messages'}",
)
NAMED = (
    "*",
    {"AWS": "*"},
    {"AWS": SESSION},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"},
    {"AWS": [f"arn:aws:iam::{ACCOUNT}:user/mina", f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"]},
    {"AWS": ACCOUNT},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": OTHER_ACCOUNT},
    {"Service": "backup.amazonaws.com"},
)
STRING, STRING_LIKE = ("StringEquals", "StringNotEquals"), ("StringLike", "StringNotLike")
IGNORE_CASE = ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
ARN = ("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")
NUMERIC = tuple(
    f"Numeric{name}"
    for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
)
DATE = tuple(name.replace("Numeric", "Date") for name in NUMERIC)


@dataclass(frozen=True)
class Key:
    """A context key: the values that a request has, what policies compare them with, and by which operators."""

    name: str
    found: tuple[str, ...]
    wanted: tuple[str, ...]
    operators: tuple[str, ...]
    actions: tuple[str, ...] = ()  # those whose requests have the key; none means all

    def known_to(self, action: str) -> bool:
        return not self.actions or action in self.actions


SINGLE = (
    Key(
        "aws:RequestedRegion",
        ("eu-west-1", "us-east-1"),
        ("eu-west-1", "us-east-1", "EU-WEST-1", "eu-*", "*", "us-????-1", "e*"),
        (*STRING, *STRING_LIKE, *IGNORE_CASE),
    ),
    Key(
        "aws:PrincipalTag/team",
        ("messages", "other", "a*b", "Messages"),
        ("messages", "MESSAGES", "m*", "a*b", "o????"),
        (*STRING, *STRING_LIKE, *IGNORE_CASE),
    ),
    # the manual has ${*} stand for the character in every string; the other evaluator knows it beside wildcards only
    Key("aws:PrincipalTag/project", ("a*b", "axb"), ("a${*}b", "a${*}*", "a${?}b", "a*"), STRING_LIKE),
    # the empty text is a value like others; in a variable with a default the other evaluator takes it for absence
    Key("aws:PrincipalTag/cost", ("", "a"), ("", "*", "?*", "a"), (*STRING, *STRING_LIKE, *IGNORE_CASE)),
    Key("aws:SourceVpce", ("vpce-1", "vpce-2"), ("vpce-1", "vpce-2", "vpce-?"), (*STRING, *STRING_LIKE)),
    Key("aws:SecureTransport", ("true", "false"), ("true", "false", "True"), ("Bool",)),
    Key(
        "aws:SourceIp",
        ("10.0.0.5", "203.0.113.9", "2001:db8::1"),
        ("10.0.0.0/8", "203.0.113.0/24", "10.0.0.5/32", "2001:db8::/32"),
        ("IpAddress", "NotIpAddress"),
    ),
    Key("aws:MultiFactorAuthAge", ("10", "3600", "7200"), ("10", "3600", "3000"), NUMERIC),
    Key(
        "aws:TokenIssueTime",
        ("2026-01-02T00:00:00Z", "2026-03-04T05:06:07Z"),
        ("2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-04T05:06:07Z"),
        DATE,
    ),
    Key("kms:ViaService", ("dynamodb.eu-west-1.amazonaws.com",), ("dynamodb.*", "s3.*"), STRING_LIKE, ("kms:Decrypt",)),
)
MULTIPLE = (
    Key(
        "dynamodb:LeadingKeys",
        ("GRP#1", "GRP#2", "MSG#1"),
        ("GRP#1", "GRP#*", "MSG#*", "GRP#${aws:PrincipalTag/team, '1'}"),
        (*STRING, *STRING_LIKE),
        ("dynamodb:Query", "dynamodb:PutItem"),
    ),
    Key(
        "dynamodb:Attributes",
        ("pk", "sk", "secret"),
        ("pk", "sk", "s*", "PK"),
        (*STRING, *STRING_LIKE, *IGNORE_CASE),
        ("dynamodb:Query", "dynamodb:PutItem"),
    ),
    Key("aws:TagKeys", ("team", "env"), ("team", "e*", "Env"), (*STRING, *STRING_LIKE), ("dynamodb:TagResource",)),
)
CALLER = Key(
    "aws:PrincipalArn",
    (),
    (
        f"arn:aws:iam::{ACCOUNT}:role/break-glass",
        "arn:aws:iam::*:role/break-glass",
        f"arn:aws:iam::{ACCOUNT}:role/*",
        f"arn:aws:iam::{ACCOUNT}:user/m?na",
        "arn:aws:iam::*:*",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/*",
    ),
    ARN,
)


@dataclass(frozen=True)
class Sample:
    """One request, and the documents of every layer that has any, by name."""

    request: Request
    scp: tuple[Mapping[str, Document], ...]
    rcp: tuple[Mapping[str, Document], ...]
    identity: Mapping[str, Document]
    boundary: Document | None
    session: Document | None
    resource: Document | None
    endpoint: Document | None

    def world(self) -> World:
        """The same as the evaluator takes it."""
        return World(
            service_control=tuple(_policies(level) for level in self.scp),
            resource_control=tuple(_policies(level) for level in self.rcp),
            identity=_policies(self.identity),
            boundary=_one("boundary", self.boundary),
            session=None if self.session is None else (policy("session", self.session),),
            resource=_one("resource", self.resource),
            resource_must_allow=self.request.action.startswith("kms:"),
            endpoint=_one("endpoint", self.endpoint),
        )


def _policies(named: Mapping[str, Document]) -> tuple[Any, ...]:
    return tuple(policy(name, document) for name, document in named.items())


def _one(name: str, document: Document | None) -> Any:
    return None if document is None else policy(name, document)


def samples(seed: int, count: int) -> list[Sample]:
    """So many samples, the same for the same seed."""
    random = Random(seed)  # noqa: S311  # the same samples again are what is wanted here
    return [_Maker(random).sample() for _ in range(count)]


class _Maker:
    """One sample's dice; every statement gets a Sid of its own."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.statements = 0

    def sample(self) -> Sample:
        action = self.random.choice(ACTIONS)
        caller = self.random.choice(CALLERS)
        table_or_key = action.startswith(("dynamodb:", "kms:")) and action != "dynamodb:ListTables"
        resource = self._resource_policy(action) if table_or_key else None
        has_policies = caller.startswith("arn:")  # a service and an anonymous caller have none of their own
        return Sample(
            request=self._request(action, caller),
            scp=self._levels() if has_policies else (),
            rcp=self._rcps() if table_or_key else (),
            identity=self._identity() if has_policies else {},
            boundary=self._sometimes(0.3, self._cap) if has_policies else None,
            session=self._sometimes(0.15, self._cap) if _can_have_session_policy(caller, resource) else None,
            resource=resource,
            endpoint=self._sometimes(0.2, self._endpoint),
        )

    def _sometimes(self, chance: float, make: Any) -> Any:
        return make() if self.random.random() < chance else None

    def _some(self, values: Sequence[Any], counts: Sequence[int] = (1, 1, 2)) -> list[Any]:
        return self.random.sample(values, min(len(values), self.random.choice(counts)))

    # ------------------------------------------------------------ documents

    def _levels(self) -> tuple[dict[str, Document], ...]:
        return tuple(self._level(f"scp{n}") for n in range(self.random.choice((1, 1, 2, 3))))

    def _level(self, name: str) -> dict[str, Document]:
        allowing = self._full() if self.random.random() < 0.85 else _document(self._statement("Allow"))
        denying = {
            f"{name}-{n}": _document(*(self._statement("Deny") for _ in range(self.random.choice((1, 2)))))
            for n in range(self.random.choice((0, 1, 1, 2)))
        }
        return {f"{name}-allow": allowing, **denying}

    def _rcps(self) -> tuple[dict[str, Document], ...]:
        if self.random.random() > 0.3:
            return ()
        return ({"rcp": _document(self._statement("Deny", "*", plain=True))},)

    def _identity(self) -> dict[str, Document]:
        if self.random.random() < 0.6:
            return {"identity": self._full()}
        return {"identity": _document(self._statement("Allow"), self._statement("Deny"))}

    def _cap(self) -> Document:
        return _document(self._statement("Allow"), self._statement("Allow"))

    def _endpoint(self) -> Document:
        first = self._full("*") if self.random.random() < 0.6 else _document(self._statement("Allow", "*"))
        return _document(*first["Statement"], self._statement("Deny", "*"))

    def _resource_policy(self, action: str) -> Document | None:
        if self.random.random() < 0.5 and not action.startswith("kms:"):
            return None
        effects = self._some(("Allow", "Allow", "Deny"), (1, 2, 3))
        return _document(*(self._statement(effect, self.random.choice(NAMED)) for effect in effects))

    def _full(self, named: Any = None) -> Document:
        return _document({"Effect": "Allow", "Action": "*", "Resource": "*", **self._head(named)})

    def _head(self, named: Any) -> dict[str, Any]:
        self.statements += 1
        return {"Sid": f"S{self.statements}", **({"Principal": named} if named else {})}

    def _statement(self, effect: str, named: Any = None, plain: bool = False) -> dict[str, Any]:
        """A random statement; `plain` as RCPs have it, without Not… and without the action `*`."""
        patterns = ACTION_PATTERNS if plain else (*ACTION_PATTERNS, *FURTHER_PATTERNS)
        action = "Action" if plain or self.random.random() < 0.75 else "NotAction"
        return {
            **self._head(named),
            "Effect": effect,
            action: self._some(patterns, (1, 2, 3)),
            **self._resources(plain),
            **self._condition(),
        }

    def _resources(self, plain: bool) -> dict[str, Any]:
        if self.random.random() < 0.5:
            return {"Resource": "*"}
        if plain or self.random.random() < 0.75:
            return {"Resource": self._some((*RESOURCE_PATTERNS, *VARIABLE_RESOURCES))}
        return {"NotResource": self._some((*RESOURCE_PATTERNS, VARIABLE_RESOURCES[1]))}

    def _condition(self) -> dict[str, Any]:
        block: dict[str, dict[str, Any]] = {}
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2, 3))):
            operator, key, values = self._line()
            lines = block.setdefault(operator, {})
            if key.lower() not in map(str.lower, lines):
                lines[key] = values
        return {"Condition": block} if block else {}

    def _line(self) -> tuple[str, str, Any]:
        key = self.random.choice((*SINGLE, *SINGLE, *MULTIPLE, *MULTIPLE, CALLER, CALLER, CALLER))
        name = key.name if self.random.random() < 0.9 else key.name.lower()
        if self.random.random() < 0.12 and key is not CALLER:
            return "Null", name, self.random.choice(("true", "false"))
        operator = self.random.choice(key.operators)
        if key in MULTIPLE:
            operator = f"{self.random.choice(('ForAllValues', 'ForAnyValue'))}:{operator}"
        elif self.random.random() < 0.25:
            operator += "IfExists"
        values = self._some(key.wanted)
        return operator, name, values[0] if len(values) == 1 and self.random.random() < 0.5 else values

    # ------------------------------------------------------------ requests

    def _request(self, action: str, caller: str) -> Request:
        context: dict[str, str | tuple[str, ...]] = {}
        for key in SINGLE:
            if key.known_to(action) and self.random.random() < 0.6:
                context[key.name] = self.random.choice(key.found)
        for key in MULTIPLE:
            if key.known_to(action) and self.random.random() < 0.7:
                context[key.name] = tuple(self._some(key.found, (1, 2, 3)))
        return Request(principal(caller, "monday"), action, self._target(action), ACCOUNT, context)

    def _target(self, action: str) -> str:
        if action == "dynamodb:ListTables":
            return "*"
        if action.startswith("dynamodb:"):
            return self.random.choice(TABLES)
        return KEY if action.startswith("kms:") else TRAIL


def _can_have_session_policy(caller: str, resource: Document | None) -> bool:
    """Whether a session policy means the same to both evaluators.

    The manual says that neither boundary nor session policy limits what a resource's policy grants to a session by its
    own ARN, or to everybody; the other evaluator holds that for boundaries only.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    directly: tuple[Any, ...] = ("*", {"AWS": "*"}, {"AWS": SESSION})
    named = [statement["Principal"] for statement in resource["Statement"]] if resource else []
    return ":assumed-role/" in caller and not any(each in directly for each in named)


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
