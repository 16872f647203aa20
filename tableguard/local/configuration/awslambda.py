"""AWS::Lambda::Function."""

import json
from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, unless

FUNCTION = "AWS::Lambda::Function"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every function."""
    for function in reader.pages("lambda", "list_functions", "Functions"):
        yield _function(reader, function)


def _function(reader: ResourceReader, function: dict[str, Any]) -> ConfigurationItem:
    client, name = reader.client("lambda"), function["FunctionName"]
    policy = unless("ResourceNotFoundException", lambda: json.loads(client.get_policy(FunctionName=name)["Policy"]))
    concurrency = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return reader.item(
        FUNCTION,
        name,
        function["FunctionArn"],
        # its environment is not recorded
        recorded({word: value for word, value in function.items() if word != "Environment"}),
        tags=client.list_tags(Resource=function["FunctionArn"])["Tags"],
        supplementary={
            "Concurrency": {} if concurrency is None else {"reservedConcurrentExecutions": concurrency},
            "Policy": policy,
        },
        relationships=(("AWS::IAM::Role", function["Role"]),),
    )
