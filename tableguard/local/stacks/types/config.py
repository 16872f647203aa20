"""AWS::Config::ConfigurationRecorder, DeliveryChannel and ConfigRule, through AWS Config's API."""

import json
from collections.abc import Callable
from typing import Any

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, select
from tableguard.local.stacks.types.translate import document_text, non_null

_RECORDER = "AWS::Config::ConfigurationRecorder"
_CHANNEL = "AWS::Config::DeliveryChannel"
_RULE = "AWS::Config::ConfigRule"

_CHANNEL_PROPERTIES = (
    "ConfigSnapshotDeliveryProperties",
    "S3BucketName",
    "S3KeyPrefix",
    "S3KmsKeyArn",
    "SnsTopicARN",
)
_RECORDER_PROPERTIES = ("RecordingGroup", "RecordingMode", "RoleARN")
_RULE_PROPERTIES = ("Description", "EvaluationModes", "MaximumExecutionFrequency", "Scope", "Source")


def _recase(value: Any, case: Callable[[str], str]) -> Any:
    """Change the case of each key's first letter: Config's older operations say allSupported."""
    if isinstance(value, dict):
        return {case(key[0]) + key[1:]: _recase(inner, case) for key, inner in value.items()}
    return [_recase(item, case) for item in value] if isinstance(value, list) else value


def _create_recorder(context: Context, properties: Properties) -> ResourceHandle:
    config = context.client("config")
    handle = ResourceHandle(properties.get("Name", context.generated_name))
    if str(properties.get("StartedOnCreate", True)).lower() == "false":
        raise EmbeddedError(f"{_RECORDER} StartedOnCreate: false is not modelled; leave it out, so that Config records")
    _put_recorder(config, handle, properties)
    _start_recorders(config)
    return handle


def _put_recorder(config: Client, handle: ResourceHandle, properties: Properties) -> None:
    recorder = _recase({"Name": handle.physical_id, **non_null(properties, *_RECORDER_PROPERTIES)}, str.lower)
    call(config, "put_configuration_recorder", ConfigurationRecorder=recorder)


def _start_recorders(config: Client) -> None:
    """Start recording once there are a recorder and a channel, as CloudFormation does by itself.

    https://docs.aws.amazon.com/config/latest/APIReference/API_StartConfigurationRecorder.html needs both.
    """
    if config.describe_delivery_channels()["DeliveryChannels"]:
        for recorder in config.describe_configuration_recorders()["ConfigurationRecorders"]:
            config.start_configuration_recorder(ConfigurationRecorderName=recorder["name"])


def _stop_recorders(config: Client) -> None:
    for recorder in config.describe_configuration_recorders()["ConfigurationRecorders"]:
        config.stop_configuration_recorder(ConfigurationRecorderName=recorder["name"])


def _read_recorder(context: Context, handle: ResourceHandle) -> Properties:
    config, names = context.client("config"), [handle.physical_id]
    recorders = config.describe_configuration_recorders(ConfigurationRecorderNames=names)
    statuses = config.describe_configuration_recorder_status(ConfigurationRecorderNames=names)
    recorder = _recase(only(recorders["ConfigurationRecorders"], f"recorder {handle.physical_id}"), str.upper)
    status = only(statuses["ConfigurationRecordersStatus"], f"status of recorder {handle.physical_id}")
    return {**select(recorder, "Name", *_RECORDER_PROPERTIES), "StartedOnCreate": status["recording"]}


def _update_recorder(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_RECORDER, _read_recorder(context, handle), properties, "Name", "StartedOnCreate")
    _put_recorder(context.client("config"), handle, properties)
    return handle


def _delete_recorder(context: Context, handle: ResourceHandle) -> None:
    context.client("config").delete_configuration_recorder(ConfigurationRecorderName=handle.physical_id)


def _create_channel(context: Context, properties: Properties) -> ResourceHandle:
    config = context.client("config")
    handle = ResourceHandle(properties.get("Name", context.generated_name))
    _put_channel(config, handle, properties)
    _start_recorders(config)
    return handle


