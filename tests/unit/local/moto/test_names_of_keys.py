"""KMS takes a key by its id and its ARN, and by its aliases where the operation's page says so."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.moto.kms import TAKE_ALIASES
from tests.cases.least_arguments import least_arguments

ACCOUNT, REGION = "111122223333", "eu-central-1"
ALIAS = "alias/named"
ABSENT = "1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
# what the least arguments lack for an answer
MORE: dict[str, dict[str, Any]] = {
    "GenerateDataKey": {"KeySpec": "AES_256"},
    "GenerateDataKeyWithoutPlaintext": {"KeySpec": "AES_256"},
    "CreateGrant": {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/a", "Operations": ["Decrypt"]},
    "PutKeyPolicy": {"PolicyName": "default", "Policy": POLICY},
    "GetKeyPolicy": {"PolicyName": "default"},
    "ReplicateKey": {"ReplicaRegion": "eu-west-1"},
    "ScheduleKeyDeletion": {"PendingWindowInDays": 7},
    "GenerateMac": {"MacAlgorithm": "HMAC_SHA_256"},
    "Sign": {"SigningAlgorithm": "ECDSA_SHA_256"},
}
SPECS: dict[str, dict[str, Any]] = {
    "ReplicateKey": {"MultiRegion": True},
    "GenerateMac": {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
    "Sign": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
    "GetPublicKey": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
}
BY_ANOTHER_PAGE = {"GenerateMac", "VerifyMac"}  # kms:RequestAlias is a condition key of all cryptographic operations
ANSWERED = (
    *("CancelKeyDeletion", "CreateGrant", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey"),
    *("EnableKeyRotation", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateMac"),
    *("GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "ListGrants", "ListKeyPolicies", "ListKeyRotations"),
    *("ListResourceTags", "PutKeyPolicy", "ReplicateKey", "RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign"),
    *("TagResource", "UntagResource", "UpdateKeyDescription"),
)


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    with server.start() as running:
        yield Clients(running.endpoint)("kms", ACCOUNT, REGION)


@pytest.fixture
def names(kms: Any, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A key's names, of the sort of key that an operation wants."""
    operation = request.node.callspec.params.get("operation", "")
    key = kms.create_key(**SPECS.get(operation, {}))["KeyMetadata"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key["Arn"])
    alias = key["Arn"].replace(f"key/{key['KeyId']}", ALIAS)
    yield {"id": key["KeyId"], "ARN": key["Arn"], "alias": ALIAS, "alias's ARN": alias}
    kms.delete_alias(AliasName=ALIAS)


def ask(kms: Any, operation: str, key: str) -> Any:
    """Call an operation with a key; its answer, or its error's code."""
    model = kms.meta.service_model.operation_model(operation)
    method = next(name for name, meant in kms.meta.method_to_api_mapping.items() if meant == operation)
    arguments = least_arguments(model, {}) | MORE.get(operation, {}) | {"KeyId": key}
    try:
        return getattr(kms, method)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]


def test_the_operations_that_take_aliases_are_those_of_aws_s_pages(kms: Any) -> None:
    model = kms.meta.service_model
    members = {name: getattr(model.operation_model(name).input_shape, "members", {}) for name in model.operation_names}
    named = {
        operation
        for operation, shapes in members.items()
        if any("alias/" in shapes[name].documentation for name in ("KeyId", "DestinationKeyId") if name in shapes)
    }
    assert named | BY_ANOTHER_PAGE == TAKE_ALIASES
    assert not named & BY_ANOTHER_PAGE


@pytest.mark.parametrize("name", ["id", "ARN", "alias", "alias's ARN"])
@pytest.mark.parametrize("operation", ANSWERED)
def test_an_operation_takes_the_names_of_a_key_that_it_takes_on_aws(
    kms: Any, names: dict[str, str], operation: str, name: str
) -> None:
    answer = ask(kms, operation, names[name])
    taken = operation in TAKE_ALIASES or not name.startswith("alias")
    assert (answer == "NotFoundException", isinstance(answer, dict)) == (not taken, taken), answer


@pytest.mark.parametrize("operation", ANSWERED)
def test_a_key_that_is_not_there_is_not_found(kms: Any, operation: str) -> None:
    assert ask(kms, operation, ABSENT) == "NotFoundException"


@pytest.mark.parametrize("operation", ["CancelKeyDeletion", "GenerateMac", "GetPublicKey", "ScheduleKeyDeletion"])
def test_an_answer_names_the_key_by_its_arn(kms: Any, names: dict[str, str], operation: str) -> None:
    assert ask(kms, operation, names["id"])["KeyId"] == names["ARN"]


def test_what_is_done_by_arn_is_done_to_the_key(kms: Any) -> None:
    key, other = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.disable_key(KeyId=key["Arn"])
    states = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["KeyState"] for one in (key, other)]
    assert states == ["Disabled", "Enabled"]


def test_text_is_encrypted_again_under_a_key_by_its_alias(kms: Any) -> None:
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/destination", TargetKeyId=key["KeyId"])
    blob = kms.encrypt(KeyId=key["Arn"], Plaintext=b"text")["CiphertextBlob"]
    assert kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId="alias/destination")["KeyId"] == key["Arn"]
    with pytest.raises(ClientError, match="NotFoundException"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId="alias/absent")
