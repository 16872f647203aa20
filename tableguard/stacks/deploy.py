"""Rendered stacks -> an account, in order, through change sets; one code for AWS and the embedded AWS."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError, WaiterError

from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import package
from tableguard.stacks.registry import Principal, Stack, chosen
from tableguard.stacks.render import render

Session = Any  # boto3.Session, whose clients botocore makes at run time
Outcome = Literal["created", "updated", "unchanged"]

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# AWS's own words for a change set without changes; there is no error code for it
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    """One line of a change set: what CloudFormation will do to one resource."""

    action: str
    logical_id: str
    resource_type: str
    replacement: bool


@dataclass(frozen=True)
class Deployment:
    """What became of one stack."""

    stack: str
    stack_name: str
    outcome: Outcome
    changes: tuple[Change, ...]
    seconds: float


@dataclass(frozen=True)
class Waiting:
    """How patiently CloudFormation is asked: seconds between two questions, and how many."""

    delay: float = 5.0
    attempts: int = 720

    @property
    def config(self) -> dict[str, float]:
        """As botocore's waiters take it."""
        return {"Delay": self.delay, "MaxAttempts": self.attempts}


def deploy(
    settings: Settings,
    session: Callable[[Principal], Session],
    waiting: Waiting,
    approve: Callable[[Stack, tuple[Change, ...]], bool],
    stacks: tuple[Stack, ...] | None = None,
) -> Iterator[Deployment]:
    """Deploy stacks in order, yielding each outcome as it is known; DeployError stops at the first failure.

    `session` answers with the boto3 session of a principal; it is asked when the first of its stacks comes up,
    because the deployer's role is itself made by a stack. `approve` sees the changes before they are made.
    """
    wanted = chosen(settings) if stacks is None else stacks
    rendered = render(settings, wanted)
    for stack in wanted:
        yield _Deployer(settings, session(stack.principal), waiting).deploy(stack, rendered[stack.name], approve)


