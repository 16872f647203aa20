"""The alert topic, and for each detection a metric filter with its alarm and, where it must be fast, an event rule.

Whether all that works is watched as well: a trail that falls silent, a rule that cannot tell the topic.
"""

from collections.abc import Iterable
from typing import Any

from troposphere import GetAtt, Ref, Sub, cloudwatch, events, kms, logs, sns, sqs

from tableguard.detect import channels
from tableguard.detect.detection import Detection
from templates import parts
from templates.builder import StackBuilder

_TOPIC = "alerts"
_QUEUE = "alert-dead-letters"


def add(
    stack: StackBuilder, detections: Iterable[Detection], *, group: logs.LogGroup, topic: sns.Topic, queue: sqs.Queue
) -> None:
    """Add the detections over the trail's log group, each in its channels; all tell the topic.

    The queue keeps the events of which a rule could not tell it.
    """
    for detection in detections:
        if "metric filter" in detection.channels:
            _metric_alarm(stack, detection, group, topic)
        if "event pattern" in detection.channels:
            _rule(stack, detection, topic, queue)


def key_uses(stack: StackBuilder) -> tuple[parts.Statement, ...]:
    """Return the statements of the key that let alarms and event rules publish, and rules keep what did not arrive."""
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: source conditions are "not supported for
    # EventBridge-to-encrypted topics" (alerts would be lost without an error); the topic's own name is.
    topic_arn, queue_arn = (
        Sub(f"arn:aws:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{stack.named(name)}")
        for service, name in (("sns", _TOPIC), ("sqs", _QUEUE))
    )
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
        {
            "Sid": "EventRulesKeepDeadLetters",
            **publish,
            "Principal": {"Service": "events.amazonaws.com"},
            "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": queue_arn}},
        },
        parts.key_use("sqs", "kms:Decrypt"),  # whoever IAM lets read the dead letters
    )


def topic(stack: StackBuilder, key: kms.Key) -> sns.Topic:
    """Add the topic that reaches people: encrypted, over TLS only, and for this account's alarms and rules alone."""
    # Absent on purpose: DeliveryStatusLogging (e-mail has none), DataProtectionPolicy (alerts carry names of calls and
    # callers, never message text), TracingConfig (nothing follows an e-mail).
    topic = stack.add(
        sns.Topic(
            "AlertTopic",
            TopicName=stack.named(_TOPIC),
            DisplayName=f"{stack.settings.name} alerts",
            KmsMasterKeyId=GetAtt(key, "Arn"),
            SignatureVersion="2",
            Subscription=[sns.Subscription(Protocol="email", Endpoint=stack.settings.alert_email)],
            Tags=stack.tags(),
            **parts.RETAINED,
        )
    )
    policy = _topic_policy(Ref(topic))
    stack.add(sns.TopicPolicy("AlertTopicPolicy", Topics=[Ref(topic)], PolicyDocument=policy, **parts.RETAINED))
    return topic


def dead_letters(stack: StackBuilder, key: kms.Key, topic: sns.Topic) -> sqs.Queue:
    """Add the queue of events of which a rule could not tell the topic, and an alarm on it."""
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    of_rules = Sub(f"arn:aws:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{stack.named('*')}")
    kept = {
        "Sid": "EventRulesKeepDeadLetters",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": GetAtt("AlertDeadLetters", "Arn"),
        "Condition": {"ArnLike": {"aws:SourceArn": of_rules}},
    }
    queue = stack.queue("AlertDeadLetters", name=_QUEUE, key=key, statements=(kept,))
    stack.alarm(
        "AlertDeadLettersAlarm",
        name=_QUEUE,
        topic=Ref(topic),
        AlarmDescription="Events wait of which an event rule could not tell the topic: read them in the queue",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[cloudwatch.MetricDimension(Name="QueueName", Value=GetAtt(queue, "QueueName"))],
    )
    return queue


def silence_alarm(stack: StackBuilder, group: logs.LogGroup, topic: sns.Topic, *, minutes: int = 30) -> None:
    """Add the alarm of a trail that writes nothing for so long: even a night without messages has records.

    In the workload's account Lambda reads the stream all the time, and for each of its callers DynamoDB asks KMS for
    the table's key every five minutes: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html.
    CloudWatch Logs counts what arrives, and nobody else can write into its namespace. An alarm looks further back than
    its periods before it calls data missing:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    stack.alarm(
        "TrailSilentAlarm",
        name="trail-silent",
        topic=Ref(topic),
        AlarmDescription=f"For {minutes} minutes no record of the trail has arrived: no detection sees anything",
        Namespace="AWS/Logs",
        MetricName="IncomingLogEvents",
        Dimensions=[cloudwatch.MetricDimension(Name="LogGroupName", Value=Ref(group))],
        Period=minutes * 60 // 2,
        EvaluationPeriods=2,
        Statistic="Sum",
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


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


def _metric_alarm(stack: StackBuilder, detection: Detection, group: logs.LogGroup, topic: sns.Topic) -> None:
    metric = {"MetricName": detection.title, "MetricNamespace": f"{stack.settings.name}/trail"}
    stack.add(
        logs.MetricFilter(
            f"{detection.title}Filter",
            FilterName=stack.named(detection.slug),
            LogGroupName=Ref(group),
            FilterPattern=channels.metric_filter(detection),
            MetricTransformations=[logs.MetricTransformation(MetricValue="1", Unit="Count", **metric)],
        )
    )
    stack.alarm(
        f"{detection.title}Alarm",
        name=detection.slug,
        topic=Ref(topic),
        AlarmDescription=detection.sentence,
        MetricName=metric["MetricName"],
        Namespace=metric["MetricNamespace"],
        Period=300,
        # Not the sum, which a negative value lowers. The filter has no default value: each sample is a record.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
        Statistic="SampleCount",
        Threshold=detection.threshold,
    )


def _rule(stack: StackBuilder, detection: Detection, topic: sns.Topic, queue: sqs.Queue) -> None:
    rule = stack.add(
        events.Rule(
            f"{detection.title}Rule",
            Name=stack.named(detection.slug),
            Description=detection.sentence,
            State="ENABLED",
            EventPattern=channels.event_pattern(detection),
            Targets=[
                events.Target(
                    Id="alerts",
                    Arn=Ref(topic),
                    InputTransformer=_message(detection),
                    DeadLetterConfig=events.DeadLetterConfig(Arn=GetAtt(queue, "Arn")),
                )
            ],
            Tags=stack.tags(),
        )
    )
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html: no sum over all rules is kept
    stack.alarm(
        f"{detection.title}FailedAlarm",
        name=f"{detection.slug}-failed",
        topic=Ref(topic),
        AlarmDescription=f"The event rule {stack.named(detection.slug)} could not tell the topic",
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[cloudwatch.MetricDimension(Name="RuleName", Value=Ref(rule))],
    )


def _message(detection: Detection) -> events.InputTransformer:
    return events.InputTransformer(
        InputPathsMap={
            "call": "$.detail.eventName",
            "region": "$.detail.awsRegion",
            "time": "$.detail.eventTime",
            "who": "$.detail.userIdentity.arn",
        },
        InputTemplate=f'"{detection.sentence}: <who> called <call> in <region> at <time>."',
    )
