"""`tableguard users check` and `sync`, over an emulated pool and table and a real PostgreSQL server."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda.items import User, group_key, group_of
from tableguard.store.messages import pair_group_uuid
from tests.engines.postgresql import needs_postgresql
from tests.worlds.command_table import CONVERSATION, GROUP, MINA, TABLE, TEO, World
from tests.worlds.messages import REGION
from tests.worlds.user_database import QUERY, UPDATE, VARIABLE, Users, table_of_users

SECTION = f"""
[users]
store = "postgresql"
connection = "variable:{VARIABLE}"
query = "{QUERY}"
update = "{UPDATE}"
"""
STORED = CONVERSATION.users


@pytest.fixture
def pool(world: World) -> Iterator[Any]:
    """A client for an empty user pool, which the settings name."""
    _, endpoint, _, settings = world.options
    client = boto3.Session("no", "keys", region_name=REGION).client("cognito-idp", endpoint_url=endpoint)
    pool_id = client.create_user_pool(PoolName="members")["UserPool"]["Id"]
    path = Path(settings)
    path.write_text(path.read_text().replace("eu-central-1_Example01", pool_id))
    yield client
    client.delete_user_pool(UserPoolId=pool_id)


@pytest.fixture
def users(pool: Any, seeded: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Users]:
    """The notes' table of users, with the two of the seeded conversation."""
    with table_of_users() as table:
        monkeypatch.setenv(VARIABLE, table.address)
        path = Path(seeded.options[3])
        path.write_text(path.read_text() + SECTION)
        for user in STORED:
            table.add(user, "MOCK")
        yield table


def join(pool: Any, world: World, handle: str) -> str:
    """Make an account in the pool, and return its sub."""
    (pool_id,) = (one["Id"] for one in pool.list_user_pools(MaxResults=10)["UserPools"])
    attributes = [{"Name": "preferred_username", "Value": handle}, {"Name": "name", "Value": handle.title()}]
    answer = pool.admin_create_user(UserPoolId=pool_id, Username=handle, UserAttributes=attributes)
    return next(str(one["Value"]) for one in answer["User"]["Attributes"] if one["Name"] == "sub")


def link(users: Users, handle: str, sub: str) -> None:
    users.run("UPDATE public.users SET cognito_user_id = %s WHERE handle = %s", sub, handle)


def test_a_pool_without_the_members_is_named_and_exits_1(pool: Any, seeded: World) -> None:
    sub = join(pool, seeded, "mina")
    ran = seeded.run("users check")
    assert (ran.code, ran.err) == (1, "")
    assert f"uuid  {MINA}  mina is {sub} in the store  in {GROUP}" in ran.lines
    assert f"unknown  {TEO}  teo  in {GROUP}" in ran.lines
    assert f"orphan  {MINA}, {TEO}  in {GROUP}" in ran.lines
    assert ran.lines[-1].startswith("1 user of user pool eu-central-1_")
    assert ran.lines[-1].endswith("read units: 3 mismatches")


def test_the_same_facts_are_json_and_sarif(pool: Any, seeded: World) -> None:
    facts = json.loads(seeded.run("users check", "--json").out)
    assert (facts["users"], facts["people"], facts["groups"]) == (0, 2, 1)
    assert facts["mismatches"] == {"unknown": 2, "orphan": 1}
    assert {one["user"] for one in facts["findings"] if one["kind"] == "unknown"} == {MINA, TEO}
    (run,) = json.loads(seeded.run("users check", "--sarif").out)["runs"]
    assert [result["ruleId"] for result in run["results"]].count("unknown") == 2


