"""Imports: which existing resources a change set brings into a stack, and what CloudFormation refuses beforehand.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.cloudformation.responses import CloudFormationResponse

from tableguard.aws.cloudformation_handlers import handlers
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.existing import FINDERS
from tableguard.local.stacks.submission import Submission

Identifiers = Mapping[str, str]  # logical id -> the value by which the resource is found


def read_identifiers(handler: CloudFormationResponse, submission: Submission) -> Identifiers:
    """Return the resources of a request's ResourcesToImport; EmbeddedError if one cannot be imported as named."""
    targets = handler._get_param("ResourcesToImport", [])
    if not targets:
        raise EmbeddedError("Resources to import must be specified for an IMPORT change set")
    return {target["LogicalResourceId"]: _identifier(target, submission) for target in targets}


def _identifier(target: Mapping[str, Any], submission: Submission) -> str:
    logical_id, type_name = target["LogicalResourceId"], target["ResourceType"]
    declared = submission.template.resources.get(logical_id)
    if declared is None or declared["Type"] != type_name:
        raise EmbeddedError(f"Resource {logical_id} of type {type_name} to import is not in the template")
    registered = handlers(type_name)
    if registered is None or not registered.identifier:
        raise EmbeddedError(f"ResourceTypes [{type_name}] are not supported for Import")
    if type_name not in FINDERS:
        raise EmbeddedError(f"importing {type_name} is not modelled")
    identifier = target["ResourceIdentifier"]
    if tuple(identifier) != registered.identifier:
        raise EmbeddedError(f"{logical_id}: {', '.join(identifier)} is no identifier of {type_name}")
    return "|".join(str(identifier[name]) for name in registered.identifier)


def check(submission: Submission, before: Submission | None, identifiers: Identifiers) -> None:
    """Refuse an import that changes anything else; EmbeddedError in AWS's words, as far as these are known."""
    template = submission.template
    without_policy = [name for name in identifiers if "DeletionPolicy" not in template.resources[name]]
    if without_policy:
        raise EmbeddedError(
            f"The following resources to import [{', '.join(sorted(without_policy))}] must have DeletionPolicy "
            "attribute specified in the template."
        )
    earlier = before.template.resources if before else {}
    others = {name: one for name, one in template.resources.items() if name not in identifiers}
    new = sorted(others.keys() - earlier.keys())
    if new:
        raise EmbeddedError(f"Resources [{', '.join(new)}] is missing from ResourceToImport list")
    repeated = sorted(identifiers.keys() & earlier.keys())
    if repeated:
        raise EmbeddedError(f"Resources [{', '.join(repeated)}] passed in ResourceToImport are already in the stack")
    changed = list(_changed(template.document, before.template.document if before else {}))
    if others != earlier or changed:
        words = ["Resources"] * (others != earlier) + changed
        raise EmbeddedError(f"As part of the import operation, you cannot modify or add [{', '.join(words)}]")


def _changed(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    yield from (section for section in ("Conditions", "Outputs") if now.get(section, {}) != before.get(section, {}))


def marked(changes: Iterable[Mapping[str, Any]], identifiers: Identifiers) -> list[dict[str, Any]]:
    """Return the changes of a change set, those of resources to import as what they are."""
    return [
        {**change, "Action": "Import", "PhysicalResourceId": identifiers[change["LogicalResourceId"]]}
        if change["LogicalResourceId"] in identifiers
        else dict(change)
        for change in changes
    ]
