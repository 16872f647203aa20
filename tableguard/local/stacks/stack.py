"""A stack as moto's CloudFormation keeps and shows it, its resources made by tableguard.local.stacks.types.

Attributes are named as moto's serializer looks for them: DescribeStacks' StackStatusReason is `status_reason`.
Not modelled: the tags of a stack stay on the stack, where CloudFormation passes them on to the resources.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Event
from moto.cloudformation.parsing import Export, generate_resource_name
from moto.cloudformation.utils import generate_stack_id
from moto.core.utils import utcnow
from moto.utilities.utils import get_partition

from tableguard.cloudformation.functions import references
from tableguard.cloudformation.parameters import parameter_values
from tableguard.cloudformation.resource_type import Client, Context
from tableguard.cloudformation.scope import Output, StackScope
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.stacks.resources import StackError, StackResources, Told
from tableguard.local.stacks.submission import Submitted
from tableguard.local.stacks.types import ALL

_STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class StackResource:
    """A resource of a stack as DescribeStackResources shows it."""

    stack_id: str
    stack_name: str
    logical_resource_id: str
    physical_resource_id: str
    resource_type: str
    resource_status: str
    timestamp: datetime

    @property
    def cf_resource_type(self) -> str:
        """The type, as ListStackResources asks for it."""
        return self.resource_type

    @property
    def last_updated_timestamp(self) -> datetime:
        """When the status was reached, as DescribeStackResource asks for it."""
        return self.timestamp


class Stack:
    """One stack of an account and region, from its first change set to its deletion."""

    def __init__(self, backend: CloudFormationBackend, name: str) -> None:
        self.backend, self.name = backend, name
        self.stack_id = generate_stack_id(name, backend.region_name, backend.account_id)
        self.resources = StackResources(ALL, self._context, self._event)
        self.submitted: Submitted | None = None
        self.scope: StackScope | None = None
        self.found: tuple[Output, ...] = ()
        self.clients: Clients | None = None
        self.events: list[Event] = []
        self.creation_time = utcnow()
        self.last_updated_time: datetime | None = None
        self.status_reason: str | None = None
        self.enable_termination_protection = False
        self.policy = ""
        self.status = ""
        self._become("REVIEW_IN_PROGRESS", "User Initiated")

    @property
    def template(self) -> str:
        """The template as it was submitted."""
        return self.submitted.text if self.submitted else ""

    @property
    def description(self) -> str | None:
        """What the template says that the stack is for."""
        return self.submitted.template.description if self.submitted else None

    @property
    def tags(self) -> Mapping[str, str]:
        """The stack's own tags."""
        return self.submitted.tags if self.submitted else {}

    @property
    def parameters(self) -> list[dict[str, str]]:
        """Every parameter and its value, hidden where the template asks for it."""
        if self.submitted is None:
            return []
        declared, given = self.submitted.template.parameters, self.submitted.parameters
        return [
            {"ParameterKey": name, "ParameterValue": _shown(each, given.get(name))} for name, each in declared.items()
        ]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs, each with the name under which it is exported."""
        return [
            {
                "OutputKey": output.name,
                "OutputValue": output.value,
                "Description": output.description,
                "ExportName": output.export,
            }
            for output in self.found
        ]

    @property
    def stack_resources(self) -> list[StackResource]:
        """The resources that exist."""
        return [self._described(logical_id) for logical_id in self.resources.existing]

    def scope_of(self, submitted: Submitted) -> StackScope:
        """The names of a template that is submitted for this stack; EmbeddedError if its parameters are refused."""
        region = self.backend.region_name
        pseudo = {
            "AWS::AccountId": self.backend.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": get_partition(region),
            "AWS::Region": region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        values = pseudo | parameter_values(submitted.template, submitted.parameters)
        return StackScope(submitted.template, values, self.resources.handle, self._exported, self._zones)

    def changes(self, submitted: Submitted) -> Iterator[dict[str, Any]]:
        """What becoming as submitted means for each resource, in the words of DescribeChangeSet."""
        existing, wanted = self.resources.existing, self.scope_of(submitted).included()
        for logical_id in (*wanted, *(name for name in reversed(tuple(existing)) if name not in wanted)):
            known = ALL[submitted.template.resources[logical_id]["Type"]] if logical_id in wanted else None
            action = "Remove" if known is None else "Modify" if logical_id in existing else "Add"
            if action != "Modify" or self._differs(submitted, logical_id):
                change = {"Action": action, "LogicalResourceId": logical_id}
                if logical_id in existing:
                    change["PhysicalResourceId"] = existing[logical_id].handle.physical_id
                if action == "Modify":
                    change["Replacement"] = "False" if known and known.update else "True"
                yield {**change, "ResourceType": known.name if known else existing[logical_id].type.name}

    def create(self, submitted: Submitted, clients: Clients) -> None:
        """Make the stack; where a resource fails, everything made so far is removed, and the reason is told."""
        self.submitted = submitted
        self._bring_about("CREATE", submitted, clients)

    def update(self, submitted: Submitted, clients: Clients) -> None:
        """Change the stack; where a resource fails, it becomes again what it was, and the reason is told."""
        self.last_updated_time = utcnow()
        self._bring_about("UPDATE", submitted, clients)

    def delete(self, clients: Clients) -> None:
        """Remove the resources, except those to be retained; EmbeddedError says why the stack has to stay."""
        self._check_deletion()
        self.clients = clients
        self._become("DELETE_IN_PROGRESS", "User Initiated")
        try:
            self.resources.remove(tuple(self.resources.existing))
        except StackError as error:
            self._become("DELETE_FAILED", str(error))
            return
        self._export(())
        self._become("DELETE_COMPLETE")

    def _bring_about(self, verb: str, submitted: Submitted, clients: Clients) -> None:
        self.clients = clients
        scope, rollback = self.scope_of(submitted), "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
        self._become(f"{verb}_IN_PROGRESS", "User Initiated")
        outputs: list[Output] = []
        try:
            self.resources.bring_about(
                scope,
                finish=lambda: outputs.extend(self._checked_outputs(scope)),
                give_up=lambda reason: self._become(f"{rollback}_IN_PROGRESS", reason),
            )
        except StackError as error:
            self._become(f"{rollback}_{'COMPLETE' if error.undone else 'FAILED'}", str(error))
            return
        self.submitted, self.scope = submitted, scope
        self._export(tuple(outputs))
        self._become(f"{verb}_COMPLETE", self._clean_up(scope))

    def _clean_up(self, scope: StackScope) -> str | None:
        """Remove what the template no longer has; what cannot be removed is left to itself, as on AWS."""
        gone = [name for name in self.resources.existing if name not in scope.included()]
        try:
            self.resources.remove(gone)
        except StackError as error:
            self.resources.abandon(gone)
            return str(error)
        return None

    def _checked_outputs(self, scope: StackScope) -> tuple[Output, ...]:
        outputs = tuple(scope.outputs())
        exported = {output.export: output.value for output in outputs if output.export}
        for name in exported:
            owner = self.backend.exports.get(name)
            if owner is not None and owner.exporting_stack_id != self.stack_id:
                raise EmbeddedError(f"Export with name {name} is already exported by stack {_name(owner)}")
        for output in self.found:
            if output.export and exported.get(output.export) != output.value:
                self._check_unused(output.export, "updated")
        return outputs

    def _check_deletion(self) -> None:
        if self.enable_termination_protection:
            raise EmbeddedError(f"Stack [{self.name}] cannot be deleted while TerminationProtection is enabled")
        for output in self.found:
            if output.export:
                self._check_unused(output.export, "deleted")

    def _check_unused(self, export: str, verb: str) -> None:
        others: list[Any] = list(self.backend.stacks.values())
        users = sorted(each.name for each in others if each is not self and each.scope and export in each.scope.imports)
        if users:
            raise EmbeddedError(f"Export {export} cannot be {verb} as it is in use by {', '.join(users)}")

    def _export(self, outputs: tuple[Output, ...]) -> None:
        for output in self.found:
            self.backend.exports.pop(output.export or "", None)
        for output in outputs:
            if output.export:
                self.backend.exports[output.export] = Export(self.stack_id, output.export, output.value)
        self.found = outputs

    def _exported(self, name: str) -> Any | None:
        export = self.backend.exports.get(name)
        return export.value if export else None

    def _zones(self, region: str) -> list[str]:
        found = self._client("ec2", region).describe_availability_zones()["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in found)

    def _client(self, service: str, region: str | None = None) -> Client:
        """A client that acts as whoever asked for what is being done to the stack."""
        if self.clients is None:
            raise EmbeddedError(f"stack {self.name}: nobody has asked for anything yet")
        return self.clients(service, self.backend.account_id, region or self.backend.region_name)

    def _context(self, logical_id: str, type_name: str) -> Context:
        return Context(
            account_id=self.backend.account_id,
            region=self.backend.region_name,
            stack_name=self.name,
            logical_id=logical_id,
            client=self._client,
            generated_name=generate_resource_name(type_name, self.name, logical_id),
        )

    def _differs(self, submitted: Submitted, logical_id: str) -> bool:
        if self.submitted is None:
            return True
        before, now = (each.template.resources.get(logical_id) for each in (self.submitted, submitted))
        names = self.submitted.parameters.keys() | submitted.parameters.keys()
        changed = {name for name in names if self.submitted.parameters.get(name) != submitted.parameters.get(name)}
        return before != now or bool(changed & set(references((now or {}).get("Properties"))))

    def _become(self, status: str, reason: str | None = None) -> None:
        self.status, self.status_reason = status, reason
        self._event(Told(self.name, _STACK_TYPE, self.stack_id, status, reason))

    def _event(self, told: Told) -> None:
        self.events.append(
            Event(
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_resource_id=told.logical_id,
                physical_resource_id=told.physical_id,
                resource_type=told.type,
                resource_status=told.status,
                resource_status_reason=told.reason,
                resource_properties=None,
            )
        )

    def _described(self, logical_id: str) -> StackResource:
        resource = self.resources.existing[logical_id]
        last = next(event for event in reversed(self.events) if event.logical_resource_id == logical_id)
        return StackResource(
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=logical_id,
            physical_resource_id=resource.handle.physical_id,
            resource_type=resource.type.name,
            resource_status=last.resource_status,
            timestamp=last.timestamp,
        )


def _shown(declared: Mapping[str, Any], given: str | None) -> str:
    if str(declared.get("NoEcho", False)).lower() == "true":
        return "****"
    return str(declared.get("Default", "")) if given is None else given


def _name(export: Export) -> str:
    return export.exporting_stack_id.split("/")[1]
