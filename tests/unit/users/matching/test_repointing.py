"""A person's conversations go to the uuid of the store, whole, and again after an interruption, on each engine."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda.items import Group, User
from tableguard.errors import MessageError, UserStoreError
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.encryption import Cipher, MisfitError
from tableguard.store.messages import MessageTable, pair_group_uuid
from tableguard.store.read_markers import mark_read
from tableguard.users.matching.people import people
from tableguard.users.matching.repointing import Repointer, repointings
from tests.unit.store.conftest import client, table
from tests.worlds.erasures import everything_of_ada, groups_there
from tests.worlds.messages import ADA, BOB, EVE, NOW, PAIR, TABLE, all_items

__all__ = ["client", "table"]
pytestmark = pytest.mark.slow

ROB = User("sub-rob", "Ada Example", "ada")


class Stop(Exception):
    """What ends a run from outside."""


def repointer(table: MessageTable, new: User = ROB) -> Repointer:
    return Repointer(table, ADA.user_uuid, new, settle=0)


def repoint(table: MessageTable, of: Repointer | None = None) -> list[str]:
    """Repoint Ada's conversations to Rob, and return the names that they have then."""
    run = of or repointer(table)
    seen = people(Reader(table.client, TABLE, lambda: NOW, workers=1))
    return [plan.wanted.group_uuid for plan in run.run(repointings(ADA.user_uuid, run.new, run.groups(seen)))]


def wrong_rows(client: Any) -> list[str]:
    """What `rows verify` names an hour later, when what was left to expire is shown to nobody."""
    survey = Survey(Reader(client, TABLE, lambda: NOW + timedelta(hours=1), workers=1), settle=0)
    return [f"{drift.kind.value}: {drift.user_uuid} {drift.detail}" for drift in survey.of_all()]


def said(table: MessageTable, group_uuid: str, reader: User) -> list[tuple[str, str]]:
    page = table.messages(group_uuid, reader.user_uuid)
    return [(message.author.user_uuid, str(message.text)) for message in page.items]


def test_every_conversation_goes_over_with_messages_rows_and_markers(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    renamed = {
        groups["pair"]: pair_group_uuid(ROB.user_uuid, BOB.user_uuid),
        groups["with eve"]: pair_group_uuid(ROB.user_uuid, EVE.user_uuid),
        groups["three"]: groups["three"],
    }
    before = {name: said(table, group, ADA) for name, group in groups.items()}
    unread_before = table.all_conversations(ADA.user_uuid, unread=True).read_until
    assert sorted(repoint(table)) == sorted(renamed.values())
    assert groups_there(table.client) == set(renamed.values())
    for name, group_uuid in groups.items():
        expected = [(ROB.user_uuid if by == ADA.user_uuid else by, text) for by, text in before[name]]
        assert said(table, renamed[group_uuid], ROB) == expected
    assert table.all_conversations(ADA.user_uuid).items == ()
    assert {row.group_uuid for row in table.all_conversations(ROB.user_uuid).items} == set(renamed.values())
    assert wrong_rows(table.client) == []
    read = table.all_conversations(ROB.user_uuid, unread=True).read_until
    assert read == {renamed[group]: until for group, until in unread_before.items()}


def test_the_other_goes_on_in_the_same_conversation(table: MessageTable) -> None:
    table.create_conversation(ADA, [BOB], "hello")
    (group_uuid,) = repoint(table)
    again = table.create_conversation(BOB, [ROB], "and to you")
    assert (again.created, again.message.group_uuid) == (False, group_uuid)
    assert [row.group_uuid for row in table.all_conversations(BOB.user_uuid).items] == [group_uuid]


def test_a_conversation_that_was_begun_anew_becomes_one_with_the_former(table: MessageTable) -> None:
    table.create_conversation(ADA, [BOB], "long ago")
    table.create_conversation(ROB, [BOB], "of now")
    (group_uuid,) = repoint(table)
    assert [text for _, text in said(table, group_uuid, BOB)] == ["of now", "long ago"]
    assert wrong_rows(table.client) == []


def test_two_messages_of_one_instant_are_both_kept(table: MessageTable) -> None:
    frozen = replace(table, clock=lambda: NOW)
    frozen.create_conversation(ADA, [BOB], "long ago")
    frozen.create_conversation(ROB, [BOB], "of now")
    (group_uuid,) = repoint(frozen)
    assert sorted(text for _, text in said(frozen, group_uuid, BOB)) == ["long ago", "of now"]


@pytest.mark.parametrize("operation", ["put_item", "update_item", "transact_write_items", "delete_item"])
@pytest.mark.parametrize("number", range(1, 6))
def test_an_interrupted_run_goes_on_when_it_is_made_again(table: MessageTable, operation: str, number: int) -> None:
    groups = everything_of_ada(table)
    calls = iter(range(1, 1000))

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            call = getattr(table.client, name)
            if name != operation:
                return call

            def once(**request: Any) -> Any:
                if next(calls) == number:
                    raise Stop
                return call(**request)

            return once

    try:
        repoint(replace(table, client=Interrupted()))
    except Stop:
        repoint(table)
    assert ADA.user_uuid not in str(
        [one for one in all_items(table.client) if "expires_at" not in one and "last_read_at" not in one]
    )
    assert wrong_rows(table.client) == []
    assert len(said(table, pair_group_uuid(ROB.user_uuid, BOB.user_uuid), BOB)) == 3
    assert groups["three"] in groups_there(table.client)


def test_what_is_posted_while_it_runs_is_not_lost(table: MessageTable) -> None:
    table.create_conversation(ADA, [BOB], "hello")
    former = pair_group_uuid(ADA.user_uuid, BOB.user_uuid)
    late = table.post(former, BOB.user_uuid, "on its way").message
    item = next(one for one in all_items(table.client) if one.get("message_uuid") == {"S": late.message_uuid})
    table.client.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})
    run = replace(repointer(table), sleep=lambda _: table.client.put_item(TableName=TABLE, Item=item))
    (group_uuid,) = repoint(table, run)
    assert [text for _, text in said(table, group_uuid, BOB)] == ["on its way", "hello"]


