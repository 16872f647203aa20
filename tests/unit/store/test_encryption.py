"""Client-side encryption: text leaves the writer as ciphertext, bound to the one message that it belongs to."""

import builtins
import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_lambda.decide import conversation
from stream_lambda.items import (
    PREVIEW_CHARACTERS,
    Conversation,
    Message,
    conversation_item,
    conversation_of,
    message_item,
)
from tableguard.aws.item_size import item_size
from tableguard.errors import EncryptionError
from tableguard.stacks import package
from tableguard.store import encryption
from tableguard.store.encryption import PREVIEW_BYTES, REFUSED, Cipher, context_of_message, context_of_row, preview_of
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.messages import ADA, BOB, EVE, OTHER_PAIR, PAIR, REGION, at, said

ON_AWS = 88  # bytes that a data key encrypted by AWS KMS is longer than one encrypted by moto: 184 to 96
OLD = "written before encryption"
LONG = "A text that is longer than a preview may be. " * 10


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    with emulated_aws():
        yield boto3.Session("no", "keys", region_name=REGION).client("kms")


@pytest.fixture(scope="module")
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def cipher(kms: Any, key: str) -> Cipher:
    return encryption.cipher(key, kms)


@pytest.fixture(scope="module")
def sealed(cipher: Cipher) -> Message:
    return cipher.seal(said(LONG, 1))


@pytest.fixture(scope="module")
def row(sealed: Message) -> Conversation:
    return conversation(sealed, BOB, PAIR)


def opened(cipher: Cipher, message: Message) -> tuple[object, tuple[str, ...]]:
    found = cipher.open_messages([message])
    return found.items[0].text, found.refusals


def opened_row(cipher: Cipher, row: Conversation) -> tuple[object, tuple[str, ...]]:
    found = cipher.open_rows([row])
    return found.items[0].last_message, found.refusals


@pytest.mark.parametrize(
    "text", ["Hi", "Grüße 🐚 " * 40, LONG, "\u0000", " "], ids=["short", "shells", "long", "null", "blank"]
)
def test_a_reader_reads_what_the_writer_wrote(cipher: Cipher, text: str) -> None:
    assert opened(cipher, cipher.seal(said(text, 1))) == (text, ())


def test_no_word_of_the_text_is_in_the_item(sealed: Message) -> None:
    stored = repr(message_item(sealed))
    assert "longer" in LONG
    assert "longer" not in stored
    assert "preview" in stored


def test_the_context_is_not_in_the_ciphertext(sealed: Message) -> None:
    # kept beside it, it could be taken from there, and fit whatever it stands in
    assert isinstance(sealed.text, bytes)
    values = context_of_message(sealed).values()
    assert [value for value in values if value.encode() in sealed.text] == []


def test_a_row_shows_the_beginning_of_the_text(cipher: Cipher, row: Conversation) -> None:
    assert opened_row(cipher, row) == (LONG[:PREVIEW_CHARACTERS], ())


def test_row_and_message_have_the_same_context(sealed: Message, row: Conversation) -> None:
    edited = replace(sealed, edited_at=at(9))
    assert context_of_row(row) == context_of_message(sealed)
    assert context_of_row(conversation(edited, BOB, PAIR)) == context_of_message(edited) != context_of_message(sealed)


def test_a_short_text_is_its_own_preview_and_asks_kms_once(kms: Any, key: str) -> None:
    asked = Watched(kms)
    short = encryption.cipher(key, asked).seal(said("short", 1))
    assert (asked.calls, short.preview, short.summary) == (["generate_data_key"], None, short.text)


def test_a_longer_text_has_a_preview_and_asks_kms_twice(kms: Any, key: str) -> None:
    asked = Watched(kms)
    long = encryption.cipher(key, asked).seal(said(LONG, 1))
    assert asked.calls == ["generate_data_key"] * 2
    assert isinstance(long.preview, bytes)
    assert long.summary == long.preview != long.text


def test_a_deleted_message_has_nothing_to_encrypt_and_nothing_to_decrypt(kms: Any, key: str) -> None:
    asked = Watched(kms)
    cipher = encryption.cipher(key, asked)
    gone = said("", 1, deleted=True, edited_at=at(2))
    assert cipher.seal(gone) == gone
    assert opened(cipher, gone) == ("", ())
    assert opened_row(cipher, conversation(gone, BOB, PAIR)) == ("", ())
    assert asked.calls == []


def test_what_is_encrypted_already_is_not_encrypted_again(cipher: Cipher, sealed: Message) -> None:
    assert cipher.seal(sealed) is sealed


