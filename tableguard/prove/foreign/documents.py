"""Anybody's policy documents: bare, wrapped as the APIs return them, or inside CloudFormation templates.

A file that holds no policy is named and left out. What cannot be read is an error of one line: placeholders without a
value, intrinsic functions, broken or oversized files, documents that AWS would refuse.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tableguard.check.rules import action_names, context_keys, policy_grammar, policy_meaning
from tableguard.check.rules.policy_grammar import NAMES
from tableguard.errors import PolicyError
from tableguard.policy import statements
from tableguard.prove.engine.unproved import NotProvedError
from tableguard.prove.foreign.files import MOST_BYTES, YAML, files, has_effect, refuse_unread
from tableguard.prove.foreign.kinds import ToldKind, kind_of
from tableguard.reading import json_file
from tableguard.reading.placeholders import Values

_TERRAFORM = re.compile(r"\$\{([^}:*?$,]+)\}")  # variables of IAM have a colon in their names
_ANGLED = re.compile(r"<([^<>]+)>")
# what the lint finds that makes a statement, or a part of it, match no request
_WITHOUT_EFFECT = frozenset(
    ("action-without-resource", "contradiction", "literal-wildcard", "no-region", "session-arn")
)
_WRAPPERS = ("Policy", "Content", "PolicyDocument", "ResourcePolicy", "Document")
_TYPES = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
# the kind of what a resource type holds under a property; whatever else has a Statement is a resource's own policy
_OF_PROPERTIES: Mapping[tuple[str, str], str] = {
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"): "role",
    ("AWS::IAM::Policy", "PolicyDocument"): "role",
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"): "trust",
    ("AWS::EC2::VPCEndpoint", "PolicyDocument"): "endpoint",
    ("AWS::KMS::Key", "KeyPolicy"): "key",
    ("AWS::KMS::ReplicaKey", "KeyPolicy"): "key",
}


@dataclass(frozen=True)
class ForeignDocument:
    """A document with its file, its kind, and its name within the folder.

    `because` says what in the document its kind is taken from, where nothing else tells it.
    """

    place: str
    kind: str
    document: Mapping[str, Any]
    within: str = ""
    because: str = ""

    @property
    def name(self) -> str:
        """The name that promises and reports use: the path within the folder, and the name in a template."""
        return self.within or self.place

    def is_called(self, pattern: str) -> bool:
        """Return True for a pattern of the name, with its suffix or without it, and for the last part of it."""
        bare = self.name.rsplit(".", 1)[0]
        return fnmatchcase(self.name, pattern) or fnmatchcase(bare, pattern) or bare.rsplit("/", 1)[-1] == pattern


@dataclass(frozen=True)
class Collection:
    """The documents in a file or a folder, and the files that hold none."""

    documents: tuple[ForeignDocument, ...]
    others: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was concluded about the documents that nobody wrote, and which of their words are not AWS's."""
        services = (service for document in self.documents for service in action_names.unlisted(document.document))
        keys = (key for document in self.documents for key in context_keys.unlisted(document.document))
        return (
            *(note for document in self.documents for note in _notes(document)),
            *_unlisted("actions of these services are taken as written, because they are not known here", services),
            *_unlisted("any request may have these keys, because their services' are not known here", keys),
        )


def _unlisted(note: str, names: Iterable[str]) -> Iterator[str]:
    if different := ", ".join(dict.fromkeys(names)):
        yield f"{note}: {different}"


def _notes(document: ForeignDocument) -> Iterator[str]:
    if document.because:
        yield f"{document.name} is taken for {NAMES[document.kind]}: {document.because}"
    for wrong in action_names.unknown(document.document):
        yield f"{document.name}: {wrong}"
    for finding in policy_meaning.check(document.name, document.kind, document.document):
        if finding.rule in _WITHOUT_EFFECT:
            yield f"{finding.place}: {finding.problem}"