def test_a_marker_that_is_further_stays(table: MessageTable) -> None:
    first = table.create_conversation(ADA, [BOB], "long ago").message
    newest = table.create_conversation(ROB, [BOB], "of now").message
    mark_read(table, first.group_uuid, BOB.user_uuid, first.created_at)
    mark_read(table, newest.group_uuid, BOB.user_uuid, newest.created_at)
    (group_uuid,) = repoint(table)
    assert table.all_conversations(BOB.user_uuid, unread=True).read_until[group_uuid] == newest.created_at


def bound(text: bytes, context: Mapping[str, str]) -> bytes:
    """A ciphertext that shows what it is bound to."""
    return repr(sorted(context.items())).encode() + b"|" + text[::-1]


def unbound(ciphertext: bytes, context: Mapping[str, str]) -> bytes:
    where, _, text = ciphertext.partition(b"|")
    if where != repr(sorted(context.items())).encode():
        raise MisfitError("another context")
    return text[::-1]


def test_encrypted_messages_are_bound_to_the_uuid_and_the_name_of_now(table: MessageTable) -> None:
    sealed = replace(table, cipher=Cipher(bound, unbound))
    groups = everything_of_ada(sealed)
    names = repoint(sealed)
    assert groups["three"] in names
    for group_uuid in names:
        assert sealed.messages(group_uuid, ROB.user_uuid).refusals == ()
    page = sealed.all_conversations(ROB.user_uuid)
    assert (len(page.items), page.refusals) == (3, ())
    assert "how is it going?" not in str(all_items(table.client))


def test_without_the_key_encrypted_messages_stay_where_they_are(table: MessageTable) -> None:
    sealed = replace(table, cipher=Cipher(bound, unbound))
    sealed.create_conversation(ADA, [BOB], "hello")
    with pytest.raises(MessageError, match="messages are encrypted; name their key with --message-key"):
        repoint(table)
    (group_uuid,) = repoint(sealed)
    assert said(sealed, group_uuid, BOB) == [(ROB.user_uuid, "hello")]


def test_a_ciphertext_that_does_not_fit_stops_the_run(table: MessageTable) -> None:
    sealed = replace(table, cipher=Cipher(bound, unbound))
    sealed.create_conversation(ADA, [BOB], "hello")
    with pytest.raises(MessageError, match="does not fit its ciphertext"):
        repoint(replace(table, cipher=Cipher(bound, lambda text, _: unbound(text, {}))))


def test_two_uuids_in_one_conversation_are_two_persons() -> None:
    both = Group("g", (ADA, replace(ADA, user_uuid=ROB.user_uuid), BOB))
    with pytest.raises(
        UserStoreError, match=r"group g: user-ada and sub-rob are both members, so they are two persons"
    ):
        repointings(ADA.user_uuid, ROB, [PAIR, both])
