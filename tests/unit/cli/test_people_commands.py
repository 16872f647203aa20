"""The commands on people, run on loopback: accounts in a user pool, and what the table holds of each."""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda.items import Group, User, group_item
from tableguard.store.messages import MessageTable
from tests.worlds.command_table import TABLE, World
from tests.worlds.erasures import places_that_name
from tests.worlds.messages import BOB, REGION

ROB = ("rob", "Rob Example", "rob@example.com")
NOW = ("--settle", "0")


@pytest.fixture
def people(world: World) -> Iterator[World]:
    """A user pool beside the table, empty."""
    client = _cognito(world)
    pool = client.create_user_pool(PoolName="members")["UserPool"]["Id"]
    yield World(world.client, (*world.options, "--user-pool", pool))
    client.delete_user_pool(UserPoolId=pool)


def _cognito(world: World) -> Any:
    return boto3.Session("no", "keys", region_name=REGION).client("cognito-idp", endpoint_url=world.options[1])


@pytest.fixture
def rob(people: World) -> User:
    """Who has an account and writes to Bob."""
    uuid = people.run("users create", *ROB).out.strip()
    table = MessageTable(people.client, TABLE, lambda: datetime.now(UTC))
    user = User(uuid, ROB[1], ROB[0])
    group = table.create_conversation(user, [BOB], "hello from me").message.group_uuid
    table.post(group, BOB.user_uuid, "and from me")
    table.refresh(group)
    return user


def listed(people: World) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = json.loads(people.run("users list", "--json").out)["users"]
    return users


def test_an_account_is_made_closed_opened_and_listed(people: World) -> None:
    uuid = people.run("users create", *ROB).out.strip()
    assert people.run("users list").out == f"{uuid}  rob  Rob Example\n"
    assert people.run("users disable", uuid).out == f"disabled {uuid}\n"
    assert people.run("users list").out == f"{uuid}  rob  Rob Example  disabled\n"
    assert json.loads(people.run("users enable", uuid, "--json").out)["enabled"] == uuid
    assert listed(people) == [{"uuid": uuid, "handle": "rob", "name": "Rob Example", "enabled": True}]


@pytest.mark.parametrize("name", ["disable", "enable"])
def test_somebody_without_an_account_is_named(people: World, name: str) -> None:
    assert "no account of 'nobody'; tableguard users list shows all" in people.refused(f"users {name}", "nobody")


def test_a_handle_is_given_once(people: World) -> None:
    assert people.run("users create", *ROB).code == 0
    assert "the handle 'rob' is somebody's already" in people.refused("users create", "rob", "Rob 2", "r2@example.com")
    assert people.run("users create", "rob2", "Rob 2", "r2@example.com").code == 0


def test_a_pool_that_is_not_there_is_one_line(world: World) -> None:
    reason = world.refused("users list", "--user-pool", "eu-central-1_Absent000")
    assert reason.startswith("user pool eu-central-1_Absent000: list users: ResourceNotFoundException")


def settings_with(world: World, section: str, former: str = "[login]") -> None:
    """Write another [login] into the settings, or none."""
    path = Path(world.options[3])
    before, _, rest = path.read_text().partition(former)
    path.write_text(before + section + rest[rest.index("\n[") :])


@pytest.fixture
def without_login(world: World) -> World:
    settings_with(world, "")
    return world


@pytest.fixture
def with_own_pool(world: World) -> World:
    """Settings whose stack `login` makes the user pool."""
    settings_with(world, "[login]\nself_sign_up = false\n")
    path = Path(world.options[3])
    path.write_text(path.read_text().replace("optional = [", 'optional = ["login", '))
    return world


@contextmanager
def login_stack(world: World, *outputs: str) -> Iterator[str]:
    """A stack by the name of `login` whose outputs by these names are a user pool; yield the pool."""
    client = boto3.Session("no", "keys", region_name=REGION).client("cloudformation", endpoint_url=world.options[1])
    pool = _cognito(world).create_user_pool(PoolName="members")["UserPool"]["Id"]
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},  # moto makes no pool by a stack
        "Outputs": {name: {"Value": pool} for name in outputs},
    }
    client.create_stack(StackName="cruddur-login", TemplateBody=json.dumps(template))
    yield pool
    client.delete_stack(StackName="cruddur-login")
    _cognito(world).delete_user_pool(UserPoolId=pool)


