"""Encrypt texts and previews before they leave the writer, and decrypt them at the reader.

AWS KMS makes a data key for each message. Group, message, author, time and version are its encryption context, which
KMS and the AWS Encryption SDK bind to the ciphertext and demand of every reader. It is kept in the item, not in the
ciphertext. Whoever copies the ciphertext, as Pattern D does, needs no right to the key.

docs/decisions/0001-a-data-key-for-each-message.md says why no key is kept, and what that costs. Further:

- A text that is its own preview is encrypted once: the row gets the same ciphertext. Only longer ones take two calls.
- An edit is encrypted anew, under its own time; a deleted message has no text and none is encrypted.
- What does not fit its context is neither shown nor skipped: the listing has an empty place for it and says why.
- A message in plaintext is accepted only if it is older than `plaintext_before`, the time of the change to encryption;
  any other cannot be told from a forgery.
- Only keys and times can be searched or sorted by. A cache (DAX) holds ciphertext, as the table does.
"""

import importlib.util
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

from stream_lambda.items import PREVIEW_CHARACTERS, Content, Conversation, Message
from tableguard.errors import EncryptionError

T = TypeVar("T")

# An alias can be pointed at another key, so the SDK decrypts only what names the key itself.
KEY_ARN = r"arn:aws(?:-cn|-us-gov)?:kms:[a-z0-9-]+:[0-9]{12}:key/(?:mrk-)?[0-9a-f-]{32,36}"
CONTEXT_KEYS = ("created_at", "edited_at", "message_group_uuid", "message_uuid", "user_uuid")
PREVIEW_BYTES = 200
REFUSED = b""  # in the place of what must not be shown; no ciphertext is empty
_NEVER = "never"  # every context has the same keys
_AT_ONCE = 4  # KMS answers while the CPU is busy with another message; more are no faster
# the SDK logs each refusal with a traceback, and Python shows that on stderr where nobody has said otherwise
_NOWHERE = logging.NullHandler()
_INSTALL = "client-side encryption needs more packages: pip install 'tableguard[encryption]'"


class MisfitError(EncryptionError):
    """A ciphertext that was altered, or that belongs to another message than the one it stands in."""


@dataclass(frozen=True)
class Decryption(Generic[T]):
    """Messages or rows with their texts, and a reason for each whose text is not shown."""

    items: tuple[T, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True)
class Cipher:
    """Encryption and decryption under one key; `plaintext_before` is when the table changed to encryption."""

    encrypt: Callable[[bytes, Mapping[str, str]], bytes]
    decrypt: Callable[[bytes, Mapping[str, str]], bytes]
    plaintext_before: str = ""

    def seal(self, message: Message) -> Message:
        """Return the message with encrypted texts; a deleted message has no text and is returned as it is."""
        if message.deleted or isinstance(message.text, bytes):
            return message
        context = context_of_message(message)
        preview = preview_of(message.text)
        return replace(
            message,
            text=self.encrypt(message.text.encode(), context),
            preview=None if preview == message.text else self.encrypt(preview.encode(), context),
        )

    def open_messages(self, messages: Iterable[Message]) -> Decryption[Message]:
        """Return messages with decrypted texts."""
        return self._open(messages, self._open_message)

    def open_rows(self, rows: Iterable[Conversation]) -> Decryption[Conversation]:
        """Return conversation rows with decrypted previews."""
        return self._open(rows, self._open_row)

    def _open(self, sealed: Iterable[T], one: Callable[[T], tuple[T, str]]) -> Decryption[T]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            results = list(pool.map(one, sealed))
        return Decryption(tuple(item for item, _ in results), tuple(refusal for _, refusal in results if refusal))

    def _open_message(self, message: Message) -> tuple[Message, str]:
        if message.deleted:
            return replace(message, text="", preview=None), ""
        text, refusal = self._content(message.text, context_of_message(message), max(message.stamp))
        return replace(message, text=text, preview=None), refusal

    def _open_row(self, row: Conversation) -> tuple[Conversation, str]:
        if row.last_message == "":  # of a deleted message
            return row, ""
        newest = max(row.last_message_at, row.last_message_version)
        text, refusal = self._content(row.last_message, context_of_row(row), newest)
        return replace(row, last_message=text), refusal

    def _content(self, content: Content, context: Mapping[str, str], written_at: str) -> tuple[Content, str]:
        where = f"group {context['message_group_uuid']}: the message at {context['created_at']}"
        if isinstance(content, str):
            if written_at < self.plaintext_before:
                return content, ""
            return REFUSED, f"{where} is not encrypted{self._since()}"
        try:
            return self.decrypt(content, context).decode(), ""
        except (MisfitError, UnicodeDecodeError):
            return (
                REFUSED,
                f"{where} does not fit its ciphertext: one of them was altered or moved, or is of another key",
            )

    def _since(self) -> str:
        if self.plaintext_before:
            return f", though all are from {self.plaintext_before} on"
        return "; if it was written before messages were, say when that began"


