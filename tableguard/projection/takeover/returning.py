"""Write into the bootcamp's table what it lacks of one group, each write on a condition."""

from dataclasses import dataclass, replace
from typing import Any

from stream_lambda import items
from tableguard.errors import TableError
from tableguard.projection.takeover.differences import Differences, RowMove, TextChange
from tableguard.projection.takeover.source import Source
from tableguard.store.bootcamp import layout
from tableguard.store.bootcamp.layout import GroupRow

_INSTANTS = 100  # at as many microseconds
_PASSING = {"ConditionalCheckFailed", "None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}


@dataclass(frozen=True)
class Writer:
    """Writes into their table; what changed meanwhile is left for the next reading."""

    source: Source

    def write(self, differences: Differences) -> None:
        """Write messages, then edits, then the rows that show the newest."""
        for item in differences.new_messages:
            self._put(Item=item, ConditionExpression="attribute_not_exists(pk)")
        for edit in differences.edits:
            self._edit(edit)
        for move in differences.rows:
            self._move(move)

    def _put(self, **request: Any) -> bool:
        client = self.source.client
        try:
            client.put_item(TableName=self.source.table_name, **request)
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _edit(self, edit: TextChange) -> None:
        client = self.source.client
        try:
            client.update_item(
                TableName=self.source.table_name,
                Key=edit.key,
                UpdateExpression="SET message = :text",
                ConditionExpression="message_uuid = :uuid",
                ExpressionAttributeValues={":text": {"S": edit.text}, ":uuid": {"S": edit.message_uuid}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _move(self, move: RowMove) -> None:
        """Put the row and delete those that it replaces, at once; a moment later where another group's row is."""
        for _ in range(_INSTANTS):
            codes = self._transact(move)
            if codes[0] != "ConditionalCheckFailed":
                return  # done, or a row that it replaces has moved meanwhile
            later = items.microsecond_later(layout.instant(move.row.at, self.source.zone))
            move = replace(move, row=replace(move.row, at=layout.local_time(later, self.source.zone)))
        raise TableError(f"table {self.source.table_name}: {_INSTANTS} rows of one person at the same instant")

    def _transact(self, move: RowMove) -> list[str]:
        """Return the reasons against each part; "None" where there is none."""
        client = self.source.client
        parts = [{"Put": self._put_of(move.row)}, *({"Delete": self._delete_of(row)} for row in move.replaced)]
        try:
            client.transact_write_items(TransactItems=parts)
        except client.exceptions.TransactionCanceledException as error:
            codes = [str(reason["Code"]) for reason in error.response["CancellationReasons"]]
            if not set(codes) <= _PASSING:
                raise
            return codes
        return ["None"] * len(parts)

    def _put_of(self, row: GroupRow) -> dict[str, Any]:
        return {
            "TableName": self.source.table_name,
            "Item": layout.row_item(row),
            "ConditionExpression": "attribute_not_exists(pk) OR message_group_uuid = :group",
            "ExpressionAttributeValues": {":group": {"S": row.group_uuid}},
        }

    def _delete_of(self, row: GroupRow) -> dict[str, Any]:
        return {
            "TableName": self.source.table_name,
            "Key": layout.row_key(row),
            "ConditionExpression": "message_group_uuid = :group",
            "ExpressionAttributeValues": {":group": {"S": row.group_uuid}},
        }