def test_the_pool_that_the_stack_made_is_taken(with_own_pool: World) -> None:
    with login_stack(with_own_pool, "UserPoolId") as pool:
        assert with_own_pool.run("users create", *ROB).code == 0
        made = json.loads(with_own_pool.run("users list", "--json").out)
        checked = with_own_pool.run("users check")
    assert (made["user_pool"], [one["handle"] for one in made["users"]]) == (pool, ["rob"])
    assert checked.lines[-1].startswith(f"1 user of user pool {pool}, ")


@pytest.mark.parametrize("name", ["list", "check"])
def test_a_stack_that_has_made_no_pool_yet_is_named(with_own_pool: World, name: str) -> None:
    reason = "stack cruddur-login, which makes the user pool of [login], has none yet; `tableguard deploy` makes it"
    assert reason in with_own_pool.refused(f"users {name}")
    with login_stack(with_own_pool, "UserPoolClientId"):
        assert reason in with_own_pool.refused(f"users {name}")


def test_a_pool_that_is_named_needs_no_stack(with_own_pool: World) -> None:
    pool = _cognito(with_own_pool).create_user_pool(PoolName="members")["UserPool"]["Id"]
    assert with_own_pool.run("users list", "--user-pool", pool).code == 0
    _cognito(with_own_pool).delete_user_pool(UserPoolId=pool)


@pytest.mark.parametrize(
    "command", [("list",), ("create", *ROB), ("disable", "x"), ("enable", "x"), ("check",), ("sync", "--dry-run")]
)
def test_without_login_there_is_no_pool_and_what_works_is_said(without_login: World, command: tuple[str, ...]) -> None:
    name, *arguments = command
    reason = without_login.refused(f"users {name}", *arguments)
    assert reason.startswith("the settings have no [login], so there is no user pool; without one work `users check`")


def test_without_login_a_person_is_exported_and_erased_by_the_uuid(without_login: World) -> None:
    table = MessageTable(without_login.client, TABLE, lambda: datetime.now(UTC))
    table.create_conversation(User("gone", "Gone", "gone"), [BOB], "hello")
    exported = json.loads(without_login.run("users export", "gone").out)
    assert (exported["account"], [one["text"] for one in exported["messages"]]) == (None, ["hello"])
    ran = without_login.run("users delete", "gone", *NOW, answer="gone\n")
    assert ran.code == 0
    assert "an account elsewhere, if there is one: the settings have no [login], and so no user pool" in ran.out
    assert places_that_name(without_login.client, User("gone", "gone", "gone"), TABLE) == []
    assert "there is no user pool for 'gone', and the table nothing" in without_login.refused("users export", "gone")


def test_an_erasure_shows_what_goes_and_stays_asks_and_leaves_nothing(people: World, rob: User) -> None:
    assert places_that_name(people.client, rob, TABLE)
    ran = people.run("users delete", rob.user_uuid, *NOW, answer="rob\n")
    assert ran.code == 0, ran
    assert "the account of rob (Rob Example) in user pool" in ran.out
    assert "1 own message: own messages are emptied" in ran.out
    assert "point-in-time recovery, until: 35 days" in ran.out
    assert "sees nothing of the person" in ran.lines[-1]
    assert places_that_name(people.client, rob, TABLE) == []
    assert listed(people) == []


def test_an_erasure_that_is_not_confirmed_changes_nothing(people: World, rob: User) -> None:
    before = people.client.scan(TableName=TABLE)["Items"]
    ran = people.run("users delete", rob.user_uuid, *NOW, answer="yes\n")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "tableguard users delete: not confirmed: nothing was done")
    assert people.client.scan(TableName=TABLE)["Items"] == before
    assert [one["enabled"] for one in listed(people)] == [True]


