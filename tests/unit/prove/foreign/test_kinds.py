"""The kind of a document is told by its folder, by its user or by what it holds, and never by its file's name."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.foreign import documents
from tableguard.prove.foreign.kinds import KINDS, kind_of

SCP = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}]}
ACCOUNT = {"AWS": "arn:aws:iam::111122223333:root"}


def statement(**elements: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": "*", "Resource": "*", **elements}]}


def told(name: str, document: dict[str, Any] = SCP, kind: str = "") -> str:
    return kind_of(name, name, "policies", document, kind).kind


@pytest.mark.parametrize(
    "name",
    [
        "scp/deny-kms-key-deletion.json",
        "scp/protect-IAM-roles.json",
        "scp/resource-tags.json",
        "scp/vpc-endpoints.json",
        "scp/trust.json",
        "service_control_policies/regions/role.json",
        "SCPs/x.json",
    ],
)
def test_a_word_in_the_name_of_a_file_tells_nothing(name: str) -> None:
    assert told(name) == "scp"
    assert told(f"role/{Path(name).name}") == "role"


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_tells_more_than_the_user_and_the_user_more_than_the_content(kind: str) -> None:
    assert told(f"{kind}/x.json", kind="scp") == kind
    assert told("more/x.json", kind=kind) == kind
    assert told("more/x.json") == "scp"


def test_the_folder_that_holds_a_single_file_tells_its_kind() -> None:
    assert kind_of("x.json", "x.json", "role", SCP, "").kind == "role"


def test_folders_of_two_kinds_tell_none() -> None:
    with pytest.raises(PolicyError, match="called after the kinds scp and resource; rename one of them"):
        told("scp/resources/x.json")
    assert told("scp/scps/x.json") == "scp"


CONTENT: list[tuple[str, dict[str, Any]]] = [
    ("scp", SCP),
    ("rcp", statement(Effect="Deny", Action="s3:*")),
    ("key", statement(Principal=ACCOUNT, Action=["kms:Decrypt", "kms:Encrypt"])),
    ("resource", statement(Principal=ACCOUNT, Action="s3:*")),
    ("trust", {"Statement": {"Effect": "Allow", "Principal": ACCOUNT, "Action": "sts:AssumeRole"}}),
]


@pytest.mark.parametrize(("kind", "document"), CONTENT)
def test_content_that_one_kind_has_tells_it(kind: str, document: dict[str, Any]) -> None:
    assert told("x.json", document) == kind


OPEN: list[tuple[str, dict[str, Any]]] = [
    ("scp/ or role/", {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}),
    ("endpoint/ or resource/", statement(Action="s3:*")),
    ("rcp/, endpoint/ or resource/", statement(Effect="Deny", Action="s3:*", Resource="arn:aws:s3:::b/*")),
    ("rcp/, endpoint/ or resource/", statement(Effect="Deny", Action="*")),
    ("rcp/, endpoint/, resource/ or key/", statement(Effect="Deny", Action="kms:Decrypt")),
    ("endpoint/, resource/ or key/", statement(Principal=ACCOUNT, Action=["kms:Decrypt", "s3:GetObject"])),
    ("endpoint/ or resource/", statement(Action="sts:AssumeRole")),
]


@pytest.mark.parametrize(("folders", "document"), OPEN)
def test_content_that_several_kinds_have_is_one_line_with_what_to_add(folders: str, document: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="nothing tells its kind") as raised:
        told("x.json", document)
    assert f"put it into a folder {folders}, or write kind = " in str(raised.value)
    assert told("x.json", document, "endpoint") == "endpoint"


def test_a_document_is_read_with_the_kind_that_its_folder_tells(tmp_path: Path) -> None:
    for folder in ("scp", "role"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "deny-kms-key-deletion.json").write_text(json.dumps(SCP), encoding="utf-8")
    assert [document.kind for document in documents.read(tmp_path, {}).documents] == ["role", "scp"]
