"""The alert topic, and for each detection a metric filter with its alarm and, where it must be fast, an event rule."""

from collections.abc import Iterable
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, events, kms, logs, sns

from tableguard.detect import channels
from tableguard.detect.detection import Detection
from tableguard.settings import Settings
from templates import parts


def add(
    template: Template,
    settings: Settings,
    detections: Iterable[Detection],
    group: logs.LogGroup,
    topic: sns.Topic,
) -> None:
    """Add the detections over the trail's log group, each in its channels; all tell the topic."""
    for detection in detections:
        if "metric filter" in detection.channels:
            _metric_alarm(template, settings, detection, group, topic)
        if "event pattern" in detection.channels:
            _rule(template, settings, detection, topic)


def key_uses(settings: Settings) -> tuple[parts.Statement, ...]:
    """The statements of the topic's key that let alarms and event rules publish."""
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: source conditions are "not supported for
    # EventBridge-to-encrypted topics" (alerts would be lost without an error); the topic's own name is.
    topic_arn = Sub(f"arn:aws:sns:${{AWS::Region}}:${{AWS::AccountId}}:{_topic_name(settings)}")
    of_topic = {"kms:EncryptionContext:aws:sns:topicArn": topic_arn}
    publish = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    return (
        {
            "Sid": "AlarmsPublish",
            **publish,
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Condition": {"StringEquals": {**of_topic, **parts.own_account()["StringEquals"]}},
        },
        {
            "Sid": "EventRulesPublish",
            **publish,
            "Principal": {"Service": "events.amazonaws.com"},
            "Condition": {"StringEquals": of_topic},
        },
    )


def _topic_name(settings: Settings) -> str:
    return f"{settings.name}-alerts"


def topic(template: Template, settings: Settings, key: kms.Key) -> sns.Topic:
    """The topic that reaches people: encrypted, over TLS only, and for this account's alarms and rules alone."""
    # Absent on purpose: DeliveryStatusLogging (e-mail has none), DataProtectionPolicy (alerts carry names of calls and
    # callers, never message text), TracingConfig (nothing follows an e-mail).
    made = template.add_resource(
        sns.Topic(
            "AlertTopic",
            TopicName=_topic_name(settings),
            DisplayName=f"{settings.name} alerts",
            KmsMasterKeyId=GetAtt(key, "Arn"),
            SignatureVersion="2",
            Subscription=[sns.Subscription(Protocol="email", Endpoint=settings.alert_email)],
            Tags=parts.tags(settings),
            **parts.RETAINED,
        )
    )
    template.add_resource(
        sns.TopicPolicy("AlertTopicPolicy", Topics=[Ref(made)], PolicyDocument=_topic_policy(Ref(made)))
    )
    return made


def _topic_policy(topic: Ref) -> dict[str, Any]:
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    own_alarm = Sub("arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*")
    from_alarm = {**parts.own_account(), "ArnLike": {"aws:SourceArn": own_alarm}}
    return parts.document(
        parts.encrypted_transport("sns:Publish", topic),
        {"Sid": "Alarms", **publish, "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Condition": from_alarm},
        # EventBridge sends no context to an SNS topic: with a condition here no alert would ever arrive.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
        {"Sid": "EventRules", **publish, "Principal": {"Service": "events.amazonaws.com"}},
    )


def _metric_alarm(
    template: Template, settings: Settings, detection: Detection, group: logs.LogGroup, topic: sns.Topic
) -> None:
    metric = {"MetricName": detection.title, "MetricNamespace": f"{settings.name}/trail"}
    template.add_resource(
        logs.MetricFilter(
            f"{detection.title}Filter",
            FilterName=f"{settings.name}-{detection.slug}",
            LogGroupName=Ref(group),
            FilterPattern=channels.metric_filter(detection),
            MetricTransformations=[logs.MetricTransformation(MetricValue="1", Unit="Count", **metric)],
        )
    )
    parts.alarm(
        template,
        settings,
        f"{detection.title}Alarm",
        detection.slug,
        Ref(topic),
        AlarmDescription=detection.sentence,
        MetricName=metric["MetricName"],
        Namespace=metric["MetricNamespace"],
        Period=300,
        Threshold=detection.threshold,
    )


def _rule(template: Template, settings: Settings, detection: Detection, topic: sns.Topic) -> None:
    template.add_resource(
        events.Rule(
            f"{detection.title}Rule",
            Name=f"{settings.name}-{detection.slug}",
            Description=detection.sentence,
            State="ENABLED",
            EventPattern=channels.event_pattern(detection),
            Targets=[
                events.Target(
                    Id="alerts",
                    Arn=Ref(topic),
                    InputTransformer=events.InputTransformer(
                        InputPathsMap={
                            "call": "$.detail.eventName",
                            "region": "$.detail.awsRegion",
                            "time": "$.detail.eventTime",
                            "who": "$.detail.userIdentity.arn",
                        },
                        InputTemplate=f'"{detection.sentence}: <who> called <call> in <region> at <time>."',
                    ),
                )
            ],
            Tags=parts.tags(settings),
        )
    )
