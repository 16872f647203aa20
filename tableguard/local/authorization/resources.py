"""The ARNs of what an operation acts on, from its parameters and the ARN formats of AWS's reference."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.config.models import config_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from tableguard.errors import EmbeddedError
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import Call
from tableguard.policy import service_reference
from tableguard.policy.service_reference import Action

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# (service, variable of an ARN format) -> the parameters that hold its value
_VARIABLES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("backup", "BackupPlanId"): ("BackupPlanId",),
    ("backup", "BackupVaultName"): ("BackupVaultName",),
    ("cloudtrail", "TrailName"): ("Name", "TrailName"),
    ("cloudwatch", "AlarmName"): ("AlarmName", "AlarmNames"),
    ("cognito-identity", "IdentityPoolId"): ("IdentityPoolId",),
    ("dax", "ClusterName"): ("ClusterName",),
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
    ("iam", "PolicyNameWithPath"): ("PolicyName",),
    ("iam", "RoleNameWithPath"): ("RoleName",),
    ("iam", "UserNameWithPath"): ("UserName",),
    ("lambda", "UUID"): ("UUID",),
    ("logs", "LogGroupName"): ("logGroupName", "logGroupIdentifier"),
    ("logs", "LogStreamName"): ("logStreamName",),
    ("s3", "BucketName"): ("Bucket",),
    ("s3", "ObjectName"): ("Key",),
    ("sns", "TopicName"): ("Name",),
    ("sqs", "QueueName"): ("QueueName", "QueueUrl"),
}
# types of resources that an account has one of, or whose ids no request tells: all of them are meant
_WHOLE: Mapping[tuple[str, str], str] = {
    ("account", "account"): "arn:aws:account::{account}:account",
    ("application-autoscaling", "ScalableTarget"): (
        "arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"
    ),
}
# types whose ids AWS gives when it makes them: until then, any of them is meant
_MADE = frozenset(
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
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "pl": "prefix-list",
    "rtb": "route-table",
    "rtbassoc": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
_EC2_ID = re.compile(r"([a-z]+)-[0-9a-z]+")
_EC2_MADE = {
    "CreateFlowLogs": "vpc-flow-log",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}


def resources(call: Call, action: Action, of: Action | None = None) -> tuple[str, ...]:
    """What an action of the call is done to, `*` if it has no resource; EmbeddedError if nothing tells.

    With `of`, the action is done besides, to what that one is done to: the tags of what is being made.
    """
    if of is not None:
        both = tuple(kind for kind in action.resources if kind in of.resources or not of.resources)
        action = replace(action, resources=both)
    if not action.resources:
        return ("*",)
    special = _SPECIAL.get(action.service)
    found = tuple(dict.fromkeys(special(call, action) if special else _by_reference(call, action)))
    if found:
        return found
    reads = action.level in ("List", "Read")  # of no particular one
    made = call.operation.startswith(("Create", "Register"))
    kinds = [kind for kind in action.resources if reads or (made and (action.service, kind) in _MADE)]
    if not kinds:
        raise EmbeddedError(f"{action}: its parameters name no {' or '.join(action.resources)} that is known of")
    return tuple(_fill(_format(action.service, kind), _here(call)) for kind in kinds)


def _here(call: Call) -> dict[str, str]:
    return {"Partition": "aws", "Region": call.region, "Account": call.account}


def _by_reference(call: Call, action: Action) -> Iterator[str]:
    for kind in action.resources:
        if (action.service, kind) in _WHOLE:
            yield _WHOLE[action.service, kind].format(account=call.account, region=call.region)
            continue
        arn_format = _format(action.service, kind)
        yield from (value for value in _texts(call.parameters) if _pattern(arn_format).fullmatch(value))
        yield from _filled(call, action.service, arn_format)


def _format(service: str, kind: str) -> str:
    return service_reference.load().arn_formats[service][kind]


@lru_cache(maxsize=1024)
def _pattern(arn_format: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, _VARIABLE.split(arn_format)[::2])))


def _texts(parameters: Mapping[str, Any]) -> Iterator[str]:
    """The texts among the parameters themselves, not those within them: a policy's are not the operation's."""
    for value in parameters.values():
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def _filled(call: Call, service: str, arn_format: str) -> Iterator[str]:
    """An ARN for each value of its last variable; none if the parameters lack one of the others."""
    names = _VARIABLE.findall(arn_format)
    given = [_here(call)]
    for name in names:
        if name not in given[0]:
            values = tuple(_values(call, service, name))
            given = [{**each, name: value} for each in given for value in values]
            if not given:
                return
    yield from (_fill(arn_format, each) for each in given)


def _fill(arn_format: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1], "*"), arn_format)


def _values(call: Call, service: str, variable: str) -> Iterator[str]:
    for path in _VARIABLES.get((service, variable), ()):
        found = call.value(path)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, str) and not each.startswith("arn:"):
                yield each.rsplit("/", 1)[-1] if path == "QueueUrl" else each


def _of_ec2(call: Call, action: Action) -> Iterator[str]:
    for each in _deep_texts(call.parameters):
        match = _EC2_ID.fullmatch(each)
        kind = _EC2.get(match[1]) if match else None
        if kind in action.resources:
            owner = "aws" if kind == "prefix-list" else call.account
            yield f"arn:aws:ec2:{call.region}:{owner}:{kind}/{each}"
    made = _EC2_MADE.get(call.operation)
    if made in action.resources:
        yield call.arn(f"{made}/*")


def _deep_texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _deep_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _deep_texts(value)
    elif isinstance(node, str):
        yield node


def _of_lambda(call: Call, action: Action) -> Iterator[str]:
    name = call.value("FunctionName")
    if name and any(kind.startswith("function") for kind in action.resources):
        # name, account:function:name, or an ARN, each perhaps with a version: all say the name after `function:`
        yield call.arn(f"function:{name.rpartition('function:')[2]}")
    yield from _by_reference(call, action)


def _of_kms(call: Call, action: Action) -> Iterator[str]:
    """Keys by id, ARN or alias, and the alias itself for what is done to aliases."""
    for parameter in ("KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId"):
        named = call.value(parameter)
        if named and "key" in action.resources:
            yield call.arn(f"key/{key_id(call, named)}")
    ciphertext = call.value("CiphertextBlob")
    if ciphertext and not call.value("KeyId") and not call.value("SourceKeyId"):
        # a ciphertext names its key itself, in moto with its first 36 bytes
        yield call.arn(f"key/{ciphertext[:36].decode(errors='replace')}")
    alias = call.value("AliasName")
    if alias and "alias" in action.resources:
        yield call.arn(alias)
    if alias and action.name in ("DeleteAlias", "UpdateAlias"):
        yield call.arn(f"key/{key_id(call, alias)}")


def key_id(call: Call, named: str) -> str:
    """The id of a key that is named by id, ARN or alias; as named if nobody has such an alias."""
    alias = named.rpartition(":")[2]
    if alias.startswith("alias/"):
        keys = list(kms_backends[call.account][call.region].keys.values())
        return next((key.id for key in keys if alias in key.aliases), alias)
    return named.rpartition("/")[2]


def _of_cloudformation(call: Call, action: Action) -> Iterator[str]:
    """Stacks by name or id, or by a change set's ARN; a stack that does not exist has no id yet."""
    backend = cloudformation_backends[call.account][call.region]
    named, change_set = call.value("StackName"), call.value("ChangeSetName") or ""
    if change_set.startswith("arn:") and change_set in backend.change_sets:
        yield backend.change_sets[change_set].stack.stack_id
    elif named and named.startswith("arn:"):
        yield named
    elif named:
        ids = [stack.stack_id for stack in list(backend.stacks.values()) if stack.name == named]
        yield ids[0] if ids else call.arn(f"stack/{named}/*")


