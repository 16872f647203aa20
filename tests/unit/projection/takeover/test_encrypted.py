"""With a key the copies are encrypted, compared decrypted, and returned as text; without it they are left."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.projection.takeover.copying import Standing
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.ciphers import CIPHER
from tests.worlds.messages import ADA, BOB, TABLE, all_items
from tests.worlds.takeovers import both_tables, ours, takeover, way_back

World = tuple[Any, Bootcamp, str, str]


@pytest.fixture
def world() -> Iterator[World]:
    with both_tables() as made:
        yield made


def test_copies_are_encrypted_and_compared_decrypted(world: World) -> None:
    client, _, pair, _ = world
    report = takeover(client, cipher=CIPHER).run()
    assert (report.exit_code, report.facts()["copied"], report.last.standings) == (FINE, 4, {Standing.SAME: 4})
    texts = [item["message"] for item in all_items(client) if "message" in item]
    assert all("B" in text for text in texts)
    table = replace(ours(client), cipher=CIPHER)
    assert [message.text for message in table.messages(pair, ADA.user_uuid).items][-1] == "hello Bob"


def test_a_ciphertext_that_was_moved_is_different_to_who_has_the_key(world: World) -> None:
    client, _, pair, _ = world
    takeover(client, cipher=CIPHER).run()
    one, two = [item for item in all_items(client) if item["pk"]["S"] == f"MSG#{pair}"][:2]
    client.put_item(TableName=TABLE, Item=one | {"message": two["message"]})
    with_key, without = takeover(client, cipher=CIPHER).run(), takeover(client).run()
    assert (with_key.exit_code, with_key.last.standings[Standing.DIFFERENT]) == (FINDINGS, 1)
    assert (without.exit_code, without.last.standings) == (FINE, {Standing.SAME: 4})


def test_the_way_back_returns_texts_with_the_key_and_leaves_them_without(world: World) -> None:
    client, application, pair, _ = world
    takeover(client, cipher=CIPHER).run()
    replace(ours(client), cipher=CIPHER).post(pair, BOB.user_uuid, "from ours")
    report = way_back(client).run()
    assert (report.exit_code, "its text is encrypted" in report.text()) == (FINDINGS, True)
    assert application.list_messages(pair)[-1] == "how are you?"
    assert way_back(client, cipher=CIPHER).run().exit_code == FINE
    assert application.list_messages(pair)[-1] == "from ours"
