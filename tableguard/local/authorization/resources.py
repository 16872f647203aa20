"""Finds the ARNs that an operation acts on, by its parameters and the ARN formats of AWS's reference."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.config.models import config_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from tableguard.aws.arn import parse
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import ApiCall
from tableguard.local.moto.sqs import owner_of
from tableguard.policy import service_reference
from tableguard.policy.service_reference import Action

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# (service, variable of an ARN format) -> the parameters that hold its value
_VARIABLES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("backup", "BackupPlanId"): ("BackupPlanId",),
    ("backup", "BackupVaultName"): ("BackupVaultName",),
    ("cloudtrail", "TrailName"): ("Name", "TrailName"),
    ("cloudwatch", "AlarmName"): ("AlarmName", "AlarmNames"),
    ("cloudwatch", "DashboardName"): ("DashboardName", "DashboardNames"),
    ("cognito-identity", "IdentityPoolId"): ("IdentityPoolId",),
    ("cognito-idp", "UserPoolId"): ("UserPoolId",),
    ("dax", "ClusterName"): ("ClusterName", "ClusterNames"),
    ("dynamodb", "GlobalTableName"): ("GlobalTableName",),
    ("dynamodb", "TableName"): (
        "TableName",
        "GlobalTableName",
        "SourceTableName",
        "TargetTableName",
        "TableCreationParameters.TableName",
    ),
    ("events", "RuleName"): ("Name", "Rule"),
    ("iam", "GroupNameWithPath"): ("GroupName",),
    ("iam", "InstanceProfileNameWithPath"): ("InstanceProfileName",),
    ("iam", "MfaTokenIdWithPath"): ("VirtualMFADeviceName",),
    ("iam", "PolicyNameWithPath"): ("PolicyName",),
    ("iam", "RoleNameWithPath"): ("RoleName",),
    ("iam", "SamlProviderName"): ("Name",),
    ("iam", "UserNameWithPath"): ("UserName",),
    ("lambda", "UUID"): ("UUID",),
    ("logs", "LogGroupName"): ("logGroupName", "logGroupIdentifier"),
    ("logs", "LogStreamName"): ("logStreamName",),
    ("s3", "BucketName"): ("Bucket",),
    ("s3", "ObjectName"): ("Key",),
    ("sns", "TopicName"): ("Name",),
    ("sqs", "QueueName"): ("QueueName", "QueueUrl"),
}
# types of which an account has one resource, or whose ids no request names: all of them are meant
_SINGLETONS: Mapping[tuple[str, str], str] = {
    ("account", "account"): "arn:{partition}:account::{account}:account",
    ("application-autoscaling", "ScalableTarget"): (
        "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/*"
    ),
}
# types whose ids AWS assigns on creation: a request that creates one may create any
_IDS_BY_AWS = frozenset(
    {
        ("backup", "backupPlan"),
        ("cognito-identity", "identitypool"),
        ("kms", "key"),
        ("organizations", "account"),
        ("organizations", "organizationalunit"),
        ("organizations", "policy"),
    }
)
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html: ids begin with their type
_EC2 = {
    "acl": "network-acl",
    "cgw": "customer-gateway",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pl": "prefix-list",
    "rtb": "route-table",
    "rtbassoc": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vgw": "vpn-gateway",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}
_EC2_ID = re.compile(r"([a-z]+)-[0-9a-z]+")
_EC2_CREATED = {
    "AllocateAddress": "elastic-ip",
    "CreateCustomerGateway": "customer-gateway",
    "CreateDhcpOptions": "dhcp-options",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkAcl": "network-acl",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateVpnConnection": "vpn-connection",
    "CreateVpnGateway": "vpn-gateway",
}


def resources_of(call: ApiCall, action: Action, main: Action | None = None) -> tuple[str, ...]:
    """Return the resources that an action of a call acts on; EmbeddedError if it must name one and names none.

    They are `*` for an action without resources, and for one that needs none where the parameters name none.
    With `main`, the action accompanies that one and acts on the same resources, as tagging what is created does.
    """
    if main is not None:
        shared = tuple(kind for kind in action.resources if kind in main.resources or not main.resources)
        action = replace(action, resources=shared)
    if not action.resources:
        return ("*",)
    special = _SPECIAL.get(action.service)
    arns = tuple(dict.fromkeys(special(call, action) if special else _by_arn_format(call, action)))
    if arns:
        return arns
    reads = action.level in ("List", "Read")  # of any resource, where none is named
    creates = call.operation.startswith(("Create", "Register"))
    kinds = [kind for kind in action.resources if reads or (creates and (action.service, kind) in _IDS_BY_AWS)]
    if not kinds and action.needs_no_resource and not _names_anything(call):
        return ("*",)
    if not kinds:
        raise EmbeddedError(f"{action}: its parameters name no {' or '.join(action.resources)} that is known of")
    return tuple(_fill(_format(action.service, kind), _pseudo_parameters(call)) for kind in kinds)


def _names_anything(call: ApiCall) -> bool:
    """Return True if a parameter is an ARN or an id of EC2, which then names a resource of a kind not known here."""
    return any(text.startswith("arn:") or _EC2_ID.fullmatch(text) for text in _texts(call.parameters))


def _pseudo_parameters(call: ApiCall) -> dict[str, str]:
    return {"Partition": call.partition, "Region": call.region, "Account": call.account}


def _by_arn_format(call: ApiCall, action: Action) -> Iterator[str]:
    for kind in action.resources:
        if (action.service, kind) in _SINGLETONS:
            yield _SINGLETONS[action.service, kind].format(
                partition=call.partition, account=call.account, region=call.region
            )
            continue
        arn_format = _format(action.service, kind)
        yield from (value for value in _texts(call.parameters) if _pattern(arn_format).fullmatch(value))
        yield from _arns_from_parameters(call, action.service, arn_format)


def _format(service: str, kind: str) -> str:
    return service_reference.load().arn_formats[service][kind]


@lru_cache(maxsize=1024)
def _pattern(arn_format: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, _VARIABLE.split(arn_format)[::2])))


def _texts(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts at the top of parameters; those inside structures, such as a policy's ARNs, are not meant."""
    for value in parameters.values():
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))


