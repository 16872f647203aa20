"""What DynamoDB wants of a request's expressions together: placeholders that are all used, and nothing of before 2014.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_LEGACY = {"AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected", "QueryFilter", "ScanFilter"}
_LEGACY_BESIDE_FILTERS = "KeyConditions"
_PLACEHOLDERS = {"Name": re.compile(r"#\w+"), "Value": re.compile(r":\w+")}


def faults(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the expressions among the parameters of a request, as AWS words it."""
    expressions = {name: text for name, text in parameters.items() if name.endswith("Expression")}
    replaced = _LEGACY | ({_LEGACY_BESIDE_FILTERS} if "KeyConditionExpression" in expressions else set())
    if expressions and (legacy := replaced & parameters.keys()):
        yield (
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {_set(legacy)} Expression parameters: {_set(expressions)}"
        )
    yield from (
        f"Invalid {name}: The expression can not be empty;" for name, text in expressions.items() if not text.strip()
    )
    for kind, placeholder in _PLACEHOLDERS.items():
        parameter, used = f"ExpressionAttribute{kind}s", set(placeholder.findall(" ".join(expressions.values())))
        named = parameters.get(parameter, {})
        if parameter in parameters and not expressions:
            yield f"{parameter} can only be specified when using expressions"
        if parameter in parameters and not named:
            yield f"{parameter} must not be empty"
        if unused := named.keys() - used:
            yield f"Value provided in {parameter} unused in expressions: keys: {_set(unused)}"
        what = f"attribute {kind.lower()}"
        for undefined in sorted(used - named.keys()):
            yield f"An expression {what} used in an expression is not defined; {what}: {undefined}"


def _set(names: Any) -> str:
    return "{" + ", ".join(sorted(names)) + "}"