def _of_events(call: Call, action: Action) -> Iterator[str]:
    bus = call.value("EventBusName") or "default"
    within = "" if bus == "default" else f"{bus.rpartition('/')[2]}/"
    for name in _values(call, "events", "RuleName"):
        yield call.arn(f"rule/{within}{name}")
    yield from (value for value in _texts(call.parameters) if value.startswith(call.arn("rule/")))


def _of_iam(call: Call, action: Action) -> Iterator[str]:
    """By name, with the path that the thing has, or that it is to be given."""
    backend = iam_backends[call.account]["aws"]
    for arn in _by_reference(call, action):
        kind, _, name = arn.split(":", 5)[5].partition("/")
        things: Any = {"role": backend.roles, "user": backend.users}.get(kind, {})
        path = next((each.path for each in list(things.values()) if each.name == name), call.value("Path") or "/")
        yield arn if "/" in name else f"arn:aws:iam::{call.account}:{kind}{path}{name}"


def _of_config(call: Call, action: Action) -> Iterator[str]:
    rules = config_backends[call.account][call.region].config_rules
    if "ConfigRule" in action.resources:
        named = call.value("ConfigRuleName") or call.value("ConfigRule.ConfigRuleName")
        names = [named] if named else call.value("ConfigRuleNames") or []
        for name in names:
            yield rules[name].config_rule_arn if name in rules else call.arn("config-rule/*")
    if "ConfigurationRecorder" in action.resources:
        names = [call.value("ConfigurationRecorder.name"), call.value("ConfigurationRecorderName")]
        yield from (call.arn(f"configuration-recorder/{name}/*") for name in names if name)
    yield from _by_reference(call, action)


def _of_organizations(call: Call, action: Action) -> Iterator[str]:
    found = organization()
    if found is not None:
        things = (*found.backend.policies, *found.backend.ou, *found.backend.accounts)
        arns = {each.id: each.arn for each in things}
        yield from (arns[value] for value in _texts(call.parameters) if value in arns)


def _of_dynamodb(call: Call, action: Action) -> Iterator[str]:
    if call.value("ShardIterator"):
        yield str(call.value("ShardIterator")).partition("|")[0]  # moto begins them with the ARN of the stream
    else:
        yield from _by_reference(call, action)


def _of_s3(call: Call, action: Action) -> Iterator[str]:
    """Objects for what is done to objects, else the bucket; several objects where a request names several."""
    bucket = call.value("Bucket")
    keys = [each["Key"] for each in call.value("Delete.Objects") or []] or [call.value("Key")]
    if "object" in action.resources:
        yield from (f"arn:aws:s3:::{bucket}/{key}" for key in keys if key)
    elif bucket:
        yield f"arn:aws:s3:::{bucket}"


def _of_sts(call: Call, action: Action) -> Iterator[str]:
    if "role" in action.resources and call.value("RoleArn"):
        yield str(call.value("RoleArn"))


_SPECIAL: Mapping[str, Callable[[Call, Action], Iterator[str]]] = {
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
    "sts": _of_sts,
}