def _arns_from_parameters(call: ApiCall, service: str, arn_format: str) -> Iterator[str]:
    """Yield an ARN for each combination of its variables' values; none if the parameters lack a value for one."""
    names = _VARIABLE.findall(arn_format)
    combinations = [_pseudo_parameters(call)]
    for name in names:
        if name not in combinations[0]:
            values = tuple(_values(call, service, name))
            combinations = [{**earlier, name: value} for earlier in combinations for value in values]
            if not combinations:
                return
    yield from (_fill(arn_format, combination) for combination in combinations)


def _fill(arn_format: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda variable: values.get(variable[1], "*"), arn_format)


def _values(call: ApiCall, service: str, variable: str) -> Iterator[str]:
    for path in _VARIABLES.get((service, variable), ()):
        value = call.value(path)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and not item.startswith("arn:"):
                yield item.rsplit("/", 1)[-1] if path == "QueueUrl" else item


def _of_ec2(call: ApiCall, action: Action) -> Iterator[str]:
    for text in _deep_texts(call.parameters):
        match = _EC2_ID.fullmatch(text)
        kind = _EC2.get(match[1]) if match else None
        if kind in action.resources:
            owner = "aws" if kind == "prefix-list" else call.account
            yield f"arn:{call.partition}:ec2:{call.region}:{owner}:{kind}/{_of_association(call, text)}"
    created = _EC2_CREATED.get(call.operation)
    if created in action.resources:
        yield call.arn(f"{created}/*")


def _of_association(call: ApiCall, resource_id: str) -> str:
    """Return the route table of an association, which has no ARN of its own; any other id as it is."""
    tables = ec2_backends[call.account][call.region].route_tables if resource_id.startswith("rtbassoc-") else {}
    return next((table for table, one in tables.items() if resource_id in one._associations), resource_id)


def _deep_texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _deep_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _deep_texts(value)
    elif isinstance(node, str):
        yield node


def _of_lambda(call: ApiCall, action: Action) -> Iterator[str]:
    name = call.value("FunctionName")
    if name and any(kind.startswith("function") for kind in action.resources):
        # name, account:function:name, or an ARN, each perhaps with a version: the name follows `function:`
        yield call.arn(f"function:{name.rpartition('function:')[2]}")
    yield from _by_arn_format(call, action)


