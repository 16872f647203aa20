"""Compare a resource's deployed properties with those its template declares, by CloudFormation's rules of equality."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Lists whose order means something; in all others (tags, actions, subnets, rules) the order is the service's choice.
ORDERED = frozenset({"Command", "EntryPoint", "Layers"})

# A template may name these by id or name where the service answers with the ARN, or the reverse.
REFERENCES = frozenset({"FunctionName", "KMSMasterKeyId", "KmsKeyId", "KmsMasterKeyId", "TargetKeyId"})

# A template may name these by the ARN of an alias where the service answers with that of the key.
KEYS_BY_ALIAS = frozenset({"KMSKeyId"})

# JSON that means something as a whole: a condition or a pattern more is not a default, it is another document.
DOCUMENTS = frozenset({"EventPattern", "FilterPolicy", "RedriveAllowPolicy", "RedrivePolicy"})


@dataclass(frozen=True)
class PropertyDifference:
    """A property (dotted path) deployed otherwise than declared; `deployed` is None if the service returns none.

    Of a list only the members without a partner on the other side are shown.
    """

    property: str
    declared: Any
    deployed: Any


def compare(
    declared: Mapping[str, Any], deployed: Mapping[str, Any], not_modelled: Iterable[str] = ()
) -> list[PropertyDifference]:
    """Return where the deployed properties differ from the declared ones.

    A property that the template does not declare is the service's default and is not compared; one that it declares
    and the service does not return is a difference. Paths in `not_modelled` are left out.
    """
    return list(_compare_members("", without(declared, not_modelled), deployed))


def without(declared: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the declared properties without those at the dotted paths; a path leads through lists."""
    remaining: dict[str, Any] = dict(declared)
    for path in paths:
        remaining = _prune(remaining, path.split("."))
    return remaining


def declares(declared: Any, path: Sequence[str]) -> bool:
    """Tell whether a template declares something at this path."""
    if isinstance(declared, list):
        return any(declares(item, path) for item in declared)
    if not path:
        return True
    return isinstance(declared, Mapping) and path[0] in declared and declares(declared[path[0]], path[1:])


def _prune(node: Any, path: list[str]) -> Any:
    if isinstance(node, list):
        return [_prune(item, path) for item in node]
    if not isinstance(node, Mapping) or path[0] not in node:
        return node
    rest = {key: value for key, value in node.items() if key != path[0]}
    if len(path) == 1:
        return rest
    inner = _prune(node[path[0]], path[1:])
    # an object that held nothing else is left out; one that was declared empty stays
    return rest if inner == {} != node[path[0]] else {**rest, path[0]: inner}


def _compare_members(
    path: str, declared: Mapping[str, Any], deployed: Mapping[str, Any]
) -> Iterator[PropertyDifference]:
    for name in sorted(name for name in declared if declared[name] is not None):
        place = f"{path}.{name}" if path else name
        if deployed.get(name) is None:
            yield PropertyDifference(place, declared[name], None)
        else:
            yield from _differences(place, declared[name], deployed[name])


def _differences(path: str, declared: Any, deployed: Any) -> Iterator[PropertyDifference]:
    """Compare two values of one property; its name, the end of `path`, decides how."""
    name = path.rpartition(".")[2]
    first, first_is_json = _read_json(declared)
    second, second_is_json = _read_json(deployed)
    if first_is_json or second_is_json or _is_document(name, first) or _is_document(name, second):
        same = _canonical(first) == _canonical(second)
    elif isinstance(first, Mapping) and isinstance(second, Mapping):
        yield from _compare_members(path, first, second)
        return
    elif isinstance(first, list) or isinstance(second, list):
        yield from _compare_lists(path, _as_list(first), _as_list(second))
        return
    else:
        texts = _text(first), _text(second)
        same = texts[0] == texts[1] or (name in REFERENCES and _name_the_same(*texts))
        same = same or (name in KEYS_BY_ALIAS and _may_be_aliased(*texts))
    if not same:
        yield PropertyDifference(path, declared, deployed)


def _compare_lists(path: str, declared: list[Any], deployed: list[Any]) -> Iterator[PropertyDifference]:
    def alike(first: Any, second: Any) -> bool:
        return next(_differences(path, first, second), None) is None

    if path.rpartition(".")[2] in ORDERED:
        if len(declared) != len(deployed) or not all(map(alike, declared, deployed)):
            yield PropertyDifference(path, declared, deployed)
        return
    partners = _partners([[alike(item, other) for other in deployed] for item in declared])
    missing = [item for place, item in enumerate(declared) if place not in partners.values()]
    extra = [other for place, other in enumerate(deployed) if place not in partners and not _is_system_tag(other)]
    if missing or extra:
        yield PropertyDifference(path, missing, extra)


def _partners(alike: list[list[bool]]) -> dict[int, int]:
    """Pair as many declared members (rows) with deployed ones (columns) as can be. Return {column: row}.

    Augmenting paths; the first fit would fail where one declared member is a part of another.
    """
    partners: dict[int, int] = {}

    def find(row: int, tried: set[int]) -> bool:
        for column, fits in enumerate(alike[row]):
            if fits and column not in tried:
                tried.add(column)
                if column not in partners or find(partners[column], tried):
                    partners[column] = row
                    return True
        return False

    for row in range(len(alike)):
        find(row, set())
    return partners


def _is_system_tag(value: Any) -> bool:
    """Tell whether a tag begins with aws:, as those do that AWS sets itself, such as aws:cloudformation:stack-name."""
    return isinstance(value, Mapping) and str(value.get("Key", "")).startswith("aws:")


def _is_document(name: str, value: Any) -> bool:
    return name in DOCUMENTS or (isinstance(value, Mapping) and "Statement" in value)


def _read_json(value: Any) -> tuple[Any, bool]:
    """Return the object or list that a text holds, and True; any other value as it is, and False."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value), True
        except json.JSONDecodeError:
            return value, False
    return value, False


def _canonical(value: Any) -> Any:
    """Return equal values for documents that mean the same: lists without order, a list of one as its member."""
    if isinstance(value, Mapping):
        return {key: _canonical(value[key]) for key in value}
    if isinstance(value, list):
        members = sorted((_canonical(item) for item in value), key=lambda member: json.dumps(member, sort_keys=True))
        return members[0] if len(members) == 1 else members
    content, is_json = _read_json(value)
    return _canonical(content) if is_json else _text(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _name_the_same(first: str, second: str) -> bool:
    arn, name = (first, second) if first.startswith("arn:") else (second, first)
    return arn.startswith("arn:") and arn.endswith((f":{name}", f"/{name}"))


def _may_be_aliased(declared: str, deployed: str) -> bool:
    """Tell whether an alias may be a key's: it is of its account and Region. Only KMS knows more."""
    place, is_alias, _ = declared.partition(":alias/")
    return bool(is_alias) and deployed.startswith(f"{place}:key/")
