"""Give a person's conversations to the uuid that the user store has for them: members, messages, rows, read markers.

The conversation of two people is named by their uuids, so it moves to another name, message by message, each in one
transaction; others stay under theirs. A conversation that moves is closed first: it has no members, so nobody posts
to it. By that, and by the row that is left, a run that was interrupted is seen and goes on.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from stream_lambda.items import (
    Group,
    Item,
    ItemError,
    Message,
    RowKey,
    User,
    group_item,
    group_key,
    group_of,
    marker_key,
    message_item,
    message_of,
    messages_pk,
    microsecond_later,
)
from tableguard.errors import MessageError, UserStoreError
from tableguard.projection.reconcile import Choice, reconcile
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.messages import ATTEMPTS, MessageTable, pair_group_uuid
from tableguard.store.places import write_flag
from tableguard.store.rows import Rows
from tableguard.users.matching.people import People

_TAKEN, _CHANGED = 0, 1  # the places of the two writes that move a message, in the reasons of a cancellation


@dataclass(frozen=True)
class Repointing:
    """A conversation of a person under the wrong uuid, and what it is to be: its name, and its members."""

    former: Group
    wanted: Group

    @property
    def moves(self) -> bool:
        """Tell whether the conversation gets another name."""
        return self.former.group_uuid != self.wanted.group_uuid


def repointings(old_uuid: str, new: User, groups: Iterable[Group]) -> list[Repointing]:
    """Return what becomes of these groups; UserStoreError if both uuids are in one, and so are two persons."""
    plans = []
    for group in groups:
        uuids = [member.user_uuid for member in group.members]
        if new.user_uuid in uuids:
            raise UserStoreError(
                f"group {group.group_uuid}: {old_uuid} and {new.user_uuid} are both members, so they are two persons"
            )
        members = tuple(new if member.user_uuid == old_uuid else member for member in group.members)
        further = frozenset(new.user_uuid if uuid == old_uuid else uuid for uuid in group.further)
        is_pair = len(uuids) == 2 and group.group_uuid == pair_group_uuid(*uuids)
        name = pair_group_uuid(*(member.user_uuid for member in members)) if is_pair else group.group_uuid
        plans.append(Repointing(group, Group(name, members, further)))
    return plans


@dataclass(frozen=True)
class Repointer:
    """The table, the former uuid and the user of now, and how long a post may be under way to a closed conversation."""

    table: MessageTable
    old_uuid: str
    new: User
    settle: float = 5.0
    sleep: Callable[[float], object] = time.sleep
    cost: ReadCost = field(default_factory=ReadCost)

    def groups(self, people: People) -> list[Group]:
        """Return the groups of the former uuid, and those that an interrupted run has closed."""
        person = people.person(self.old_uuid)
        unfinished = {self._former_name(people, name): name for name in people.person(self.new.user_uuid).group_uuids}
        names = {former: name for former, name in unfinished.items() if former in person.rows or name != former}
        stored = self._reader.groups({*person.group_uuids, *names.values()})
        groups = {name: group_of(item) for name, item in stored.items()}
        begun = [self._as_it_was(former, groups[name]) for former, name in names.items()]
        return [*(groups[name] for name in person.group_uuids), *begun]

    def _former_name(self, people: People, group_uuid: str) -> str:
        """Return the name that a conversation had before it moved here, if that is closed by now; else the same."""
        others = [uuid for uuid in people.members[group_uuid] if uuid != self.new.user_uuid]
        closed = pair_group_uuid(self.old_uuid, others[0]) if len(others) == 1 else group_uuid
        return closed if people.members.get(closed) == () else group_uuid

    def _as_it_was(self, name: str, current: Group) -> Group:
        """Return a conversation as it was before a run that was interrupted."""
        former = replace(self.new, user_uuid=self.old_uuid)
        members = tuple(former if one.user_uuid == self.new.user_uuid else one for one in current.members)
        further = frozenset(self.old_uuid if one == self.new.user_uuid else one for one in current.further)
        return Group(name, members, further)

    def run(self, plans: Iterable[Repointing]) -> Iterator[Repointing]:
        """Change one conversation after the other; yield each that is done."""
        for plan in plans:
            if self.new.user_uuid in plan.wanted.further:
                write_flag(self.table.client, self.table.name, self.new.user_uuid)
            if plan.moves:
                self._move(plan)
            else:
                self._rename(plan)
            yield plan

    def _rename(self, plan: Repointing) -> None:
        self._each_message(plan, self._author)
        self._members(plan.former, plan.wanted.members, plan.wanted.further)
        self._finish(plan)

    def _move(self, plan: Repointing) -> None:
        self._open(plan.wanted)
        self._members(plan.former, (), frozenset())
        self._each_message(plan, self._transfer)
        self.sleep(self.settle)
        self._each_message(plan, self._transfer)  # what was posted by who had read the members before
        self._finish(plan)
        self.table.client.delete_item(
            TableName=self.table.name,
            Key=group_key(plan.former.group_uuid),
            ConditionExpression="size(members) = :none",
            ExpressionAttributeValues={":none": {"N": "0"}},
        )

    def _open(self, group: Group) -> None:
        try:
            self.table.client.put_item(
                TableName=self.table.name, Item=group_item(group), ConditionExpression="attribute_not_exists(pk)"
            )
        except self.table.client.exceptions.ConditionalCheckFailedException:
            return  # both have begun a conversation under the uuid of now: the messages of the two become one

    def _members(self, group: Group, members: tuple[User, ...], further: frozenset[str]) -> None:
        """Write a group's members unless they changed; written before, they stay."""
        before, after = (group_item(replace(group, members=one, further=other))["members"]
                         for one, other in ((group.members, group.further), (members, further)))  # fmt: skip
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=group_key(group.group_uuid),
                UpdateExpression="SET members = :after",
                ConditionExpression="members IN (:before, :after)",
                ExpressionAttributeValues={":before": before, ":after": after},
            )
        except self.table.client.exceptions.ConditionalCheckFailedException as error:
            raise MessageError(f"group {group.group_uuid}: its members changed in between; try again") from error

    def _each_message(self, plan: Repointing, write: Callable[[Repointing, Item, Message], None]) -> None:
        pages = self.table.client.get_paginator("query").paginate(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": messages_pk(plan.former.group_uuid)}},
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )
        for page in pages:
            self.cost.add(page.get("ConsumedCapacity"))
            for item in page["Items"]:
                write(plan, item, self._opened(item))

    def _opened(self, item: Item) -> Message:
        """Return a message with its text, as ciphertext is bound to group and author; MessageError if it is hidden."""
        try:
            message = message_of(item)
        except ItemError as error:
            raise MessageError(f"{item['pk']['S']}: the message at {item['sk']['S']} is damaged: {error}") from error
        if self.table.cipher is not None:
            opened = self.table.cipher.open_messages([message])
            if opened.refusals:
                raise MessageError(opened.refusals[0])
            return opened.items[0]
        if isinstance(message.text, bytes):
            raise MessageError("messages are encrypted; name their key with --message-key or TABLEGUARD_MESSAGE_KEY")
        return message

    def _sealed(self, message: Message) -> Item:
        return message_item(message if self.table.cipher is None else self.table.cipher.seal(message))

    def _by_new(self, message: Message) -> Message:
        return replace(message, author=self.new) if message.author.user_uuid == self.old_uuid else message

    def _author(self, _: Repointing, item: Item, message: Message) -> None:
        """Write a message of the person under the uuid of now, unless it was edited meanwhile."""
        changed = self._by_new(message)
        if changed == message:
            return
        condition, values = _unedited(item)
        try:
            self.table.client.put_item(
                TableName=self.table.name,
                Item=self._sealed(changed) | {name: item[name] for name in ("pk", "sk")},
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self.table.client.exceptions.ConditionalCheckFailedException as error:
            raise MessageError(f"group {message.group_uuid}: a message changed in between; try again") from error

    def _transfer(self, plan: Repointing, item: Item, message: Message) -> None:
        """Write a message under the other name and delete it here, in one transaction."""
        moved = replace(self._by_new(message), group_uuid=plan.wanted.group_uuid)
        condition, values = _unedited(item)
        delete: dict[str, Any] = {
            "TableName": self.table.name,
            "Key": {name: item[name] for name in ("pk", "sk")},
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        for _ in range(ATTEMPTS):
            put = {
                "TableName": self.table.name,
                "Item": self._sealed(moved),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
            try:
                self.table.client.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])
            except self.table.client.exceptions.TransactionCanceledException as error:
                reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
                if reasons[_CHANGED] == "ConditionalCheckFailed":
                    raise MessageError(
                        f"group {message.group_uuid}: a message changed in between; try again"
                    ) from error
                if reasons[_TAKEN] == "ConditionalCheckFailed":  # the other conversation has one of this instant
                    moved = replace(moved, created_at=microsecond_later(moved.created_at))
            else:
                return
        raise MessageError(f"group {message.group_uuid}: {ATTEMPTS} transactions in conflict; try again")

    def _finish(self, plan: Repointing) -> None:
        """Copy how far each has read, write the rows that there must be, and let the former ones expire."""
        (stored,) = self._reader.groups([plan.wanted.group_uuid]).values()  # which may have been there already
        for member in plan.former.members:
            self._copy_marker(plan.former, group_of(stored), member.user_uuid)
        survey = Survey(self._reader, settle=0)
        reconcile(survey, Choice(group_uuid=plan.wanted.group_uuid))
        rows = Rows(self.table.client, self.table.name)
        gone = [one.user_uuid for one in plan.former.members if plan.moves or one.user_uuid == self.old_uuid]
        keys = [RowKey(uuid, plan.former.group_uuid, further) for uuid in gone for further in (False, True)]
        group = self._reader.groups([plan.former.group_uuid]).get(plan.former.group_uuid)
        for row in rows.read(keys, self.cost).values():
            rows.expire_if_unchanged(row, group, self.table.clock())

    def _copy_marker(self, of: Group, to: Group, user_uuid: str) -> None:
        reader_uuid = self.new.user_uuid if user_uuid == self.old_uuid else user_uuid
        former = marker_key(RowKey(user_uuid, of.group_uuid, user_uuid in of.further))
        wanted = marker_key(RowKey(reader_uuid, to.group_uuid, reader_uuid in to.further))
        if former == wanted:
            return
        for marker in batch_get(self.table.client, self.table.name, [former], self.cost):
            try:
                self.table.client.update_item(
                    TableName=self.table.name,
                    Key=wanted,
                    UpdateExpression="SET last_read_at = :until",
                    ConditionExpression="attribute_not_exists(last_read_at) OR last_read_at < :until",
                    ExpressionAttributeValues={":until": marker["last_read_at"]},
                )
            except self.table.client.exceptions.ConditionalCheckFailedException:
                continue  # they have read further under the name of now

    @property
    def _reader(self) -> Reader:
        return Reader(self.table.client, self.table.name, self.table.clock, cost=self.cost)


def _unedited(item: Item) -> tuple[str, Item]:
    """Return a condition that a message is as it was read, and the values it compares with."""
    edited = item.get("edited_at")
    condition = "message_uuid = :uuid AND " + ("edited_at = :edited" if edited else "attribute_not_exists(edited_at)")
    return condition, {":uuid": item["message_uuid"], **({":edited": edited} if edited else {})}