def test_a_dry_run_tells_the_same_as_json_and_changes_nothing(people: World, rob: User) -> None:
    before = people.client.scan(TableName=TABLE)["Items"]
    plan = json.loads(people.run("users delete", rob.user_uuid, "--dry-run", "--json").out)["plan"]
    (conversation,) = plan["conversations"]
    assert (conversation["fate"], conversation["own_messages"], conversation["readers"]) == ("emptied", 1, 1)
    assert plan["partition"] == {"conversation row": 1}
    assert people.client.scan(TableName=TABLE)["Items"] == before
    assert [one["enabled"] for one in listed(people)] == [True]


def test_an_erasure_as_json_says_what_was_verified(people: World, rob: User) -> None:
    assert "cannot ask" in people.refused("users delete", rob.user_uuid, "--json")
    answer = json.loads(people.run("users delete", rob.user_uuid, *NOW, "--json", "--yes").out)
    assert (answer["verified"], answer["left"], answer["foreign"]) == (True, 0, 0)
    assert answer["read_units"] > 0


def test_what_nobody_here_understands_is_left_and_the_account_stays_closed(people: World, rob: User) -> None:
    people.client.put_item(
        TableName=TABLE, Item={"pk": {"S": "LIKE#1"}, "sk": {"S": "x"}, "user_uuid": {"S": rob.user_uuid}}
    )
    ran = people.run("users delete", rob.user_uuid, *NOW, "--yes")
    assert ran.code == 1
    assert "items that are not of the message store: 1" in ran.out
    assert ran.lines[-1].startswith("not done: 1 item of no kind that is known here")
    assert [one["enabled"] for one in listed(people)] == [False]
    assert places_that_name(people.client, rob, TABLE) == ["LIKE#1 / x"]


def test_somebody_without_an_account_is_erased_by_the_uuid(people: World) -> None:
    table = MessageTable(people.client, TABLE, lambda: datetime.now(UTC))
    table.create_conversation(User("gone", "Gone", "gone"), [BOB], "hello")
    ran = people.run("users delete", "gone", *NOW, answer="gone\n")
    assert ran.code == 0
    assert "account" not in ran.out
    assert places_that_name(people.client, User("gone", "gone", "gone"), TABLE) == []


def test_an_export_has_the_account_the_conversations_and_own_words(people: World, rob: User) -> None:
    ran = people.run("users export", rob.user_uuid)
    exported = json.loads(ran.out)
    assert ran.code == 0
    assert exported["account"]["attributes"]["email"] == "rob@example.com"
    assert [one["with"] for one in exported["conversations"]] == [[{"name": "Bob Example", "handle": "bob"}]]
    assert [one["text"] for one in exported["messages"]] == ["hello from me"]
    assert "and from me" not in ran.out
    assert "1 own messages" in ran.err


def test_an_export_into_a_file_is_its_owners_alone(people: World, rob: User, tmp_path: Path) -> None:
    file = tmp_path / "rob.json"
    assert people.run("users export", rob.user_uuid, "--output", str(file)).out == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one["text"] for one in json.loads(file.read_text())["messages"]] == ["hello from me"]


def test_an_export_of_nobody_is_an_error(people: World) -> None:
    assert "has no account of 'nobody', and the table nothing" in people.refused("users export", "nobody")


def test_an_erasure_that_is_made_twice_finds_nothing_the_second_time(people: World, rob: User) -> None:
    assert people.run("users delete", rob.user_uuid, *NOW, "--yes").code == 0
    before = people.client.scan(TableName=TABLE)["Items"]
    again = people.run("users delete", rob.user_uuid, *NOW, "--yes", "--json")
    answer = json.loads(again.out)
    assert (again.code, answer["account"], answer["writes"], answer["verified"]) == (0, None, 0, True)
    assert people.client.scan(TableName=TABLE)["Items"] == before


def test_a_table_that_conversations_were_taken_over_from_is_named(people: World, rob: User) -> None:
    warning = "the table that conversations were taken over from, if there still is one"
    assert warning not in people.run("users delete", rob.user_uuid, "--dry-run").out
    people.client.put_item(TableName=TABLE, Item=group_item(Group("its-own-uuid", (rob, BOB))))
    assert warning in people.run("users delete", rob.user_uuid, "--dry-run").out
