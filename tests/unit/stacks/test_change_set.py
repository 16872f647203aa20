"""Change sets: read as AWS tells them, and gone after use, however the use ends."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.stacks.change_set import PollInterval, created
from tableguard.stacks.changes import ResourceChange
from tests.worlds.fake_cloudformation import TEMPLATE, FakeCloudFormation, change

INTERVAL = PollInterval(0, 3)


def test_a_change_is_told_with_its_properties_and_whether_it_replaces() -> None:
    details = [
        {"Target": {"Attribute": "Properties", "Name": name}} for name in ("TopicName", "KmsMasterKeyId", "TopicName")
    ]
    client = FakeCloudFormation(
        ["CREATE_COMPLETE"],
        [
            change("Add", "New"),
            change(Replacement="Conditional", Details=[*details, {"Target": {"Attribute": "Tags"}}]),
            change(name="Other", Replacement="True"),
            change("Remove", "Old", PolicyAction="Retain"),
            change(name="Last", Replacement="Conditional", Details=[{**details[0], "Evaluation": "Dynamic"}]),
            change(
                name="Sure",
                Replacement="True",
                Details=[{**details[0], "Evaluation": e} for e in ("Dynamic", "Static")],
            ),
        ],
    )
    with created(client, "stack", TEMPLATE, INTERVAL) as change_set:
        assert change_set.changes is not None
        assert tuple(replace(one, values=()) for one in change_set.changes) == (
            ResourceChange("Add", "New", "AWS::SNS::Topic"),
            ResourceChange("Modify", "Topic", "AWS::SNS::Topic", "conditional", ("KmsMasterKeyId", "TopicName")),
            ResourceChange("Modify", "Other", "AWS::SNS::Topic", "always"),
            ResourceChange("Remove", "Old", "AWS::SNS::Topic", kept=True),
            ResourceChange("Modify", "Last", "AWS::SNS::Topic", "conditional", ("TopicName",), certain=False),
            ResourceChange("Modify", "Sure", "AWS::SNS::Topic", "always", ("TopicName",)),
        )
        assert [one.replaces for one in change_set.changes] == [False, True, True, False, False, True]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, DeployError, LookupError])
def test_a_change_set_does_not_stay_behind_however_its_use_ends(ending: type[BaseException]) -> None:
    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    with pytest.raises(ending), created(client, "stack", TEMPLATE, INTERVAL) as change_set:
        raise ending
    assert client.calls("delete_change_set") == [{"ChangeSetName": change_set.arn}]


def test_an_executed_change_set_is_not_deleted() -> None:
    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    with created(client, "stack", TEMPLATE, INTERVAL) as change_set:
        change_set.execute("token", disable_rollback=True)
    assert client.calls("delete_change_set") == []
    assert client.calls("execute_change_set") == [
        {"ChangeSetName": change_set.arn, "ClientRequestToken": "token", "DisableRollback": True}
    ]


def test_a_change_set_whose_execution_is_refused_does_not_stay_behind() -> None:
    class Refusing(FakeCloudFormation):
        def execute_change_set(self, **_: object) -> None:
            raise LookupError

    client = Refusing(["CREATE_COMPLETE"], [change()])
    with pytest.raises(LookupError), created(client, "stack", TEMPLATE, INTERVAL) as change_set:
        change_set.execute("token", disable_rollback=True)
    assert client.calls("delete_change_set") == [{"ChangeSetName": change_set.arn}]


def test_a_change_set_of_the_same_name_from_an_earlier_run_makes_way() -> None:
    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    with created(client, "stack", TEMPLATE, INTERVAL) as change_set:
        name = change_set.arn.removeprefix("arn:")
    client.asked.clear()
    client.names_taken.add(name)
    with created(client, "stack", TEMPLATE, INTERVAL):
        assert [operation for operation, _ in client.asked] == [
            "create_change_set",
            "delete_change_set",
            "create_change_set",
        ]
        assert client.calls("delete_change_set") == [{"StackName": "stack", "ChangeSetName": name}]


def test_an_interruption_before_aws_tells_the_arn_leaves_no_change_set_either() -> None:
    class Interrupted(FakeCloudFormation):
        def create_change_set(self, **arguments: object) -> None:
            super().create_change_set(**arguments)
            raise KeyboardInterrupt

    client = Interrupted(["CREATE_COMPLETE"])
    with pytest.raises(KeyboardInterrupt), created(client, "stack", TEMPLATE, INTERVAL):
        pass
    (asked,) = client.calls("delete_change_set")
    assert asked == {"ChangeSetName": client.calls("create_change_set")[0]["ChangeSetName"], "StackName": "stack"}


@pytest.mark.parametrize(
    ("ending", "words"),
    [(None, r"^stack stack: change set tableguard-\w+ stays behind"), (DeployError("a"), r"^a; and stack stack: ")],
)
def test_a_change_set_that_cannot_be_deleted_is_named_beside_the_first_reason(
    ending: DeployError | None, words: str
) -> None:
    class Refusing(FakeCloudFormation):
        def delete_change_set(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "no"}}, "DeleteChangeSet")

    def end() -> None:
        if ending:
            raise ending

    client = Refusing(["CREATE_COMPLETE"], [change()])
    with pytest.raises(DeployError, match=words), created(client, "stack", TEMPLATE, INTERVAL):
        end()
