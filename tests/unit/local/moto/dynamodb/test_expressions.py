"""Update expressions are traversed in fewer steps than moto's, and end in the same item or the same error."""

from typing import Any

import pytest
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing import ast_nodes, expressions
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.dynamodb.parsing.validators import UpdateExpressionValidator

from tableguard.local.moto.dynamodb.expressions import traverse

TRAVERSER: Any = vars(ast_nodes)["DepthFirstTraverser"]
PARSER: Any = vars(expressions)["UpdateExpressionParser"]
VALUES: dict[str, dict[str, Any]] = {
    ":s": {"S": "text"},
    ":n": {"N": "2"},
    ":l": {"L": [{"S": "x"}]},
    ":ss": {"SS": ["x"]},
    ":e": {"S": ""},
}
NAMES = {"#a": "a", "#n": "n", "#k": "pk"}
ITEM: dict[str, Any] = {
    "pk": {"S": "p"},
    "sk": {"S": "s"},
    "a": {"S": "old"},
    "n": {"N": "1"},
    "l": {"L": [{"S": "one"}, {"S": "two"}, {"S": "three"}]},
    "m": {"M": {"b": {"M": {"c": {"N": "1"}}}}},
    "ss": {"SS": ["x", "y"]},
}
FINE = (
    "SET a = :s",
    "SET #a = :s, n = n + :n, m.b.c = m.b.c - :n REMOVE ss",
    "SET a = if_not_exists(a, :s), z = if_not_exists(z, :s), l = list_append(l, :l)",
    "SET l[0] = :s, l[9] = :s REMOVE m.b",
    "SET z = if_not_exists(y, n) ADD n :n, ss :ss",
    "REMOVE l[0], l[2] DELETE ss :ss",
    "SET a = n, n = a, z = m.b.c + n",
)
REFUSED = (
    "SET a = :absent",
    "SET a = nowhere",
    "SET nowhere.b = :s",
    "SET pk = :s",
    "SET #k = :s",
    "SET a = :s, a = :n",
    "SET m.b = :s, m.b.c = :s, m.b.d = :s, a = :n, a = :s",
    "SET a = :s SET n = :n",
    "REMOVE a REMOVE n",
    "SET a = a + :n",
    "SET l = list_append(a, :l)",
    "SET gsi = :e",
    "SET gsi = :n",
)


class Keyed:
    """What an update asks of its table."""

    table_key_attrs = ("pk", "sk")
    attribute_keys = ("pk", "sk", "gsi")
    attr = tuple({"AttributeName": name, "AttributeType": "S"} for name in attribute_keys)


def outcome(expression: str) -> Any:
    """Return the item after an update, or the words of its refusal."""
    item = Item(DynamoType(ITEM["pk"]), DynamoType(ITEM["sk"]), ITEM)
    table: Any = Keyed()
    try:
        parsed = PARSER.make(expression)
        tree = UpdateExpressionValidator(parsed, NAMES, VALUES, item, table).validate()
        tree.normalize()
        UpdateExpressionExecutor(tree, item, NAMES).execute()
    except MockValidationException as error:
        return type(error).__name__, str(error)
    return item.to_json()


@pytest.mark.parametrize("expression", [*FINE, *REFUSED])
def test_an_update_has_the_outcome_that_moto_gives_it(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TRAVERSER, "traverse", TRAVERSER.traverse_node_recursively)
    of_moto = outcome(expression)
    monkeypatch.setattr(TRAVERSER, "traverse", traverse)
    assert outcome(expression) == of_moto
    assert isinstance(of_moto, tuple) == (expression in REFUSED)
