"""AWS::Lambda::Function and AWS::Lambda::Permission through the Lambda API; mappings are in event_sources.py."""

import base64
import hashlib
import json

from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import event_sources, tags
from tableguard.local.stacks.types.calls import (
    call,
    none_on_error,
    refuse_replacement,
    remove_on_failure,
    select,
    without_none,
)

FUNCTION_NAME = "AWS::Lambda::Function"
PERMISSION_NAME = "AWS::Lambda::Permission"

_FUNCTION = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
# what moto's UpdateFunctionConfiguration changes; it leaves all else as it was
_CHANGEABLE = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "VpcConfig",
)
_PERMISSION = ("Action", "FunctionName", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn")


def _create(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("lambda")
    name = properties.get("FunctionName", context.generated_name)
    code = _code(properties)
    function = call(
        client,
        "create_function",
        FunctionName=name,
        Code=code,
        KMSKeyArn=properties.get("KmsKeyArn"),
        Tags=tags.as_map(properties.get("Tags", [])) or None,
        **select(properties, *_FUNCTION),
    )
    handle = ResourceHandle(name, {"Arn": function["FunctionArn"]}, {"Code": code})
    with remove_on_failure(lambda: _delete(context, handle)):
        _set_concurrency(context, name, properties)
    return handle


def _code(properties: Properties) -> Properties:
    code: Properties = properties["Code"]
    if not {"S3Bucket", "S3Key"} <= code.keys():
        raise EmbeddedError(f"{FUNCTION_NAME} Code: give S3Bucket and S3Key; inline code and images are not run here")
    return select(code, "S3Bucket", "S3Key", "S3ObjectVersion")


def _set_concurrency(context: Context, name: str, properties: Properties) -> None:
    client = context.client("lambda")
    wanted = properties.get("ReservedConcurrentExecutions")
    if wanted is not None:
        call(client, "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=wanted)
    else:
        client.delete_function_concurrency(FunctionName=name)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    client, name = context.client("lambda"), handle.physical_id
    function = client.get_function(FunctionName=name)
    configuration = function["Configuration"]
    concurrency = client.get_function_concurrency(FunctionName=name)
    return without_none(
        **select(configuration, "FunctionName", *_FUNCTION),
        Code=_deployed_code(context, handle, configuration["CodeSha256"]),
        KmsKeyArn=configuration.get("KMSKeyArn"),
        ReservedConcurrentExecutions=concurrency.get("ReservedConcurrentExecutions"),
        Tags=tags.as_list(function.get("Tags", {})),
    )


def _deployed_code(context: Context, handle: ResourceHandle, sha256: str) -> Properties:
    """Return the declared code if its hash is the deployed one: Lambda reports the hash, not where code came from."""
    code = handle.locator["Code"]
    where = {"Bucket": code["S3Bucket"], "Key": code["S3Key"], "VersionId": code.get("S3ObjectVersion")}
    package = call(context.client("s3"), "get_object", **where)["Body"].read()
    same = base64.b64encode(hashlib.sha256(package).digest()).decode() == sha256
    return dict(code) if same else {"CodeSha256": sha256}


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, name, current = context.client("lambda"), handle.physical_id, _read(context, handle)
    fixed = [name for name in _FUNCTION if name not in _CHANGEABLE]
    refuse_replacement(FUNCTION_NAME, current, properties, "FunctionName", "KmsKeyArn", *fixed)
    call(client, "update_function_configuration", FunctionName=name, **select(properties, *_CHANGEABLE))
    code = _code(properties)
    call(client, "update_function_code", FunctionName=name, **code)
    _set_concurrency(context, name, properties)
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_resource(Resource=handle.attributes["Arn"], Tags=changed),
        remove=lambda gone: client.untag_resource(Resource=handle.attributes["Arn"], TagKeys=gone),
    )
    return ResourceHandle(name, handle.attributes, {"Code": code})


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").delete_function(FunctionName=handle.physical_id)


def _create_permission(context: Context, properties: Properties) -> ResourceHandle:
    arguments = select(properties, *_PERMISSION)
    call(context.client("lambda"), "add_permission", StatementId=context.generated_name, **arguments)
    attributes = {"Id": context.generated_name}
    return ResourceHandle(context.generated_name, attributes, {"FunctionName": arguments["FunctionName"]})


def _read_permission(context: Context, handle: ResourceHandle) -> Properties:
    client, function = context.client("lambda"), handle.locator["FunctionName"]
    answer = none_on_error("ResourceNotFoundException", lambda: client.get_policy(FunctionName=function))
    statements = json.loads(answer["Policy"])["Statement"] if answer else []
    named = [statement for statement in statements if statement.get("Sid") == handle.physical_id]
    if not named:
        raise AbsentError(f"permission {handle.physical_id} of {function}: not there")
    return _permission_as_declared(named[0])


def _permission_as_declared(statement: Properties) -> Properties:
    """Return a statement of a function's policy as AWS::Lambda::Permission declares it; condition keys have no case."""
    pairs = [pair for tests in statement.get("Condition", {}).values() for pair in tests.items()]
    conditions = {key.lower(): value for key, value in pairs}
    principal = statement["Principal"]
    return without_none(
        Action=statement["Action"],
        FunctionName=statement["Resource"],
        Principal=next(iter(principal.values())) if isinstance(principal, dict) else principal,
        PrincipalOrgID=conditions.get("aws:principalorgid"),
        SourceAccount=conditions.get("aws:sourceaccount"),
        SourceArn=conditions.get("aws:sourcearn"),
    )


def _delete_permission(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").remove_permission(StatementId=handle.physical_id, **handle.locator)


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=FUNCTION_NAME,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        not_modelled={
            "RecursiveLoop": "moto has no PutFunctionRecursionConfig",
            "RuntimeManagementConfig": "moto has no PutRuntimeManagementConfig",
            "SnapStart": "moto's GetFunction says ApplyOn None, whatever was asked for",
        },
        defaults={
            "Architectures": ["x86_64"],
            "DeadLetterConfig": {"TargetArn": ""},
            "Description": "",
            "Environment": {"Variables": {}},
            "EphemeralStorage": {"Size": 512},
            "KmsKeyArn": "",
            "MemorySize": 128,
            "Timeout": 3,
            "TracingConfig": {"Mode": "PassThrough"},
            "VpcConfig": {"SecurityGroupIds": [], "SubnetIds": []},
        },
    ),
    ResourceType(name=PERMISSION_NAME, create=_create_permission, read=_read_permission, delete=_delete_permission),
    *event_sources.TYPES,
)
