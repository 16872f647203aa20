"""Corrections of moto's KMS: a key pair is generated on first use, and a key is named in every way that AWS takes.

moto generates an RSA key pair for every key, 80 ms each, also for symmetric keys, which never use it. Of its
operations some crash by a key's ARN, others by a key or alias that is not there; some answer with an id, where AWS
answers with an ARN.
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from moto.kms import models
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.kms.utils import AbstractPrivateKey, generate_private_key

from tableguard.local.moto.patch import replace, wrap

# The page of each operation says so, and for MACs that of the condition key: all others take a key's id or ARN alone.
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-request-alias
TAKE_ALIASES = frozenset(
    (
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "DescribeKey",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetPublicKey",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
    )
)
_NAMES_OF_KEYS = ("KeyId", "DestinationKeyId")
_ANSWER_WITH_ARN = ("cancel_key_deletion", "generate_mac", "get_public_key", "schedule_key_deletion", "verify_mac")


class LazyPrivateKey(AbstractPrivateKey):
    """A private key of moto's that is generated when it first signs, verifies or returns its public key."""

    def __init__(self, key_spec: str) -> None:
        self.key_spec = key_spec

    @cached_property
    def _key(self) -> AbstractPrivateKey:
        return generate_private_key(self.key_spec)

    def sign(self, message: bytes, signing_algorithm: str) -> bytes:
        """Sign as moto does."""
        return self._key.sign(message, signing_algorithm)

    def verify(self, message: bytes, signature: bytes, signing_algorithm: str) -> bool:
        """Verify as moto does."""
        return self._key.verify(message, signature, signing_algorithm)

    def public_key(self) -> bytes:
        """Return the public key as moto does."""
        return self._key.public_key()


def install() -> None:
    """Replace moto.kms.models.generate_private_key, and read and answer names of keys as AWS does."""
    replace(models, "generate_private_key", LazyPrivateKey)
    wrap(KmsResponse, "_get_param", _parameter)
    wrap(KmsBackend, "any_id_to_key_id", _key_id)
    for operation in _ANSWER_WITH_ARN:
        wrap(KmsResponse, operation, _with_arn)


def _parameter(read: Callable[..., Any], response: KmsResponse, name: str, *default: Any) -> Any:
    """Return a parameter; of one that names a key the key's id; NotFoundException if there is no such key."""
    value = read(response, name, *default)
    if name not in _NAMES_OF_KEYS or not isinstance(value, str):
        return value
    if response._get_action() in TAKE_ALIASES:
        response._validate_key_id(value)
    else:
        response._validate_cmk_id(value)
    return response.kms_backend.any_id_to_key_id(value)


def _key_id(read: Callable[..., str], backend: KmsBackend, name: str) -> str:
    """Return the id of a key by any of its names; of an alias that is not there the alias, which is no key's id."""
    alias = backend.get_alias_name(name)
    absent = alias.startswith("alias/") and backend.get_key_id_from_alias(alias) is None
    return alias if absent else read(backend, name)


def _with_arn(answer: Callable[..., str], response: KmsResponse) -> str:
    fields = json.loads(answer(response))
    return json.dumps(fields | {"KeyId": response.kms_backend.keys[response._get_param("KeyId")].arn})