def _put_channel(config: Client, handle: ResourceHandle, properties: Properties) -> None:
    channel = _recase({"Name": handle.physical_id, **non_null(properties, *_CHANNEL_PROPERTIES)}, str.lower)
    call(config, "put_delivery_channel", DeliveryChannel=channel)


def _read_channel(context: Context, handle: ResourceHandle) -> Properties:
    channels = context.client("config").describe_delivery_channels(DeliveryChannelNames=[handle.physical_id])
    return select(
        _recase(only(channels["DeliveryChannels"], f"delivery channel {handle.physical_id}"), str.upper),
        "Name",
        *_CHANNEL_PROPERTIES,
    )


def _update_channel(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_CHANNEL, _read_channel(context, handle), properties, "Name")
    _put_channel(context.client("config"), handle, properties)
    return handle


def _delete_channel(context: Context, handle: ResourceHandle) -> None:
    config = context.client("config")
    # https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteDeliveryChannel.html: not while recording
    _stop_recorders(config)
    config.delete_delivery_channel(DeliveryChannelName=handle.physical_id)


def _create_rule(context: Context, properties: Properties) -> ResourceHandle:
    config = context.client("config")
    if not config.describe_configuration_recorders()["ConfigurationRecorders"]:
        raise EmbeddedError(
            f"{_RULE} {context.logical_id}: AWS Config refuses a rule before there is a recorder "
            "(NoAvailableConfigurationRecorderException); let it depend on the recorder"
        )
    name = properties.get("ConfigRuleName", context.generated_name)
    _put_rule(config, name, properties)
    rule = _described_rule(config, name)
    return ResourceHandle(name, {"Arn": rule["ConfigRuleArn"], "ConfigRuleId": rule["ConfigRuleId"]})


def _put_rule(config: Client, name: str, properties: Properties) -> None:
    parameters = non_null(properties, "InputParameters")
    rule = {
        "ConfigRuleName": name,
        **non_null(properties, *_RULE_PROPERTIES),
        **{word: document_text(value) for word, value in parameters.items()},
    }
    call(config, "put_config_rule", ConfigRule=rule)


def _described_rule(config: Client, name: str) -> Properties:
    rule: Properties = only(config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"], f"rule {name}")
    return rule


def _read_rule(context: Context, handle: ResourceHandle) -> Properties:
    config, name = context.client("config"), handle.physical_id
    rule = _described_rule(config, name)
    read = select(rule, "ConfigRuleName", *_RULE_PROPERTIES)
    if "InputParameters" in rule:
        read["InputParameters"] = json.loads(rule["InputParameters"])
    if rule["Source"]["Owner"] == "CUSTOM_POLICY":
        # DescribeConfigRules leaves the policy out
        text = config.get_custom_rule_policy(ConfigRuleName=name)["PolicyText"]
        details = {**rule["Source"]["CustomPolicyDetails"], "PolicyText": text}
        read["Source"] = {**rule["Source"], "CustomPolicyDetails": details}
    return read


def _update_rule(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    # CloudFormation's own update does not read a Guard rule's policy, which its caller may not be allowed to
    refuse_replacement(_RULE, {"ConfigRuleName": handle.physical_id}, properties, "ConfigRuleName")
    _put_rule(context.client("config"), handle.physical_id, properties)
    return handle


def _delete_rule(context: Context, handle: ResourceHandle) -> None:
    context.client("config").delete_config_rule(ConfigRuleName=handle.physical_id)


TYPES = (
    ResourceType(
        _RECORDER,
        _create_recorder,
        _read_recorder,
        _delete_recorder,
        _update_recorder,
        defaults={"RecordingMode": {"RecordingFrequency": "CONTINUOUS"}},
    ),
    ResourceType(_CHANNEL, _create_channel, _read_channel, _delete_channel, _update_channel),
    ResourceType(_RULE, _create_rule, _read_rule, _delete_rule, _update_rule),
)
