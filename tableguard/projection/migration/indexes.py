"""The indexes of a table as it is now: whether one can be used, and how one is added outside CloudFormation."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tableguard.aws.capacity import Index, index_of
from tableguard.errors import TableError
from tableguard.settings import Settings
from tableguard.store.table_admin import declared, no_table

_TABLE_KEY = ("pk", "sk")
_DELAY = 1.0  # seconds between two looks at an index that is being built


def usable_indexes(client: Any, name: str, needed: str) -> tuple[Index, ...]:
    """Return the table's indexes; TableError, with what to do, if the needed one is not there, or still being built."""
    indexes = _described(client, name)
    status = {str(index["IndexName"]): index["IndexStatus"] for index in indexes}
    if needed not in status:
        raise TableError(
            f"table {name}: has no index {needed}; set former_index = true under [table] of the settings and run "
            "`tableguard deploy`, which adds it; to a table outside CloudFormation --add-index adds it"
        )
    if status[needed] != "ACTIVE":
        raise TableError(f"table {name}: index {needed} is {status[needed]}; run this again once it is ACTIVE")
    return tuple(index_of(index, _TABLE_KEY, is_global=True) for index in indexes)


def add_index(
    client: Any, settings: Settings, name: str, needed: str, sleep: Callable[[float], object] = time.sleep
) -> None:
    """Add an index as templates/table.py has it, unless it is there, and wait until it can be used.

    TableError for a table under deletion protection: that is a deployed one, whose indexes are its stack's.
    """
    if any(index["IndexName"] == needed for index in _described(client, name)):
        return
    if client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        raise TableError(
            f"table {name}: deletion protection is on, so it is a deployed table, and its stack adds the index: set "
            "former_index = true under [table] of the settings and run `tableguard deploy`"
        )
    table = declared(replace(settings, former_index=True))
    (index,) = (index for index in table["GlobalSecondaryIndexes"] if index["IndexName"] == needed)
    client.update_table(
        TableName=name,
        AttributeDefinitions=table["AttributeDefinitions"],
        GlobalSecondaryIndexUpdates=[
            {"Create": {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}}
        ],
    )
    while any(index["IndexStatus"] != "ACTIVE" for index in _described(client, name)):
        sleep(_DELAY)


def _described(client: Any, name: str) -> Sequence[Mapping[str, Any]]:
    try:
        table = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise no_table(client, name) from error
    return list(table.get("GlobalSecondaryIndexes", []))
