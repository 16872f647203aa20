"""Read the examples of a detection: a CloudTrail record that it must see, and a twin that it must not."""

from collections.abc import Mapping
from typing import Any

from tableguard.detect.detection import Event, Example, Where
from tableguard.errors import PolicyError
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table

# A management call that the deployer's role made; an example states the fields in which it differs.
_RECORD: Event = {
    "eventVersion": "1.11",
    "eventCategory": "Management",
    "eventType": "AwsApiCall",
    "awsRegion": "<home-region>",
    "readOnly": False,
    "userIdentity": {
        "type": "AssumedRole",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::<account-id>:role/<name>-deployer"}},
    },
    "requestParameters": None,
}


def example(table: Table, values: Values) -> Example:
    """Return the example in a table; PolicyError unless its twin differs in one field."""
    stated, change = table.table("event"), table.table("twin")
    table.close()
    for field in ("eventSource", "eventName"):
        if field not in stated:
            raise PolicyError(f"{table.place}: event: {field}: missing; accepted: a text, as in CloudTrail's records")
    event = {**placeholders.fill(_RECORD, values, table.place), **stated}
    changed = _changed(event, change)
    if len(flattened(change)) != 1 or changed == event:
        raise PolicyError(f"{table.place}: twin: {change!r} is not accepted; accepted: one field with another value")
    return Example(event, changed)


def flattened(fields: Mapping[str, Any], parent: str = "") -> Where:
    """Return nested fields as pairs of dotted path and value."""
    pairs: list[tuple[str, Any]] = []
    for key, value in fields.items():
        path = f"{parent}{key}"
        pairs += flattened(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return tuple(pairs)


def _changed(event: Any, change: Mapping[str, Any]) -> Event:
    """Return the event with the fields of `change` at their places."""
    fields = event if isinstance(event, dict) else {}
    deeper = {
        key: _changed(fields.get(key), value) if isinstance(value, dict) else value for key, value in change.items()
    }
    return {**fields, **deeper}