def read(path: Path, values: Values, kind: str = "") -> Collection:
    """Read every policy document in a file or folder and fill its placeholders; `kind` is that of documents without.

    PolicyError for what cannot be read, and where there is no document.
    """
    documents: list[ForeignDocument] = []
    to_read, others = files(path)
    for file in to_read:
        content = _content(file)
        inside = list(_inside(file, _within(file, path), content, values, kind))
        refuse_unread(file, content, len(inside))
        documents += inside
        if not inside:
            others.append(str(file))
    if not documents:
        raise PolicyError(f"{path}: no policy document found; one has a Statement, or is wrapped as Content or Policy")
    return Collection(tuple(_named_apart(documents)), tuple(sorted(others)))


def _named_apart(documents: list[ForeignDocument]) -> Iterator[ForeignDocument]:
    """Give each document a name of its own: a table has a policy, and its stream another."""
    times: Counter[str] = Counter()
    for document in documents:
        name = document.name
        times[name] += 1
        yield document if times[name] == 1 else replace(document, within=f"{name} ({times[name]})")


def _within(file: Path, path: Path) -> str:
    return file.name if file == path else file.relative_to(path).as_posix()


def _inside(file: Path, within: str, content: Any, values: Values, default: str) -> Iterator[ForeignDocument]:
    for place, written_kind, document in documents_in(str(file), content):
        whole = filled(document, values, place)
        folder = file.resolve().parent.name
        kind, because = ToldKind(written_kind) if written_kind else kind_of(place, within, folder, whole, default)
        policy_grammar.refuse(place, kind, whole)
        statements.policy(place, whole)  # an error in it is told with the file, of which there may be two of a name
        context_keys.refuse_unknown(place, whole)
        yield ForeignDocument(place, kind, whole, f"{within}{place.removeprefix(str(file))}", because)


def _content(file: Path) -> Any:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise PolicyError(f"{file}: cannot be read ({error.strerror})") from error
    if size > MOST_BYTES:
        raise PolicyError(f"{file}: {size} bytes; the largest template has {MOST_BYTES}, the largest policy far less")
    if file.suffix.lower() in YAML:
        return _yaml(file)
    return json_file.read_json(file)


def _yaml(file: Path) -> Any:
    from tableguard.cloudformation import template_files  # noqa: PLC0415  # yaml is slow to import, and needed for templates only
    from tableguard.errors import CheckError  # noqa: PLC0415

    try:
        return template_files.read(file)
    except CheckError as error:
        raise PolicyError(str(error)) from error


