"""What a submission would change about the resources of a stack, and why, in the words of DescribeChangeSet.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tableguard.cloudformation.functions import NO_VALUE, as_call, evaluate, mentions
from tableguard.cloudformation.scope import StackScope
from tableguard.local.stacks.changes.recreation import Recreation, Replacement, recreation, strongest
from tableguard.local.stacks.resources import REFUSALS, StackResource
from tableguard.local.stacks.types import ALL

_ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
_KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_LONGEST_VALUE = 1024  # AWS says that it cuts large values short, and not how large: ours is a guess
_UNRESOLVED = object()  # a value that names what is still to be made: another than any that is deployed
Change = dict[str, Any]
Detail = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A submission, by its scope, beside the resources, declarations and parameter values of the stack as it is.

    `unfinished` are the resources that a failed operation left behind: going on takes them further.
    """

    scope: StackScope
    existing: Mapping[str, StackResource]
    declared: Mapping[str, Any]
    values: Mapping[str, Any]
    unfinished: frozenset[str]
    _replaced: dict[str, Replacement] = field(default_factory=dict)  # of the resources that change, those before first

    def changes(self) -> Iterator[Change]:
        """Yield the changes: what is made or changed in the order of creation, then what goes, newest first."""
        wanted = self.scope.active_resources()
        for logical_id in wanted:
            if logical_id not in self.existing:
                if logical_id in self.declared:  # it is gone, and has another id when it is made again
                    self._replaced[logical_id] = "True"
                yield self._change("Add", logical_id, self._now(logical_id)["Type"])
            else:
                yield from self._modification(logical_id)
        for logical_id in (name for name in reversed(tuple(self.existing)) if name not in wanted):
            resource = self.existing[logical_id]
            kept = resource.deletion_policy.startswith("Retain")
            yield self._change("Remove", logical_id, resource.type.name, PolicyAction="Retain" if kept else "Delete")

    def _change(self, action: str, logical_id: str, type_name: str, **more: Any) -> Change:
        change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": type_name}
        if logical_id in self.existing:
            change["PhysicalResourceId"] = self.existing[logical_id].handle.physical_id
        return {**change, "Scope": [], "Details": [], **self._contexts(logical_id), **more}

    def _contexts(self, logical_id: str) -> Change:
        """Return the whole declaration before and after, each as JSON, of a resource that is there then."""
        contexts = dict[str, Any]()
        if logical_id in self.existing:
            before = self.declared.get(logical_id, {})
            contexts["BeforeContext"] = _context(before, self.existing[logical_id].properties)
        if logical_id in self.scope.active_resources():
            now = self._now(logical_id)
            contexts["AfterContext"] = _context(now, self._known(now.get("Properties", {})))
        return {name: json.dumps(context, default=str) for name, context in contexts.items()}

    def _known(self, node: Any) -> Any:
        """Return the value of a part of a template, with AWS's word where only making the resources tells it."""
        replaced = {name for name, how in self._replaced.items() if how == "True"}
        if replaced.isdisjoint(name for name, _ in mentions(node)):
            with suppress(*REFUSALS):
                return evaluate(node, self.scope)
        if isinstance(node, list):
            return [self._known(item) for item in node]
        plain = isinstance(node, dict) and as_call(node) is None
        return {key: self._known(value) for key, value in node.items()} if plain else _KNOWN_LATER

    def _modification(self, logical_id: str) -> Iterator[Change]:
        type_name, before = self._now(logical_id)["Type"], self.existing[logical_id].type.name
        details, attributes = list(self._details(logical_id)), self._changed_attributes(logical_id)
        if not details and not attributes and type_name == before and logical_id not in self.unfinished:
            return
        replaced = strongest(_certain(detail) for detail in details)
        if details:
            self._replaced[logical_id] = replaced
        of_attributes = [
            {
                "Target": {"Attribute": attribute, "RequiresRecreation": "Never"},
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for attribute in attributes
        ]
        yield self._change(
            "Modify",
            logical_id,
            type_name,
            Replacement=replaced,
            Scope=["Properties"] * bool(details) + attributes,
            Details=[*details, *of_attributes],
            **self._policy_action(logical_id, replaced),
        )

    def _policy_action(self, logical_id: str, replaced: Replacement) -> Change:
        if replaced != "True":
            return {}
        kept = self._now(logical_id).get("UpdateReplacePolicy") == "Retain"
        return {"PolicyAction": "ReplaceAndRetain" if kept else "ReplaceAndDelete"}

    def _details(self, logical_id: str) -> Iterator[Detail]:
        """Yield each change of a property with its cause: of its value, or of what it refers to."""
        resource, now = self.existing[logical_id], self._now(logical_id).get("Properties", {})
        for name in sorted(resource.properties.keys() | now.keys()):
            before, after = resource.properties.get(name, NO_VALUE), self._value(now.get(name, NO_VALUE))
            consequences = list(self._consequences(now.get(name)))
            if before != after:
                consequences = list(self._causes(logical_id, name)) or consequences or [_DIRECT]
            if consequences:
                values = (None if value is NO_VALUE else value for value in (before, after))
                target = {
                    "Attribute": "Properties",
                    "Name": name,
                    "RequiresRecreation": recreation(ALL[self._now(logical_id)["Type"]], name, *values),
                    "Path": f"/Properties/{name}",
                    **_told(before, self._known(now[name]) if name in now else NO_VALUE),
                }
                yield from ({"Target": target, **cause} for cause in consequences)

    def _causes(self, logical_id: str, name: str) -> Iterator[Detail]:
        """Yield why the value of a property changes by itself: the template's text, or a parameter."""
        declarations = (self.declared.get(logical_id, {}), self._now(logical_id))
        before, now = (declaration.get("Properties", {}).get(name) for declaration in declarations)
        changed = sorted({one for one, _ in mentions(now) if self._parameter_changes(one)})
        for parameter in changed:
            yield {"Evaluation": "Static", "ChangeSource": "ParameterReference", "CausingEntity": parameter}
        if changed or before != now:  # that the text too may have changed is said of every property with a parameter
            yield {**_DIRECT, "Evaluation": "Dynamic" if changed else "Static"}

    def _parameter_changes(self, name: str) -> bool:
        return name in self.scope.template.parameters and self.values.get(name) != self.scope.values.get(name)

    def _consequences(self, node: Any) -> Iterator[Detail]:
        """Yield what follows from changes of other resources: another id, and attributes, which may be others."""
        for name, attribute in sorted(set(mentions(node))):
            replaced = self._replaced.get(name)
            if replaced is not None and (attribute or replaced != "False"):
                yield {
                    "Evaluation": "Static" if replaced == "True" else "Dynamic",
                    "ChangeSource": "ResourceAttribute" if attribute else "ResourceReference",
                    "CausingEntity": f"{name}.{attribute}" if attribute else name,
                }

    def _value(self, declared: Any) -> Any:
        try:
            return evaluate(declared, self.scope)
        except REFUSALS:
            return _UNRESOLVED

    def _changed_attributes(self, logical_id: str) -> list[str]:
        before, now = self.declared.get(logical_id, {}), self._now(logical_id)
        return [name for name in _ATTRIBUTES if before.get(name) != now.get(name)]

    def _now(self, logical_id: str) -> Mapping[str, Any]:
        resource: Mapping[str, Any] = self.scope.template.resources[logical_id]
        return resource


def _context(declaration: Mapping[str, Any], properties: Any) -> Mapping[str, Any]:
    attributes = {name: declaration[name] for name in _ATTRIBUTES if name in declaration}
    return {"Properties": properties, **attributes}


def _told(before: Any, after: Any) -> Detail:
    """Return a property's values as a change set tells them: composite ones as JSON, cut short where they are long."""
    kind = "Add" if before is NO_VALUE else "Remove" if after is NO_VALUE else "Modify"
    values = {"BeforeValue": before, "AfterValue": after}
    return {**{name: _text(one) for name, one in values.items() if one is not NO_VALUE}, "AttributeChangeType": kind}


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"(Truncated-Signature):{digest}" if len(text) > _LONGEST_VALUE else text


_DIRECT: Detail = {"Evaluation": "Static", "ChangeSource": "DirectModification"}


def _certain(detail: Detail) -> Recreation:
    """Return what one change means for its resource: one that may not happen replaces it conditionally."""
    requires: Recreation = detail["Target"]["RequiresRecreation"]
    sole = detail["ChangeSource"] in ("ResourceAttribute", "ResourceReference")
    return "Conditionally" if requires == "Always" and sole and detail["Evaluation"] == "Dynamic" else requires
