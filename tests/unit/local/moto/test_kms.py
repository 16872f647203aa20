"""Keys of the embedded KMS make their key pair when they first need it, and sign as ever."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.kms.models import kms_backends

from tableguard.local import server
from tableguard.local.clients.factory import Clients

ACCOUNT, REGION = "111122223333", "eu-central-1"


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    with server.start() as running:
        yield Clients(running.endpoint)("kms", ACCOUNT, REGION)


def _has_key_pair(key_id: str) -> bool:
    return "_key" in vars(kms_backends[ACCOUNT][REGION].keys[key_id].private_key)


def test_a_symmetric_key_encrypts_without_a_key_pair(kms: Any) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    encrypted = kms.encrypt(KeyId=key_id, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=encrypted)["Plaintext"] == b"text"
    assert not _has_key_pair(key_id)


def test_a_signing_key_makes_its_key_pair_once(kms: Any) -> None:
    key_id = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    asked = {"KeyId": key_id, "Message": b"text", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert not _has_key_pair(key_id)
    signature = kms.sign(**asked)["Signature"]
    assert kms.verify(**asked, Signature=signature)["SignatureValid"]
    assert _has_key_pair(key_id)
    assert kms.get_public_key(KeyId=key_id)["PublicKey"] == kms.get_public_key(KeyId=key_id)["PublicKey"]