@needs_postgresql
def test_a_database_that_matches_exits_0(users: Users, pool: Any, seeded: World) -> None:
    for user in STORED:
        link(users, user.handle, join(pool, seeded, user.handle))
    ran = seeded.run("users check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[-1].startswith(f"2 users of the database of variable:{VARIABLE}, 2 people in 1 group, ")
    assert ran.lines[-1].endswith("read units: no mismatch")


@needs_postgresql
def test_the_notes_mistake_is_named(users: Users, pool: Any, seeded: World) -> None:
    """The account that signs in has another uuid than the one for which conversations were seeded."""
    users.run("DELETE FROM public.users WHERE handle = 'mina'")
    other = "33333333-3333-4333-8333-333333333333"
    users.add(User(other, "Mina", "mina"))
    ran = seeded.run("users check")
    assert ran.code == 1
    assert f"uuid  {MINA}  mina is {other} in the store  in {GROUP}" in ran.lines


@needs_postgresql
def test_changed_names_are_shown_first_and_written_then(users: Users, pool: Any, seeded: World) -> None:
    for user in STORED:
        link(users, user.handle, join(pool, seeded, user.handle))
    users.run("UPDATE public.users SET display_name = 'Mina Sol' WHERE handle = 'mina'")
    dry = seeded.run("users sync", "--dry-run")
    assert dry.lines[0] == "Would write new names of 1 user in 1 group."
    assert (dry.code, names(seeded, MINA)) == (1, STORED[0])
    refused = seeded.run("users sync", answer="something\n")
    assert (refused.code, names(seeded, MINA)) == (2, STORED[0])
    done = seeded.run("users sync", answer=f"{TABLE}\n")
    assert (done.code, names(seeded, MINA)) == (0, replace(STORED[0], display_name="Mina Sol"))
    again = seeded.run("users sync", "--yes")
    assert (again.code, again.lines[0]) == (0, "Writes new names of 0 users in 0 groups.")


@needs_postgresql
def test_cognitos_ids_are_written_on_request(users: Users, pool: Any, seeded: World) -> None:
    subs = {user.handle: join(pool, seeded, user.handle) for user in STORED}
    written = "SELECT handle, cognito_user_id FROM public.users ORDER BY handle"
    ran = seeded.run("users sync", "--yes")
    assert (ran.code, users.run(written)) == (1, [("mina", "MOCK"), ("teo", "MOCK")])
    facts = json.loads(seeded.run("users sync", "--links", "--yes", "--json").out)
    assert [one["mended"] for one in facts["findings"]] == [True, True]
    assert dict(users.run(written)) == subs
    assert seeded.run("users check").code == 0


@needs_postgresql
def test_a_persons_uuid_is_mended_on_request(users: Users, pool: Any, seeded: World) -> None:
    """The notes' mistake: conversations were seeded for another uuid than that of the account."""
    users.run("DELETE FROM public.users WHERE handle = 'mina'")
    other = "33333333-3333-4333-8333-333333333333"
    users.add(replace(STORED[0], user_uuid=other))
    for handle in ("mina", "teo"):
        link(users, handle, join(pool, seeded, handle))
    repoint = "--repoint", f"{MINA}={other}"
    assert seeded.run("users sync", "--yes").code == 1  # nothing is repointed unless asked
    dry = seeded.run("users sync", *repoint, "--dry-run")
    assert dry.lines[1] == (
        f"Would give 1 conversation of {MINA} to {other}, messages included, and names 1 of them anew."
    )
    assert names(seeded, MINA) == STORED[0]
    done = seeded.run("users sync", *repoint, answer=f"{TABLE}\n")
    assert (done.code, done.err) == (0, "")
    assert f"uuid  {MINA}  mina is {other} in the store  in {GROUP} [mended]\n" in done.out
    shown = seeded.run("messages list-conversations", other)
    assert len(shown.lines) == 1
    assert len(seeded.run("messages get-conversation", pair_group_uuid(other, TEO), other).lines) == 20
    assert seeded.run("messages list-conversations", MINA).lines == []
    assert seeded.run("users check").code == 0


def test_two_users_of_the_store_are_two_persons(pool: Any, seeded: World) -> None:
    mina, teo = (join(pool, seeded, handle) for handle in ("mina", "teo"))
    assert "has both, so they are two persons" in seeded.refused("users sync", "--repoint", f"{mina}={teo}", "--yes")
    assert "has no user nobody" in seeded.refused("users sync", "--repoint", f"{MINA}=nobody", "--yes")
    assert "OLD=NEW, two uuids" in seeded.refused("users sync", "--repoint", MINA, "--yes")


def names(world: World, user_uuid: str) -> User:
    item = world.client.get_item(TableName=TABLE, Key=group_key(pair_group_uuid(MINA, TEO)))["Item"]
    return next(user for user in group_of(item).members if user.user_uuid == user_uuid)