def _of_kms(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield keys by id, ARN or alias, and for operations on aliases the alias itself."""
    for parameter in ("KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId"):
        named = call.value(parameter)
        if named and "key" in action.resources:
            # an ARN may be of another account's key
            yield named if ":key/" in named else call.arn(f"key/{key_id(call, named)}")
    ciphertext = call.value("CiphertextBlob")
    if ciphertext and not call.value("KeyId") and not call.value("SourceKeyId"):
        # a ciphertext names its key itself, in moto with its first 36 bytes
        yield call.arn(f"key/{ciphertext[:36].decode(errors='replace')}")
    alias = call.value("AliasName")
    if alias and "alias" in action.resources:
        yield call.arn(alias)
    if alias and action.name in ("DeleteAlias", "UpdateAlias"):
        yield call.arn(f"key/{key_id(call, alias)}")


def key_id(call: ApiCall, named: str) -> str:
    """Return the id of a key that is named by id, ARN or alias; the name itself if no key has such an alias."""
    alias = named.rpartition(":")[2]
    if alias.startswith("alias/"):
        keys = list(kms_backends[call.account][call.region].keys.values())
        return next((key.id for key in keys if alias in key.aliases), alias)
    return named.rpartition("/")[2]


def _of_cloudformation(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield stacks by name or id, or by a change set's ARN; one that does not exist has no id yet."""
    backend = cloudformation_backends[call.account][call.region]
    named, change_set = call.value("StackName"), call.value("ChangeSetName") or ""
    if change_set.startswith("arn:") and change_set in backend.change_sets:
        yield backend.change_sets[change_set].stack.stack_id
    elif named and named.startswith("arn:"):
        yield named
    elif named:
        ids = [stack.stack_id for stack in list(backend.stacks.values()) if stack.name == named]
        yield ids[0] if ids else call.arn(f"stack/{named}/*")


def _of_events(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield the rules, with their bus unless it is the default one, or the buses that a call names."""
    kinds = {kind.partition("-on-")[0] for kind in action.resources}  # rule, event-bus, ...
    arns = (value for value in _texts(call.parameters) if value.startswith(f"arn:{call.partition}:events:"))
    yield from (value for value in arns if str(value.split(":", 5)[5]).partition("/")[0] in kinds)
    if "rule" in kinds:
        yield from _rules(call)
    elif kinds <= {"event-bus", "event-busv2"}:
        yield from _buses(call)


def _rules(call: ApiCall) -> Iterator[str]:
    bus = call.value("EventBusName") or "default"
    within = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    for name in _values(call, "events", "RuleName"):
        yield call.arn(f"rule/{within}{name}")


def _buses(call: ApiCall) -> Iterator[str]:
    """Yield the buses of a call, or of each entry of PutEvents; the default one where none is named."""
    for entry in call.value("Entries") or [call.parameters]:
        bus = str(entry.get("EventBusName") or entry.get("Name") or "default")
        yield call.arn(f"event-bus/{bus.rpartition('/')[2]}")


def _of_iam(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield IAM's resources by name, with the path that they have or are to have."""
    backend = iam_backends[call.account][call.partition]
    for arn in filter(None, map(parse, _by_arn_format(call, action))):
        kind, _, name = arn.resource.partition("/")
        entities: Any = {"role": backend.roles, "user": backend.users}.get(kind, {})
        paths = (entity.path for entity in list(entities.values()) if entity.name == name)
        path = next(paths, call.value("Path") or "/")
        yield str(arn) if "/" in name else f"arn:{call.partition}:iam::{call.account}:{kind}{path}{name}"


def _of_config(call: ApiCall, action: Action) -> Iterator[str]:
    rules = config_backends[call.account][call.region].config_rules
    if "ConfigRule" in action.resources:
        named = call.value("ConfigRuleName") or call.value("ConfigRule.ConfigRuleName")
        names = [named] if named else call.value("ConfigRuleNames") or []
        for name in names:
            yield rules[name].config_rule_arn if name in rules else call.arn("config-rule/*")
    if "ConfigurationRecorder" in action.resources:
        names = [call.value("ConfigurationRecorder.name"), call.value("ConfigurationRecorderName")]
        yield from (call.arn(f"configuration-recorder/{name}/*") for name in names if name)
    yield from _by_arn_format(call, action)


def _of_organizations(call: ApiCall, action: Action) -> Iterator[str]:
    current = organization()
    if current is not None and current.id:
        things = (*current.backend.policies, *current.backend.ou, *current.backend.accounts)
        arns = {thing.id: thing.arn for thing in things}
        yield from (arns[value] for value in _texts(call.parameters) if value in arns)
    handshake = call.value("HandshakeId")
    if handshake and "handshake" in action.resources:
        # of the organization that invites, which no parameter names
        yield f"arn:{call.partition}:organizations::*:handshake/o-*/*/{handshake}"


def _of_dynamodb(call: ApiCall, action: Action) -> Iterator[str]:
    if call.value("ShardIterator"):
        yield str(call.value("ShardIterator")).partition("|")[0]  # moto begins them with the ARN of the stream
    else:
        yield from _by_arn_format(call, action)


def _of_s3(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield the objects that an action on objects names, otherwise the bucket."""
    bucket = call.value("Bucket")
    keys = [element["Key"] for element in call.value("Delete.Objects") or []] or [call.value("Key")]
    if "object" in action.resources:
        yield from (f"arn:{call.partition}:s3:::{bucket}/{key}" for key in keys if key)
    elif bucket:
        yield f"arn:{call.partition}:s3:::{bucket}"


def _of_sqs(call: ApiCall, action: Action) -> Iterator[str]:
    """Yield queues by name, or by URL, which names the account that owns the queue."""
    owner = owner_of(call.value("QueueUrl")) or call.account
    yield from _by_arn_format(replace(call, account=owner), action)


def _of_sts(call: ApiCall, action: Action) -> Iterator[str]:
    if "role" in action.resources and call.value("RoleArn"):
        yield str(call.value("RoleArn"))


_SPECIAL: Mapping[str, Callable[[ApiCall, Action], Iterator[str]]] = {
    "cloudformation": _of_cloudformation,
    "config": _of_config,
    "dynamodb": _of_dynamodb,
    "ec2": _of_ec2,
    "events": _of_events,
    "iam": _of_iam,
    "kms": _of_kms,
    "lambda": _of_lambda,
    "organizations": _of_organizations,
    "s3": _of_s3,
    "sqs": _of_sqs,
    "sts": _of_sts,
}
