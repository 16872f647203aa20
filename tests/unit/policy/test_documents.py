"""The documents of policies/ as data: read strictly, filled completely, and refused with place and reason."""

import json
from pathlib import Path

import pytest

from tableguard.errors import PolicyError
from tableguard.policy import documents
from tableguard.reading import placeholders
from tableguard.settings import example
from tests.worlds.settings_files import EXAMPLES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"Version": ', ":1:13: not JSON"),
        (b"[]", "a policy document is a JSON object, not list"),
        (b'{"Effect": "Deny", "Effect": "Allow"}', "key 'Effect' is written twice in one object"),
        (b'{"a": "\xff"}', "not UTF-8 text (byte 7)"),
        (b'{"a":' * 20_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_document_is_refused_with_its_name(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "scp").mkdir()
    path = tmp_path / "scp" / "broken.json"
    path.write_bytes(text)
    with pytest.raises(PolicyError) as error:
        documents.load("scp", "broken", tmp_path)
    assert str(error.value).startswith(str(path))
    assert reason in str(error.value)


def test_an_absent_document_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"absent\.json: cannot be read"):
        documents.load("scp", "absent", tmp_path)


@pytest.mark.parametrize("settings", EXAMPLES)
def test_every_shipped_document_is_filled_without_remainder(settings: str) -> None:
    values = example(settings).policy_values()
    for policy in documents.load_all():
        assert placeholders.names(documents.fill(policy, values)) == frozenset()


def test_the_shipped_documents_use_no_placeholder_but_those_of_the_settings() -> None:
    used = frozenset().union(*(placeholders.names(policy.document) for policy in documents.load_all()))
    assert used <= set(example().policy_values())


def test_every_action_of_a_shipped_document_has_a_line_of_its_own() -> None:
    for policy in documents.load_all():
        text = policy.path.read_text(encoding="utf-8")
        assert text == json.dumps(policy.document, indent=2) + "\n", policy.place


def test_there_is_a_document_of_every_kind() -> None:
    assert {policy.kind for policy in documents.load_all()} == set(documents.KINDS)
