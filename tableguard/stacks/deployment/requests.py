"""Requests for change sets: the template, where it goes if it is large, and the values of its parameters."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.errors import DeployError
from tableguard.partitions import domain
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import change_set, package
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet

Session = Any  # boto3.Session, whose clients botocore makes at run time


@dataclass(frozen=True)
class ChangeSetRequests:
    """Makes the change sets of stacks with one session."""

    settings: Settings
    session: Session
    interval: PollInterval

    def client(self, service: str) -> Any:
        """Return a client of the home Region."""
        return self.session.client(service, region_name=self.settings.home_region)

    def change_set(
        self, name: str, template: str, kind: str, **request: Any
    ) -> AbstractContextManager[PreparedChangeSet]:
        """Make the change set of a template for a stack; after its block it is gone, executed or not."""
        return change_set.created(
            self.client("cloudformation"),
            name,
            template,
            self.interval,
            ChangeSetType=kind,
            Parameters=self.parameters(name, document(template).get("Parameters", {})),
            Tags=[{"Key": "Application", "Value": self.settings.name}],
            **self.template_argument(name, template),
            **request,
        )

    def template_argument(self, name: str, template: str) -> dict[str, str]:
        """Return the template in the request where it fits, as YAML or as JSON, else where it was uploaded.

        Management may not write to the artifact bucket, which is of the workload's account.
        """
        for text in (template, compact(template)):
            if len(text.encode()) <= TEMPLATE_BODY_BYTES:
                return {"TemplateBody": text}
        body = template.encode()
        key = f"templates/{name}/{hashlib.sha256(body).hexdigest()}.yaml"
        self.upload(key, body)
        host = f"s3.{self.settings.home_region}.{domain(self.settings.partition)}"
        return {"TemplateURL": f"https://{self.settings.artifact_bucket}.{host}/{key}"}

    def parameters(self, name: str, declared: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return values for the template's parameters that have no default; each has its one source here."""
        sources = {"CodeKey": self.code_key, "DynamoDbPrefixListId": self.dynamodb_prefix_list}
        required = sorted(key for key, value in declared.items() if "Default" not in value)
        for parameter in required:
            if parameter not in sources:
                raise DeployError(f"stack {name}: no value for its parameter {parameter}")
        return [{"ParameterKey": parameter, "ParameterValue": sources[parameter]()} for parameter in required]

    def upload(self, key: str, body: bytes) -> None:
        """Put an object into the artifact bucket; DeployError if that is refused."""
        bucket = self.settings.artifact_bucket
        try:
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ServerSideEncryption="aws:kms")
        except ClientError as error:
            raise DeployError(
                f"bucket {bucket}: {error}; it must exist and the deployer must be able to write to it "
                "(settings: buckets.artifacts)"
            ) from error

    def code_key(self) -> str:
        """Upload the function's package and return its key, which has its hash: another package is another key."""
        body = package.build()
        key = package.code_key(body)
        self.upload(key, body)
        return key

    def dynamodb_prefix_list(self) -> str:
        """Return the prefix list of DynamoDB's addresses in this region, to which the function's requests may go."""
        name = f"com.amazonaws.{self.settings.home_region}.dynamodb"
        lists = self.client("ec2").describe_managed_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [name]}]
        )["PrefixLists"]
        if len(lists) != 1:
            raise DeployError(f"prefix list {name}: {len(lists)} found in {self.settings.home_region}, 1 expected")
        return str(lists[0]["PrefixListId"])


@lru_cache(maxsize=32)
def compact(template: str) -> str:
    """Return a template as JSON without blanks."""
    return json.dumps(document(template), separators=(",", ":"))


@lru_cache(maxsize=32)
def document(template: str) -> Mapping[str, Any]:
    """Return a template's document; reading the larger ones takes a third of a second."""
    read: Mapping[str, Any] = cloudformation_yaml.load(template)
    return read
