"""The words of random policies: few, and alike, so that statements meet; some of them at the ends of what AWS takes.

Texts of policies are made from the texts of requests, never the other way round by what the prover takes for a class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Literal, TypeVar

from tests.attack.cases import ACCOUNT, ELSEWHERE, MANAGEMENT, MEMBER, ORGANIZATION, STRANGER

Item = TypeVar("Item")
KeyKind = Literal["text", "list", "number", "date", "time", "bool", "address", "arn", "caller", "word"]

PRINTABLE = "".join(map(chr, range(0x21, 0x80)))
STEMS = ("app", "ops", "audit", "Team-a", "janitor", "ec2", "x", "data", "ap", "prod-data")
ACCOUNTS = (ACCOUNT, MEMBER, MANAGEMENT, STRANGER)
ORGANIZATIONS = (ORGANIZATION, ELSEWHERE)
SERVICES = ("backup.amazonaws.com", "s3.amazonaws.com", "ec2.amazonaws.com")
ISSUERS = ("cognito-identity.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com")
ACTIONS = (
    "dynamodb:DeleteTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:NewAction",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteBucket",
    "kms:Decrypt",
    "kms:RetireGrant",
    "sts:AssumeRole",
    "ec2:RunInstances",
)
ACTION_PATTERNS = (
    *ACTIONS,
    "*",
    "*",
    "dynamodb:*",
    "dynamodb:Delete*",
    "DynamoDB:deletetable",
    "dynamodb:?etItem",
    "dynamodb:*Item",
    "s3:*",
    "s3:*Object",
    "*:*e*",
    "d*:*",
    "kms:*",
    "k?s:R*",
)
NUMBERS = ("0", "7", "10", "3600", "65536", "123456", "123456.4", "1000000", "3600000", "0.1", "-1", "99999999.25")
DATES = (
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:01Z",
    "2025-12-31T23:59:59Z",
    "2026-06-30T12:00:00+02:00",
    "2026-01-01",
    "1767225600",
)
ENDS_OF_TIME = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1767225600000", "9999999999999")
# what a key is compared with whose value another key of the request gives
VARIABLES = (
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/team, 'app'}",
    "${aws:PrincipalTag/team}*",
    "${aws:username}",
)
VARIABLES_OF: Mapping[str, tuple[str, ...]] = {
    "aws:ResourceAccount": ("${aws:PrincipalAccount}",),
    "aws:ResourceOrgID": ("${aws:PrincipalOrgID}",),
    "aws:PrincipalArn": (f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalTag/team}}",),
    "aws:PrincipalTag/team": ("${aws:username}",),
}
RESOURCES_WITH_VARIABLES = (
    "arn:aws:s3:::b/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::b/${aws:username}",
    f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/${{aws:PrincipalTag/team}}",
)
BLOCKS = ("10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "203.0.113.9/32", "203.0.113.8/30", "0.0.0.0/0", "::/0")
BLOCKS_OF_SIX = ("2001:db8::/32", "2001:db8::/33", "2001:db8:8000::/33")


@dataclass(frozen=True)
class ContextKey:
    """A context key and what its values are."""

    name: str
    kind: KeyKind
    words: tuple[str, ...] = ()


KEYS = (
    ContextKey("aws:RequestTag/team", "text"),
    ContextKey("aws:PrincipalTag/team", "text"),
    ContextKey("aws:ResourceTag/team", "text"),
    ContextKey("aws:UserAgent", "text"),
    ContextKey("aws:username", "text"),
    ContextKey("s3:prefix", "text"),
    ContextKey("aws:SourceVpce", "word", ("vpce-1", "vpce-2", "vpce-12")),
    ContextKey("aws:RequestedRegion", "word", ("eu-west-1", "eu-west-2", "us-east-1", "eu-west-11")),
    ContextKey("aws:TagKeys", "list"),
    ContextKey("dynamodb:LeadingKeys", "list"),
    ContextKey("dynamodb:Attributes", "list"),
    ContextKey("s3:max-keys", "number"),
    ContextKey("s3:signatureAge", "number"),
    ContextKey("aws:MultiFactorAuthAge", "number"),
    ContextKey("aws:TokenIssueTime", "date"),
    ContextKey("aws:CurrentTime", "time"),
    ContextKey("aws:EpochTime", "time"),
    ContextKey("aws:SecureTransport", "bool"),
    ContextKey("aws:MultiFactorAuthPresent", "bool"),
    ContextKey("aws:SourceIp", "address"),
    ContextKey("aws:SourceArn", "arn"),
    ContextKey("aws:PrincipalArn", "caller"),
    ContextKey("aws:PrincipalArn", "caller"),
    ContextKey("aws:PrincipalAccount", "word", ACCOUNTS),
    ContextKey("aws:ResourceAccount", "word", ACCOUNTS),
    ContextKey("aws:PrincipalOrgID", "word", ORGANIZATIONS),
    ContextKey("aws:ResourceOrgID", "word", ORGANIZATIONS),
    ContextKey("aws:PrincipalType", "word", ("AssumedRole", "User", "Account", "FederatedUser", "Anonymous")),
    ContextKey("aws:PrincipalServiceName", "word", SERVICES),
    ContextKey("aws:PrincipalIsAWSService", "bool"),
)
ALWAYS = frozenset(("aws:requestedregion", "aws:securetransport", "aws:currenttime", "aws:epochtime"))


class Dice:
    """Draws from words."""

    def __init__(self, random: Random, odd: float) -> None:
        self.random, self.odd = random, odd
        self.names = tuple(self._name() for _ in range(random.randint(2, 3)))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one(self, items: Sequence[Item]) -> Item:
        return self.random.choice(items)

    def some(self, items: Sequence[Item], most: int = 2) -> list[Item]:
        return self.random.sample(items, min(len(items), self.random.randint(1, most)))

    def _name(self) -> str:
        stem = self.one(STEMS)
        if self.chance(self.odd):
            place = self.random.randint(0, len(stem))
            return stem[:place] + self.one(PRINTABLE) + stem[place:]
        return stem

    def pattern(self) -> str:
        """Return a pattern of one of the names: itself, or with wildcards, another case, a character more or less."""
        name = self.one(self.names)
        place = self.random.randrange(len(name))
        before, character, after = (escaped(part) for part in (name[:place], name[place], name[place + 1 :]))
        return self.one(
            (
                escaped(name),
                escaped(name),
                f"{escaped(name)}*",
                f"*{escaped(name)}",
                f"{before}*",
                f"{before}{character}*",
                f"*{character}*",
                f"*{character}{after}",
                f"{before}?{after}",
                f"{before}*{after}",
                "?" * len(name),
                "?*",
                "*",
                escaped(name.swapcase()),
                f"{escaped(name)}{escaped(self.one(PRINTABLE))}",
                f"{before}{after}" or "*",
                f"*{escaped(self.one(PRINTABLE))}*",
            )
        )

    def caller_pattern(self) -> str:
        account = self.one((*ACCOUNTS, "*", "*", "*", "*"))
        named = (
            f"arn:aws:iam::{account}:role/{self.pattern()}",
            f"arn:aws:iam::{account}:role/{escaped(self.one(self.names))}/*",
            f"arn:aws:iam::{account}:role/*",
            f"arn:aws:iam::{account}:user/{self.pattern()}",
            f"arn:aws:iam::{account}:user/*",
        )
        kinds = (
            f"arn:aws:iam::{account}:root",
            f"arn:*:iam::{account}:*",
            f"arn:aws:iam::{account}:r*",
            f"arn:aws:sts::{account}:federated-user/*",
            f"arn:aws:sts::{account}:federated-user/{self.one(STEMS)}",
            "arn:aws:iam::*:role/aws-service-role/*",
            "arn:aws:*::*:*",
        )
        return self.one(named if self.chance(self.odd) else (*named, *kinds))

    def resource_pattern(self) -> str:
        account = self.one((*ACCOUNTS, "*", "*"))
        region = self.one(("*", "eu-west-1", "eu-*", "us-east-?"))
        return self.one(
            (
                f"arn:aws:dynamodb:{region}:{account}:table/{self.pattern()}",
                f"arn:aws:dynamodb:{region}:{account}:table/*",
                f"arn:aws:dynamodb:*:{account}:*",
                f"arn:aws:s3:::{self.pattern()}",
                f"arn:aws:s3:::{self.one(STEMS).lower()}/{self.pattern()}",
                "arn:aws:s3:::*",
                "arn:*:*:*:*:*",
                f"arn:aws:kms:{region}:{account}:key/*",
                f"arn:aws:kms:{region}:{account}:alias/aws/*",
                f"arn:aws:iam::{account}:role/{self.pattern()}",
            )
        )

    def texts(self, key: ContextKey) -> str:
        """Return a text that a policy compares a key of texts with."""
        match key.kind:
            case "caller":
                return self.caller_pattern()
            case "arn":
                return self.resource_pattern()
            case "word":
                word = self.one(key.words)
                return self.one((word, word, word, f"{word[:-1]}?", f"{word[:3]}*", "*"))
        return self.one((self.pattern(), self.pattern(), self.pattern(), "", "?*"))

    def number(self) -> str:
        number = Decimal(self.one(NUMBERS))
        return format(number + Decimal(self.one(("0", "0", "1", "-1", "0.1", "0.001"))), "f")

    def date(self) -> str:
        return self.one(DATES) if self.chance(0.9) else self.one(ENDS_OF_TIME)

    def block(self) -> str:
        return self.one(BLOCKS if self.chance(0.8) else BLOCKS_OF_SIX)

    def session(self) -> Any:
        """Return a Principal element that names a session of a role."""
        return {"AWS": f"arn:aws:sts::{self.one(ACCOUNTS[:2])}:assumed-role/{self.one(STEMS)}/monday"}

    def principal(self) -> Any:
        """Return the value of a Principal element."""
        account, name = self.one(ACCOUNTS), self.one(STEMS)
        arns = (
            account,
            f"arn:aws:iam::{account}:root",
            f"arn:aws:iam::{account}:role/{name}",
            f"arn:aws:iam::{account}:user/{name}",
            f"arn:aws:sts::{account}:assumed-role/{name}/monday",
            f"arn:aws:sts::{account}:federated-user/{name}",
        )
        return self.one(
            (
                "*",
                "*",
                {"AWS": self.some(arns)},
                {"AWS": self.some(arns)},
                {"Service": self.one(SERVICES)},
                {"Federated": self.one(ISSUERS)},
                {"AWS": self.one(arns), "Service": self.some(SERVICES)},
            )
        )


def escaped(text: str) -> str:
    """Return the pattern of a text itself: with `${*}` for a character that would be a wildcard."""
    return "".join(f"${{{character}}}" if character in "*?$" else character for character in text)