def context_of_message(message: Message) -> dict[str, str]:
    """Return the context of a message's ciphertext: its place, its author and its version."""
    return {
        "created_at": message.created_at,
        "edited_at": message.edited_at or _NEVER,
        "message_group_uuid": message.group_uuid,
        "message_uuid": message.message_uuid,
        "user_uuid": message.author.user_uuid,
    }


def context_of_row(row: Conversation) -> dict[str, str]:
    """Return the same context from a conversation row's attributes of its newest message."""
    return {
        "created_at": row.last_message_at,
        "edited_at": row.last_message_version or _NEVER,
        "message_group_uuid": row.group_uuid,
        "message_uuid": row.last_message_uuid,
        "user_uuid": row.last_user_uuid,
    }


def preview_of(text: str) -> str:
    """Return the beginning of a text, to be encrypted for conversation rows: ciphertext cannot be cut."""
    return text[:PREVIEW_CHARACTERS].encode()[:PREVIEW_BYTES].decode(errors="ignore")


def cipher(key_arn: str, kms: Any, plaintext_before: str = "") -> Cipher:
    """Return a cipher under the key with this ARN; `kms` is a boto3 client of the key's region."""
    if not re.fullmatch(KEY_ARN, key_arn):
        raise EncryptionError(f"message key {key_arn!r}: name the key by its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID")
    sdk = _sdk()
    manager = _manager(key_arn, _Kms(kms))
    client = sdk.EncryptionSDKClient(
        commitment_policy=sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1
    )

    def encrypt(text: bytes, context: Mapping[str, str]) -> bytes:
        ciphertext, _ = client.encrypt(
            source=text,
            materials_manager=manager,
            encryption_context=dict(context),
            # without a signature: it would add 200 bytes, and prove no more than that the writer may use the key
            algorithm=sdk.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
        )
        return bytes(ciphertext)

    def decrypt(ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        try:
            return _read(
                client.stream(
                    mode="decrypt", source=ciphertext, materials_manager=manager, encryption_context=dict(context)
                )
            )
        except _signs_of_tampering() as error:
            raise MisfitError(type(error).__name__) from error

    return Cipher(encrypt, decrypt, plaintext_before)


def _read(stream: Any) -> bytes:
    """Return the plaintext of a whole ciphertext, as the SDK's own decrypt() does."""
    try:
        return bytes(stream.read())
    finally:
        # without a footer it refuses to be closed, and from Python 3.13 on that is printed when it is collected
        vars(stream).setdefault("footer", None)
        stream.close()


class _Kms:
    """A client of KMS for the SDK: an error keeps AWS's code, of which the SDK would keep the text only."""

    def __init__(self, client: Any) -> None:
        self._client, self.meta = client, client.meta

    def generate_data_key(self, **request: Any) -> Any:
        return _call(self._client.generate_data_key, request)

    def decrypt(self, **request: Any) -> Any:
        return _call(self._client.decrypt, request)


def _call(call: Callable[..., Any], request: Mapping[str, Any]) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        problem = error.response["Error"]
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html: altered, or of another context or key
        if problem["Code"] in ("InvalidCiphertextException", "IncorrectKeyException"):
            raise MisfitError(problem["Code"]) from error
        raise EncryptionError(f"KMS refused {error.operation_name}: {problem['Code']}: {problem['Message']}") from error


def check_installed() -> None:
    """Raise EncryptionError, with how to install it, where the extra `encryption` is not installed."""
    if importlib.util.find_spec("aws_encryption_sdk") is None:
        raise EncryptionError(_INSTALL)


def _sdk() -> Any:
    try:
        import aws_encryption_sdk  # noqa: PLC0415  # half a second, and an extra
    except ImportError as error:
        raise EncryptionError(_INSTALL) from error
    logging.getLogger(aws_encryption_sdk.__name__).addHandler(_NOWHERE)
    return aws_encryption_sdk


def _signs_of_tampering() -> tuple[type[Exception], ...]:
    from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError  # noqa: PLC0415  # as above
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # as above

    return AWSEncryptionSDKClientError, InvalidTag


def _manager(key_arn: str, kms: _Kms) -> Any:
    """Return a manager of materials that requires exactly these context keys and stores none in the ciphertext."""
    try:
        from aws_cryptographic_material_providers.mpl import (  # noqa: PLC0415  # as above
            AwsCryptographicMaterialProviders,
            config,
            models,
        )
    except ImportError as error:  # the SDK can be installed without its providers
        raise EncryptionError(_INSTALL) from error

    providers = AwsCryptographicMaterialProviders(config=config.MaterialProvidersConfig())
    keyring = providers.create_aws_kms_keyring(
        input=models.CreateAwsKmsKeyringInput(kms_key_id=key_arn, kms_client=kms)
    )
    underlying = providers.create_default_cryptographic_materials_manager(
        input=models.CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
    )
    # https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/configure.html#config-required-encryption-context-cmm
    return providers.create_required_encryption_context_cmm(
        input=models.CreateRequiredEncryptionContextCMMInput(
            underlying_cmm=underlying, required_encryption_context_keys=list(CONTEXT_KEYS)
        )
    )