# what a ciphertext can be moved into, or what can be written over beside it
MOVED: dict[str, Callable[[Message], Message]] = {
    "another group": lambda one: replace(one, group_uuid=OTHER_PAIR.group_uuid),
    "another message": lambda one: replace(one, message_uuid="another"),
    "another author": lambda one: replace(one, author=EVE),
    "another time": lambda one: replace(one, created_at=at(99)),
    "another version": lambda one: replace(one, edited_at=at(99)),
}


@pytest.mark.parametrize("move", MOVED.values(), ids=MOVED)
def test_a_ciphertext_that_stands_in_another_message_is_refused(
    cipher: Cipher, sealed: Message, move: Callable[[Message], Message]
) -> None:
    moved = move(sealed)
    text, refusals = opened(cipher, moved)
    row_text, row_refusals = opened_row(cipher, conversation(moved, BOB, PAIR))
    assert text == row_text == REFUSED
    assert refusals == row_refusals
    assert refusals == (
        f"group {moved.group_uuid}: the message at {moved.created_at} does not fit its ciphertext: "
        "one of them was altered or moved, or is of another key",
    )


@pytest.mark.parametrize("name", ["display_name", "handle"])
def test_a_new_name_of_its_author_leaves_a_message_readable(cipher: Cipher, sealed: Message, name: str) -> None:
    assert opened(cipher, replace(sealed, author=replace(ADA, **{name: "New"}))) == (LONG, ())


def test_one_message_that_does_not_fit_leaves_the_others_readable(cipher: Cipher, sealed: Message) -> None:
    found = cipher.open_messages([sealed, replace(sealed, message_uuid="another"), sealed])
    assert [message.text for message in found.items] == [LONG, REFUSED, LONG]
    assert len(found.refusals) == 1


def test_a_ciphertext_altered_anywhere_is_refused(cipher: Cipher, sealed: Message) -> None:
    ciphertext = sealed.text
    assert isinstance(ciphertext, bytes)
    step = 1 if os.environ.get("TABLEGUARD_EVERY_BYTE") else 29  # every byte takes 15 s
    for place in range(0, len(ciphertext), step):
        altered = ciphertext[:place] + bytes([ciphertext[place] ^ 1]) + ciphertext[place + 1 :]
        assert refused(cipher, replace(sealed, text=altered)), place


def refused(cipher: Cipher, message: Message) -> bool:
    """Whether a message is not shown, or KMS asked about another key: moto's ciphertext begins with the key's id."""
    try:
        return opened(cipher, message)[0] == REFUSED
    except EncryptionError as error:
        return "KMS refused Decrypt: AccessDeniedException" in str(error)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_ciphertext_cut_short_is_refused(cipher: Cipher, sealed: Message, length: int) -> None:
    assert isinstance(sealed.text, bytes)
    assert opened(cipher, replace(sealed, text=sealed.text[:length]))[0] == REFUSED


def test_a_ciphertext_under_another_key_is_refused(kms: Any, cipher: Cipher) -> None:
    another = encryption.cipher(kms.create_key()["KeyMetadata"]["Arn"], kms)
    assert opened(cipher, another.seal(said("Hi", 1)))[0] == REFUSED


def test_a_ciphertext_that_is_no_text_is_refused(cipher: Cipher) -> None:
    message = said("Hi", 1)
    assert opened(cipher, replace(message, text=cipher.encrypt(b"\xff", context_of_message(message))))[0] == REFUSED


@pytest.mark.parametrize(("before", "shown"), [(at(2), OLD), (at(1), REFUSED), ("", REFUSED)])
def test_plaintext_is_shown_only_of_before_the_change_to_encryption(cipher: Cipher, before: str, shown: object) -> None:
    reader = replace(cipher, plaintext_before=before)
    old = said(OLD, 1)
    assert opened(reader, old)[0] == opened_row(reader, conversation(old, BOB, PAIR))[0] == shown


def test_plaintext_edited_after_the_change_is_not_shown(cipher: Cipher) -> None:
    reader = replace(cipher, plaintext_before=at(2))
    text, refusals = opened(reader, said(OLD, 1, edited_at=at(3)))
    assert text == REFUSED
    assert refusals == (
        f"group {PAIR.group_uuid}: the message at {at(1)} is not encrypted, though all are from {at(2)} on",
    )


def test_a_plaintext_message_edited_after_the_change_is_encrypted(cipher: Cipher) -> None:
    edited = cipher.seal(said("new text", 1, edited_at=at(3)))
    assert isinstance(edited.text, bytes)
    assert opened(replace(cipher, plaintext_before=at(2)), edited) == ("new text", ())


