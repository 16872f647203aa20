"""The kind of a document: told by its wrapper, its folder, what the user says, or what only one kind can hold.

A file's name tells nothing: an SCP against deleting keys is often called `deny-kms-key-deletion`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from tableguard.check.rules.document_path import statements
from tableguard.check.rules.policy_grammar import ANYBODY, as_list
from tableguard.errors import PolicyError
from tableguard.policy import documents

# beyond the shipped kinds: the policies of KMS keys and of roles to be assumed, which must allow whatever others allow
KINDS = (*documents.KINDS, "key", "trust")
_FOLDERS: Mapping[str, str] = {
    **{name: kind for kind in KINDS for name in (kind, f"{kind}s", f"{kind}-policies")},
    "service-control-policies": "scp",
    "resource-control-policies": "rcp",
    "vpc-endpoint-policies": "endpoint",
}
_TRUST = re.compile(r"sts:(assumerole.*|tagsession|setsourceidentity|setcontext|\*)")


class ToldKind(NamedTuple):
    """The kind of a document, and why it is taken for one where only its content tells it."""

    kind: str
    because: str = ""


def kind_of(place: str, within: str, folder: str, document: Mapping[str, Any], written: str) -> ToldKind:
    """Return the kind of a document without a wrapper that tells it; PolicyError where nothing does.

    In this order: the folders of its path `within` what was named, or the `folder` that it lies in; what the user has
    `written`; what it holds.
    """
    kind = _of_folders(place, within, folder) or written
    return ToldKind(kind) if kind else _of_content(place, document)


def _of_folders(place: str, within: str, folder: str) -> str:
    """Return the kind that folders are called by; an empty text if none is, PolicyError if they tell several."""
    names = [name.lower().replace("_", "-") for name in PurePath(within).parent.parts or (folder,)]
    kinds = list(dict.fromkeys(_FOLDERS[name] for name in names if name in _FOLDERS))
    if len(kinds) > 1:
        raise PolicyError(
            f"{place}: its folders are called after the kinds {_listed(kinds, 'and')}; rename one of them"
        )
    return kinds[0] if kinds else ""


def _of_content(place: str, document: Mapping[str, Any]) -> ToldKind:
    """Return the kind that the statements suggest; PolicyError with the kinds that they may be of, if several."""
    listed = [statement for _, statement in statements(document)]
    only_denials = all(statement.get("Effect") == "Deny" for statement in listed)
    if not any("Principal" in statement for statement in listed):
        if only_denials:
            return ToldKind("scp", "it only denies and names no Principal")
        raise _open(place, "it allows and names no Principal", ("scp", "role"))
    if all(_trusts(statement) for statement in listed):
        return ToldKind("trust", "it is about taking the role that has it")
    on_keys = [str(action).lower().startswith("kms:") for statement in listed for action in _actions(statement)]
    if any(statement.get("Principal") not in ANYBODY for statement in listed) and (all(on_keys) or not any(on_keys)):
        return ToldKind("key" if all(on_keys) else "resource", "it names principals")
    if only_denials and all(map(_guards_everything, listed)) and not all(on_keys):
        return ToldKind("rcp", "it denies everybody on every resource")
    kinds = ("endpoint", "resource", "key") if any(on_keys) else ("endpoint", "resource")
    raise _open(place, "it names a Principal, as several kinds do", (*(("rcp",) if only_denials else ()), *kinds))


def _actions(statement: Mapping[str, Any]) -> list[Any]:
    return as_list(statement.get("Action", "*"))


def _guards_everything(statement: Mapping[str, Any]) -> bool:
    """Return True if a statement is about every resource of the services it names, as those of RCPs are."""
    return as_list(statement.get("Resource")) == ["*"] and "*" not in _actions(statement)


def _trusts(statement: Mapping[str, Any]) -> bool:
    """Return True if a statement is about taking the role that has it: on sts:AssumeRole… and no Resource."""
    on_itself = not statement.keys() & {"Resource", "NotResource", "NotAction"}
    return on_itself and all(_TRUST.fullmatch(str(action).lower()) for action in _actions(statement))


def _open(place: str, why: str, kinds: Iterable[str]) -> PolicyError:
    accepted = _listed([f'"{kind}"' for kind in kinds], "or")
    folders = _listed([f"{kind}/" for kind in kinds], "or")
    return PolicyError(
        f"{place}: nothing tells its kind: {why}; put it into a folder {folders}, or write kind = {accepted} in the "
        "promises file (--kind on the command line)"
    )


def _listed(words: Iterable[str], conjunction: str) -> str:
    *others, last = words
    return f"{', '.join(others)} {conjunction} {last}" if others else last
