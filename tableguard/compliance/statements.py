"""What managed rules ask of policy documents: which statements let everybody in, and which actions they name."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

Statement = Mapping[str, Any]

# Conditions on these keys, with fixed values, keep a statement from being public:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
# AWS Config's pages name no keys but aws:SourceAccount; kms:CallerAccount is KMS's own name for an account.
_NARROWING = frozenset(
    (
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "kms:calleraccount",
    )
)
_NARROWEST_PUBLIC = {4: 8, 6: 32}  # bits of a prefix, by version of IP
# of the operators, those that demand a value: a negated one lets everybody else in
_DEMANDING = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")


def statements(document: Any) -> tuple[Statement, ...]:
    """Return the statements of a document, None for no document."""
    return tuple(listed((document or {}).get("Statement", ())))


def listed(value: Any) -> list[Any]:
    """Return a value of a policy as a list: one may stand alone."""
    return list(value) if isinstance(value, list | tuple) else [value]


def public(document: Any) -> tuple[str, ...]:
    """Return the names of the statements that allow something to everybody."""
    return tuple(
        statement.get("Sid", "a statement without Sid")
        for statement in statements(document)
        if statement["Effect"] == "Allow" and _for_everybody(statement) and not _narrowed(statement)
    )


def _for_everybody(statement: Statement) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal", {})
    named = listed(principal) if not isinstance(principal, Mapping) else listed(principal.get("AWS", []))
    # empty as well: https://docs.aws.amazon.com/config/latest/developerguide/lambda-function-public-access-prohibited.html
    return any(not value or not _is_fixed(str(value)) for value in named) or principal in ("", {})


def _is_fixed(value: str) -> bool:
    return not any(character in value for character in "*?") and "${" not in value


def _narrowed(statement: Statement) -> bool:
    for operator, tests in statement.get("Condition", {}).items():
        word = operator.lower().removeprefix("forallvalues:")
        if word.removeprefix("foranyvalue:") not in _DEMANDING or word != operator.lower():
            continue  # with IfExists or for all values, it demands nothing of a request without the key
        for key, values in tests.items():
            if key.lower() in _NARROWING and all(_narrows(key.lower(), str(value)) for value in listed(values)):
                return True
    return False


def _narrows(key: str, value: str) -> bool:
    """Tell whether a value is fixed, and no range of addresses that S3's page calls public: broader than /8 or /32."""
    if key != "aws:sourceip":
        return _is_fixed(value)
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _NARROWEST_PUBLIC[network.version]


def actions(statement: Statement) -> Iterator[str]:
    """Return the actions that a statement names, in small letters."""
    yield from (str(action).lower() for action in listed(statement.get("Action", [])))


def denies(statement: Statement, *wanted: str) -> bool:
    """Tell whether a statement denies all of these actions, itself or by a wildcard at their end."""
    patterns = list(actions(statement))
    return statement["Effect"] == "Deny" and all(
        any(
            action.lower() == pattern or (pattern.endswith("*") and action.lower().startswith(pattern[:-1]))
            for pattern in patterns
        )
        for action in wanted
    )
