"""Declared properties against deployed ones: equal values, differences, and resources that cannot be read."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.errors import EmbeddedError
from tableguard.local.readback import DeployedResource, PropertyDifference, compare, verify

ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": False}}}
EQUAL: dict[str, tuple[Any, Any]] = {
    "a number as text": ("5", 5),
    "a number with a point": (1, 1.0),
    "a boolean as text": ("true", True),
    "tags in another order": (
        [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": 2}],
        [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
    ),
    "tags that AWS adds": (
        [{"Key": "a", "Value": "1"}],
        [{"Key": "a", "Value": "1"}, {"Key": "aws:cloudformation:stack-name", "Value": "s"}],
    ),
    "one value for a list of one": ("subnet-1", ["subnet-1"]),
    "a default inside an object": ({"SSEEnabled": True}, {"SSEEnabled": True, "SSEType": "KMS"}),
    "a default inside a member of a list": ([{"Name": "a"}], [{"Name": "a", "State": "ACTIVE"}]),
    "members of which one is part of another": ([{"a": 1}, {"a": 1, "b": 2}], [{"a": 1, "b": 2}, {"a": 1}]),
    "an empty list": ([], []),
    "a document as text": ({"Statement": [ALLOW, DENY]}, json.dumps({"Statement": [ALLOW, DENY]})),
    "statements in another order": ({"Statement": [ALLOW, DENY]}, {"Statement": [DENY, ALLOW]}),
    "actions in another order": ({"Statement": [ALLOW]}, {"Statement": [{**ALLOW, "Action": ALLOW["Action"][::-1]}]}),
    "one statement for a list of one": ({"Statement": ALLOW}, {"Statement": [ALLOW]}),
    "one action for a list of one": ({"Statement": [DENY]}, {"Statement": [{**DENY, "Action": ["s3:*"]}]}),
    "a condition as text": (
        {"Statement": [DENY]},
        {"Statement": [{**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]},
    ),
    "patterns with blanks": ({"Filters": [{"Pattern": '{"a": ["b"]}'}]}, {"Filters": [{"Pattern": '{"a":["b"]}'}]}),
}
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "another number": ("5", 6),
    "another boolean": ("true", False),
    "another tag value": ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "2"}]),
    "a tag more": ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]),
    "a member less": (["a", "b"], ["a"]),
    "a member twice": (["a", "a"], ["a"]),
    "a rule more than none": ([], [{"CidrIp": "0.0.0.0/0"}]),
    "a statement more": ({"Statement": [DENY]}, {"Statement": [DENY, ALLOW]}),
    "a statement less": ({"Statement": [DENY, ALLOW]}, {"Statement": [DENY]}),
    "a condition more": ({"Statement": [ALLOW]}, {"Statement": [{**ALLOW, "Condition": DENY["Condition"]}]}),
    "a condition less": ({"Statement": [DENY]}, {"Statement": [{**DENY, "Condition": {}}]}),
    "an action more": ({"Statement": [ALLOW]}, {"Statement": [{**ALLOW, "Action": [*ALLOW["Action"], "s3:*"]}]}),
    "an action in another case": ({"Statement": [DENY]}, {"Statement": [{**DENY, "Action": "S3:*"}]}),
    "a pattern more": ({"Filters": [{"Pattern": '{"a": ["b"]}'}]}, {"Filters": [{"Pattern": '{"a":["b","c"]}'}]}),
    "a pattern wider": (
        {"Filters": [{"Pattern": '{"a": ["b"], "c": ["d"]}'}]},
        {"Filters": [{"Pattern": '{"a":["b"]}'}]},
    ),
    "an object for a text": ("a", {"a": 1}),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_by_cloudformations_rules(name: str) -> None:
    declared, deployed = EQUAL[name]
    assert compare({"Property": declared}, {"Property": deployed}) == []


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_by_cloudformations_rules(name: str) -> None:
    declared, deployed = DIFFERENT[name]
    assert compare({"Property": declared}, {"Property": deployed}) != []
    assert compare({"Property": deployed}, {"Property": deployed}) == []


def test_what_is_declared_and_not_returned_is_a_difference() -> None:
    assert compare({"A": 1, "B": False}, {"A": 1}) == [PropertyDifference("B", False, None)]


def test_what_is_returned_and_not_declared_is_a_default() -> None:
    assert compare({"A": 1}, {"A": 1, "B": 2}) == []


def test_a_property_declared_as_no_value_is_not_declared() -> None:
    assert compare({"A": None}, {}) == []


def test_a_difference_names_the_innermost_property() -> None:
    declared = {"SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": "k"}}
    deployed = {"SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": "other"}}
    assert compare(declared, deployed) == [PropertyDifference("SSESpecification.KMSMasterKeyId", "k", "other")]


def test_of_a_list_only_the_members_that_differ_are_shown() -> None:
    same, mine, theirs = ({"Key": key, "Value": "1"} for key in "abc")
    assert compare({"Tags": [same, mine]}, {"Tags": [theirs, same]}) == [PropertyDifference("Tags", [mine], [theirs])]


@pytest.mark.parametrize(
    ("name", "declared", "deployed", "equal"),
    [
        ("FunctionName", "f", "arn:aws:lambda:eu-central-1:123456789012:function:f", True),
        ("FunctionName", "f", "arn:aws:lambda:eu-central-1:123456789012:function:xf", False),
        ("TargetKeyId", "arn:aws:kms:eu-central-1:123456789012:key/k", "k", True),
        ("TargetKeyId", "arn:aws:kms:eu-central-1:123456789012:key/k", "j", False),
        ("Role", "r", "arn:aws:iam::123456789012:role/r", False),
        ("Layers", ["a", "b"], ["a", "b"], True),
        ("Layers", ["a", "b"], ["b", "a"], False),
        ("RedrivePolicy", {"maxReceiveCount": "5"}, {"maxReceiveCount": 5}, True),
        ("RedrivePolicy", {"maxReceiveCount": 5}, {"maxReceiveCount": 5, "more": 1}, False),
    ],
)
def test_some_properties_compare_by_rules_of_their_own(name: str, declared: Any, deployed: Any, equal: bool) -> None:
    assert (compare({name: declared}, {name: deployed}) == []) is equal


@pytest.mark.parametrize(
    ("declared", "path", "left"),
    [
        ({"A": 1, "B": 2}, "A", ["B"]),
        ({"A": {"B": 1, "C": 2}}, "A.B", ["A"]),
        ({"A": {"B": 1}}, "A.B", []),
        ({"A": {}}, "A.B", ["A"]),
        ({"A": [{"B": 1, "C": 2}]}, "A.B", ["A"]),
        ({"A": 0}, "A.B", ["A"]),
        ({"B": 1}, "A.B", ["B"]),
    ],
)
def test_what_is_not_modelled_is_left_out_and_nothing_beside_it(
    declared: Properties, path: str, left: list[str]
) -> None:
    assert [difference.property for difference in compare(declared, {}, [path])] == left


values = st.recursive(
    st.booleans() | st.integers() | st.text("ab{[", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["Tags", "PolicyDocument", "Layers"]), values))
def test_whatever_is_deployed_as_declared_shows_no_difference(properties: Properties) -> None:
    assert compare(properties, properties) == []


def deployed(properties: Properties, type_name: str = "AWS::Test::Thing") -> DeployedResource:
    """Return a deployed resource of the type under test."""
    handle = ResourceHandle("thing-1")
    return DeployedResource("cruddur-table", "111122223333", "eu-central-1", "Thing", type_name, handle, properties)


def thing(read: Any, **not_modelled: str) -> dict[str, ResourceType]:
    def unused(*_: Any) -> Any:
        raise AssertionError("reading back changes nothing")

    return {"AWS::Test::Thing": ResourceType("AWS::Test::Thing", unused, read, unused, not_modelled=not_modelled)}


def no_client(service: str, account: str, region: str) -> Client:
    return (service, account, region)


def refuse(code: str) -> Any:
    def read(context: Context, handle: ResourceHandle) -> Properties:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeThing")

    return read


def test_a_resource_as_declared_is_verified() -> None:
    found = verify([deployed({"A": 1, "B": 2})], thing(lambda context, handle: {"A": 1, "B": 2, "C": 3}), no_client)
    (resource,) = found.resources
    assert (resource.verified, resource.compared, found.compared, found.different) == (True, ("A", "B"), 2, ())


def test_a_resource_otherwise_than_declared_is_not() -> None:
    found = verify([deployed({"A": 1, "B": 2})], thing(lambda context, handle: {"A": 1, "B": 3}), no_client)
    assert [resource.verified for resource in found.different] == [False]
    assert found.different[0].differences == (PropertyDifference("B", 2, 3),)


def test_what_is_not_modelled_is_named_with_its_reason_and_not_counted_as_compared() -> None:
    types = thing(lambda context, handle: {"A": 1}, B="moto drops it", C="moto drops it too")
    found = verify([deployed({"A": 1, "B": 2})], types, no_client)
    assert found.not_modelled == {"AWS::Test::Thing B": "moto drops it"}
    assert found.compared == 1


def test_a_resource_of_which_nothing_is_modelled_is_never_verified() -> None:
    found = verify([deployed({"A": 1})], thing(lambda context, handle: {}, A="moto has no such API"), no_client)
    assert [resource.verified for resource in found.resources] == [False]
    assert found.different == ()


def test_the_service_is_asked_in_the_resources_own_account_and_region() -> None:
    asked = verify([deployed({"A": 1})], thing(lambda context, handle: {"A": context.client("kms")}), no_client)
    assert asked.different[0].differences[0].deployed == ("kms", "111122223333", "eu-central-1")


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue"]
)
def test_a_resource_that_is_gone_is_a_difference(code: str) -> None:
    found = verify([deployed({"A": 1})], thing(refuse(code)), no_client)
    assert found.different[0].differences == (PropertyDifference("(the resource)", "thing-1", code),)


def test_a_resource_that_its_reader_does_not_find_is_a_difference() -> None:
    def read(context: Context, handle: ResourceHandle) -> Properties:
        raise AbsentError("thing-1: not there")

    found = verify([deployed({"A": 1})], thing(read), no_client)
    assert found.different[0].differences == (PropertyDifference("(the resource)", "thing-1", "thing-1: not there"),)


def test_a_resource_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match=r"stack cruddur-table, Thing \(AWS::Test::Thing\): cannot be read back"):
        verify([deployed({"A": 1})], thing(refuse("AccessDeniedException")), no_client)


def test_a_type_without_a_reader_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match="no reader for AWS::Test::Other"):
        verify([deployed({}, type_name="AWS::Test::Other")], thing(lambda context, handle: {}), no_client)