class _Deployer:
    """One stack's way through CloudFormation with one session."""

    def __init__(self, settings: Settings, session: Session, waiting: Waiting) -> None:
        self.settings, self.session, self.waiting = settings, session, waiting
        self.cloudformation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name=self.settings.home_region)

    def deploy(self, stack: Stack, template: str, approve: Callable[[Stack, tuple[Change, ...]], bool]) -> Deployment:
        started = time.perf_counter()
        name = self.settings.stack_name(stack.name)
        exists = self.exists(name)
        change_set = self.change_set(name, template, "UPDATE" if exists else "CREATE")
        changes = self.changes(change_set)
        outcome: Outcome = "unchanged"
        if changes is not None:
            if not approve(stack, changes):
                self.cloudformation.delete_change_set(ChangeSetName=change_set)
                raise DeployError(f"stack {name}: changes were not approved; nothing was changed")
            self.execute(name, change_set, exists)
            outcome = "updated" if exists else "created"
        self.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
        return Deployment(stack.name, name, outcome, changes or (), time.perf_counter() - started)

    def exists(self, name: str) -> bool:
        """Whether the stack has resources; one that only ever had a change set counts as new."""
        try:
            (stack,) = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return False
            raise DeployError(f"stack {name}: {error}") from error
        status = stack["StackStatus"]
        if status.startswith(("ROLLBACK_", "DELETE_")) or status in ("CREATE_FAILED",):
            raise DeployError(
                f"stack {name}: is {status} from an earlier attempt; delete it and deploy again: "
                f"aws cloudformation delete-stack --stack-name {name}"
            )
        return bool(status != "REVIEW_IN_PROGRESS")

    def change_set(self, name: str, template: str, kind: str) -> str:
        document = cloudformation_yaml.load(template)
        try:
            found = self.cloudformation.create_change_set(
                StackName=name,
                ChangeSetName=f"tableguard-{hashlib.sha256(template.encode()).hexdigest()[:16]}",
                ChangeSetType=kind,
                Capabilities=_CAPABILITIES,
                Parameters=self.parameters(name, document.get("Parameters", {})),
                Tags=[{"Key": "Application", "Value": self.settings.name}],
                **self.template_argument(name, template),
            )
        except ClientError as error:
            raise DeployError(f"stack {name}: CloudFormation refused the template: {error}") from error
        return str(found["Id"])

    def template_argument(self, name: str, template: str) -> dict[str, str]:
        body = template.encode()
        if len(body) <= TEMPLATE_BODY_BYTES:
            return {"TemplateBody": template}
        key = f"templates/{name}/{hashlib.sha256(body).hexdigest()}.yaml"
        self.upload(key, body)
        return {
            "TemplateURL": f"https://{self.settings.artifact_bucket}.s3.{self.settings.home_region}.amazonaws.com/{key}"
        }

    def parameters(self, name: str, declared: Mapping[str, Any]) -> list[dict[str, str]]:
        """Values for the template's parameters that have no default; each has its one source here."""
        found = []
        for parameter in sorted(key for key, value in declared.items() if "Default" not in value):
            source = _PARAMETERS.get(parameter)
            if source is None:
                raise DeployError(f"stack {name}: no value for its parameter {parameter}")
            found.append({"ParameterKey": parameter, "ParameterValue": source(self)})
        return found

    def upload(self, key: str, body: bytes) -> None:
        bucket = self.settings.artifact_bucket
        try:
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ServerSideEncryption="aws:kms")
        except ClientError as error:
            raise DeployError(
                f"bucket {bucket}: {error}; it must exist and the deployer must be able to write to it "
                "(settings: buckets.artifacts)"
            ) from error

    def changes(self, change_set: str) -> tuple[Change, ...] | None:
        """The changes that the set would make, or None if there are none."""
        try:
            self.cloudformation.get_waiter("change_set_create_complete").wait(
                ChangeSetName=change_set, WaiterConfig=self.waiting.config
            )
        except WaiterError as error:
            reason = str(error.last_response.get("StatusReason", error))
            self.cloudformation.delete_change_set(ChangeSetName=change_set)
            if any(words in reason for words in _NO_CHANGES):
                return None
            raise DeployError(f"change set {change_set}: {reason}") from error
        pages = self.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        found = [change["ResourceChange"] for page in pages for change in page["Changes"]]
        return tuple(
            Change(c["Action"], c["LogicalResourceId"], c["ResourceType"], c.get("Replacement") == "True")
            for c in found
        )

    def execute(self, name: str, change_set: str, exists: bool) -> None:
        try:
            self.cloudformation.execute_change_set(ChangeSetName=change_set)
            self.cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete").wait(
                StackName=name, WaiterConfig=self.waiting.config
            )
        except (ClientError, WaiterError) as error:
            raise DeployError(f"stack {name}: {self.failure(name) or error}") from error

    def failure(self, name: str) -> str:
        """The first failure among the stack's events: the later ones are its consequences."""
        try:
            pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
            events = [event for page in pages for event in page["StackEvents"]]
        except ClientError:
            return ""
        failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        if not failed:
            return ""
        first = min(failed, key=lambda event: event["Timestamp"])
        reason = first.get("ResourceStatusReason", "no reason given")
        return f"{first['LogicalResourceId']} ({first['ResourceType']}): {reason}"

    def code_key(self) -> str:
        """The function's package, uploaded under its own hash so that another package is another key."""
        body = package.build()
        key = package.code_key(body)
        self.upload(key, body)
        return key

    def dynamodb_prefix_list(self) -> str:
        """The prefix list of DynamoDB's addresses in this region: what the function's security group lets out."""
        name = f"com.amazonaws.{self.settings.home_region}.dynamodb"
        found = self.client("ec2").describe_managed_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [name]}]
        )["PrefixLists"]
        if len(found) != 1:
            raise DeployError(f"prefix list {name}: {len(found)} found in {self.settings.home_region}, 1 expected")
        return str(found[0]["PrefixListId"])


_PARAMETERS: Mapping[str, Callable[[_Deployer], str]] = {
    "CodeKey": _Deployer.code_key,
    "DynamoDbPrefixListId": _Deployer.dynamodb_prefix_list,
}