def documents_in(place: str, content: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield place, kind (empty where it is not written) and document of every policy in the content of a file."""
    if not isinstance(content, dict):
        return
    if isinstance(content.get("Resources"), dict):
        for name, resource in content["Resources"].items():
            if isinstance(resource, dict) and isinstance(resource.get("Properties"), dict):
                yield from _of_resource(f"{place}: {name}", resource)
    elif "Statement" in content:
        yield place, "", content
    else:
        for wrapper in _WRAPPERS:
            if wrapper in content:
                kind = _TYPES.get(str(_summary(content).get("Type")), "")
                for inner_place, inner_kind, document in documents_in(place, _unwrapped(place, content[wrapper])):
                    yield inner_place, kind or inner_kind, document
                return


def _summary(content: Mapping[str, Any]) -> Mapping[str, Any]:
    summary = content.get("PolicySummary", content)
    return summary if isinstance(summary, dict) else {}


def _of_resource(place: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for document in _of_properties(place, str(resource.get("Type")), resource["Properties"]):
        if "Condition" in resource:
            raise NotProvedError(
                f"{place}: exists under the condition {resource['Condition']} only; render the template first"
            )
        yield document


def _of_properties(
    place: str, resource_type: str, properties: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if resource_type == "AWS::Organizations::Policy":
        kind = _TYPES.get(str(properties.get("Type")))
        if kind and "Content" in properties:
            yield place, kind, _object(place, _unwrapped(place, properties["Content"]))
        return
    for key, value in properties.items():
        kind = _OF_PROPERTIES.get((resource_type, key), "")
        if kind:
            yield _named(place, key, kind), kind, _object(place, _unwrapped(place, value))
        elif resource_type in ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group") and key == "Policies":
            yield from _inline(place, value)
        else:
            yield from ((place, "resource", document) for document in _own(value))


def _named(place: str, key: str, kind: str) -> str:
    """Return the place of a policy; a role's trust policy has the property's name in it, its own policies have not."""
    return f"{place}: {key}" if kind == "trust" else place


def _inline(place: str, policies: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for policy in policies if isinstance(policies, list) else [policies]:
        if not isinstance(policy, dict) or "PolicyDocument" not in policy:
            raise NotProvedError(f"{place}: Policies: {policy!r} is not a policy; render the template first")
        yield f"{place}: {policy.get('PolicyName')}", "role", _object(place, policy["PolicyDocument"])


def _own(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the policies that a property holds, or one of its properties: ResourcePolicy has its PolicyDocument."""
    if isinstance(value, dict) and "Statement" in value and has_effect(value["Statement"]):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _own(inner)


def _object(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or "Statement" not in value:
        raise PolicyError(f"{place}: not a policy document: no Statement; render the template first")
    return value


def _unwrapped(place: str, value: Any) -> Any:
    """Return a document that stands in a text, as the APIs and Terraform write it; any other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=json_file.no_duplicates)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{place}: the text that should be a policy document is not JSON: {error}") from error


def filled(document: Mapping[str, Any], values: Values, place: str) -> Mapping[str, Any]:
    """Return a document with Terraform's, the samples' and CloudFormation's placeholders replaced by values."""
    whole = _replaced(document, values, place)
    if not isinstance(whole, dict):  # a document that is one intrinsic function
        raise PolicyError(f"{place}: not a policy document")
    return whole


def _replaced(node: Any, values: Values, place: str) -> Any:
    if isinstance(node, dict):
        for key in node:
            if key == "Ref" or key.startswith("Fn::"):
                return _intrinsic(key, node[key], values, place)
        return {_text(key, values, place): _replaced(value, values, place) for key, value in node.items()}
    if isinstance(node, list):
        return [filled for item in node for filled in _items(item, values, place)]
    return _text(node, values, place) if isinstance(node, str) else node


def _items(item: Any, values: Values, place: str) -> list[Any]:
    """Return a list item with its placeholders replaced: one item for each value of a placeholder for a list."""
    names = (*_TERRAFORM.findall(item), *_ANGLED.findall(item)) if isinstance(item, str) else ()
    lists = {name: choices for name in names if isinstance(choices := values.get(name), tuple)}
    if len(lists) != 1:
        return [_replaced(item, values, place)]
    ((name, choices),) = lists.items()
    return [_replaced(item, {**values, name: choice}, place) for choice in choices]


def _intrinsic(key: str, argument: Any, values: Values, place: str) -> str:
    name = {"Ref": "Ref", "Fn::Sub": "Fn::Sub"}.get(key)
    if name is None or not isinstance(argument, str):
        raise NotProvedError(f"{place}: {key} has no value here; render the template first")
    text = f"${{{argument}}}" if key == "Ref" else argument
    return _text(re.sub(r"\$\{AWS::(\w+)\}", r"<AWS::\1>", text), values, place)


def _text(text: str, values: Values, place: str) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None:
            raise NotProvedError(
                f"{place}: no value for the placeholder {match[0]}; give one under [values] in the promises file, "
                f'"{match[1]}" = "…"'
            )
        if not isinstance(value, str):
            raise NotProvedError(f"{place}: {match[0]} is a list and stands inside a text")
        return value

    return _ANGLED.sub(value_of, _TERRAFORM.sub(value_of, text))
