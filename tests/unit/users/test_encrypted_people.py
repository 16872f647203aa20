"""A person is erased and exported where texts are encrypted: an erasure needs no key, an export does."""

from dataclasses import replace

import pytest

from stream_lambda.items import User
from tableguard.store.messages import MessageTable
from tableguard.users.export import Export
from tableguard.users.holdings import TableScan
from tests.worlds.ciphers import CIPHER
from tests.worlds.erasures import eraser, everything_of_ada, places_that_name, wrong_rows
from tests.worlds.messages import ADA, BOB, EVE, TABLE, all_items

OWN = ["hello", "how is it going?", "yes"]


@pytest.fixture
def sealed(table: MessageTable) -> MessageTable:
    return replace(table, cipher=CIPHER)


def scanned(table: MessageTable) -> TableScan:
    return TableScan(table.client, TABLE)


def test_an_erasure_needs_no_key_and_leaves_no_ciphertext_of_the_person(sealed: MessageTable) -> None:
    groups = everything_of_ada(sealed)
    scan = scanned(sealed)
    erasure = eraser(sealed).erase(scan.holdings(ADA))
    assert (erasure.left.erasable, places_that_name(sealed.client, ADA)) == (0, [])
    assert wrong_rows(sealed.client) == []
    assert [one.text for one in sealed.messages(groups["pair"], BOB.user_uuid).items] == ["", "and to you", ""]
    kept = [item for item in all_items(sealed.client) if "B" in item.get("message", {})]
    assert {item["user_uuid"]["S"] for item in kept} == {BOB.user_uuid, EVE.user_uuid}


def exported(table: MessageTable, user: User = ADA) -> tuple[list[object], list[str]]:
    scan = scanned(table)
    export = Export(scan, scan.holdings(user), table.cipher)
    return [message["text"] for message in export.messages()], export.not_shown


def test_an_export_has_the_texts_with_the_key_and_says_which_are_missing_without(sealed: MessageTable) -> None:
    everything_of_ada(sealed)
    texts, reasons = exported(sealed)
    assert (sorted(map(str, texts)), reasons) == (OWN, [])
    texts, reasons = exported(replace(sealed, cipher=None))
    assert texts == [None, None, None]
    assert len([reason for reason in reasons if "name its key with --message-key" in reason]) == len(OWN)


def test_a_text_that_was_moved_is_not_exported_as_the_persons(sealed: MessageTable) -> None:
    groups = everything_of_ada(sealed)
    pair = [item for item in all_items(sealed.client) if item["pk"]["S"] == f"MSG#{groups['pair']}"]
    own, of_bob = (next(one for one in pair if one["user_uuid"]["S"] == user.user_uuid) for user in (ADA, BOB))
    sealed.client.put_item(TableName=TABLE, Item=own | {"message": of_bob["message"]})
    texts, reasons = exported(sealed)
    assert "and to you" not in texts
    assert len(reasons) == 1