@given(text=st.text(max_size=400))
@settings(max_examples=200)
def test_a_preview_is_the_beginning_of_the_text_and_never_longer_than_a_row_can_hold(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    preview = preview_of(text)
    assert text.startswith(preview)
    assert len(preview) <= PREVIEW_CHARACTERS
    assert len(preview.encode()) <= PREVIEW_BYTES
    following = text[len(preview) : len(preview) + 1]
    longer = preview + following
    assert not following or len(longer) > PREVIEW_CHARACTERS or len(longer.encode()) > PREVIEW_BYTES


@pytest.mark.parametrize("letter", ["x", "ü", "潮", "🐚"])
def test_a_row_stays_within_one_write_unit(cipher: Cipher, letter: str) -> None:
    uuid = "6f1c2b1e-3a53-4c0b-9b56-0a4d7f0f3e11"
    user = replace(ADA, user_uuid=uuid, display_name="Mina Berg-Alvarez", handle="mina.berg")
    other = replace(BOB, user_uuid=uuid.upper(), display_name="Teodor Lindqvist", handle="teodor")
    group = replace(PAIR, group_uuid=uuid, members=(user, other))
    message = replace(said(letter * 500, 1, group), message_uuid=uuid, edited_at=at(2))
    size = item_size(conversation_item(conversation(cipher.seal(message), user, group)))
    assert size + ON_AWS <= 1024


def test_a_row_is_the_same_once_it_was_stored(cipher: Cipher, row: Conversation) -> None:
    assert opened_row(cipher, conversation_of(conversation_item(row))) == opened_row(cipher, row)


@pytest.mark.parametrize(
    "name",
    [
        "alias/cruddur-messages",
        "arn:aws:kms:eu-central-1:111122223333:alias/cruddur-messages",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "",
    ],
)
def test_a_key_is_named_by_its_arn_and_not_otherwise(kms: Any, name: str) -> None:
    with pytest.raises(EncryptionError, match=r"name the key by its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID"):
        encryption.cipher(name, kms)


class Watched:
    """KMS that remembers what it was asked, or refuses everything with one error."""

    def __init__(self, client: Any, refusal: Mapping[str, Any] | None = None) -> None:
        self.client, self.refusal, self.meta, self.calls = client, refusal, client.meta, list[str]()

    def generate_data_key(self, **request: Any) -> Any:
        return self.answer("generate_data_key", request)

    def decrypt(self, **request: Any) -> Any:
        return self.answer("decrypt", request)

    def answer(self, name: str, request: Mapping[str, Any]) -> Any:
        self.calls.append(name)
        if self.refusal is not None:
            raise self.client.exceptions.ClientError({"Error": self.refusal}, name)
        return getattr(self.client, name)(**request)


DENIED = {"Code": "AccessDeniedException", "Message": "no identity-based policy allows it"}


def test_a_refusal_by_kms_is_an_error_that_says_so_and_not_a_message_that_does_not_fit(
    kms: Any, key: str, sealed: Message
) -> None:
    refused = encryption.cipher(key, Watched(kms, DENIED))
    with pytest.raises(EncryptionError, match=r"^KMS refused decrypt: AccessDeniedException: no identity-based"):
        refused.open_messages([sealed])
    with pytest.raises(EncryptionError, match=r"^KMS refused generate_data_key: AccessDeniedException"):
        refused.seal(said("Hi", 1))


def test_errors_never_hold_the_text(kms: Any, key: str) -> None:
    with pytest.raises(EncryptionError) as refused:
        encryption.cipher(key, Watched(kms, DENIED)).seal(said("a secret", 1))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("missing", ["aws_encryption_sdk", "aws_cryptographic_material_providers.mpl"])
def test_without_the_extra_one_line_says_how_to_install_it(
    kms: Any, key: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def absent(name: str, *more: Any) -> Any:
        if name == missing:
            raise ModuleNotFoundError(name)
        return really(name, *more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(
        EncryptionError, match=r"^client-side encryption needs .* pip install 'tableguard\[encryption\]'$"
    ):
        encryption.cipher(key, kms)


def test_refusals_are_not_logged_to_the_terminal(
    cipher: Cipher, sealed: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(cipher, replace(sealed, message_uuid="another"))
    assert capsys.readouterr().err == ""


def test_the_functions_package_does_not_hold_the_library() -> None:
    with zipfile.ZipFile(io.BytesIO(package.build())) as archive:
        modules = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {name.split("/")[0] for name in modules} == {"stream_lambda"}
    assert not [name for name, source in modules.items() if "aws_encryption_sdk" in source or "kms" in source.lower()]
    assert "aws_encryption_sdk" in Path(encryption.__file__).read_text()
