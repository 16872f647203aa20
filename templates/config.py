"""AWS Config: the recorder, where its findings go, and the rules that the estate is held to."""

from troposphere import GetAtt, Ref, Sub, Template, config, events, kms, s3

from tableguard.aws.managed_config_rules import catalogue
from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder
from templates.sections.config_rules import GuardRule, ManagedRule, guard_rules, managed_rules

EVERY = "Six_Hours"  # snapshots and periodic rules; the rarer of the two would decide for both


def template(settings: Settings) -> Template:
    """Build the recorder with its delivery channel and bucket, every rule, and an alert for each broken rule."""
    stack = StackBuilder(settings, "AWS Config recorder and the rules that the estate is held to")
    key = _key(stack)
    _recorder(stack, key, _bucket(stack, key))
    left_out = []
    for rule in managed_rules(settings):
        if catalogue()[rule.identifier].is_offered_in(settings.home_region) is False:
            left_out.append(rule.identifier)
        else:
            stack.add(_managed(stack, rule))
    for guard_rule in guard_rules(settings):
        stack.add(_guard(stack, guard_rule))
    _alert(stack)
    if left_out:
        absent = "Managed rules that AWS does not offer in this region"
        stack.output("RulesLeftOut", value=", ".join(left_out), description=absent)
    return stack.template


def _key(stack: StackBuilder) -> kms.Key:
    # The service-linked role may not use a key of ours: AWS Config then comes as itself.
    # https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
    delivers = {
        "Sid": "ConfigDelivers",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": parts.own_account(),
    }
    read = parts.key_use("s3", "kms:Decrypt")  # whoever IAM lets read the evidence
    return stack.key("ConfigKey", alias="config", description="Encrypts what AWS Config records", uses=(delivers, read))


def _bucket(stack: StackBuilder, key: kms.Key) -> s3.Bucket:
    # No object lock: AWS Config delivers to no bucket that has one. Versions keep what is overwritten.
    # https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html
    days = stack.settings.audit_days
    lifecycle = s3.LifecycleRule(
        Id="KeepAsLongAsTheSettingsSay",
        Status="Enabled",
        ExpirationInDays=days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
    )
    others = parts.own_principals("s3:*", [GetAtt("ConfigBucket", "Arn"), Sub("${ConfigBucket.Arn}/*")])
    return stack.bucket("config", key=key, lifecycle=lifecycle, statements=(others, *_of_config()))


def _of_config() -> tuple[parts.Statement, parts.Statement]:
    """Return the statements of the bucket's policy that let AWS Config deliver."""
    # https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
    service = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}}
    own = parts.own_account()["StringEquals"]
    looks = {
        "Sid": "ConfigLooks",
        **service,
        "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
        "Resource": GetAtt("ConfigBucket", "Arn"),
        "Condition": {"StringEquals": own},
    }
    delivers = {
        "Sid": "ConfigDelivers",
        **service,
        "Action": "s3:PutObject",
        "Resource": Sub("${ConfigBucket.Arn}/AWSLogs/${AWS::AccountId}/Config/*"),
        "Condition": {"StringEquals": {**own, "s3:x-amz-acl": "bucket-owner-full-control"}},
    }
    return looks, delivers


def _recorder(stack: StackBuilder, key: kms.Key, bucket: s3.Bucket) -> None:
    # Neither waits for the other: CloudFormation has made the recorder only once there is a channel.
    # No SnsTopicARN: a notice for every configuration item would bury the alerts; broken rules raise their own.
    linked = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    stack.add(
        config.ConfigurationRecorder(
            "ConfigurationRecorder",
            Name=stack.named("recorder"),
            # the service-linked role, whose policy AWS keeps up to date (Security Hub Config.1 asks for it)
            RoleARN=Sub(f"arn:aws:iam::${{AWS::AccountId}}:{linked}"),
            RecordingGroup=config.RecordingGroup(AllSupported=True, IncludeGlobalResourceTypes=True),
            RecordingMode=config.RecordingMode(RecordingFrequency="CONTINUOUS"),
            StartedOnCreate=True,
            **parts.RETAINED,
        )
    )
    stack.add(
        config.DeliveryChannel(
            "DeliveryChannel",
            Name=stack.named("channel"),
            S3BucketName=Ref(bucket),
            S3KmsKeyArn=GetAtt(key, "Arn"),
            ConfigSnapshotDeliveryProperties=config.ConfigSnapshotDeliveryProperties(DeliveryFrequency=EVERY),
            DependsOn=["ConfigBucketPolicy"],
            **parts.RETAINED,
        )
    )


def _managed(stack: StackBuilder, rule: ManagedRule) -> config.ConfigRule:
    optional = {
        "InputParameters": rule.parameters or None,
        "MaximumExecutionFrequency": EVERY if rule.periodic else None,
        "Scope": _scope(stack, rule),
    }
    return config.ConfigRule(
        rule.identifier.title().replace("_", ""),
        ConfigRuleName=stack.named(rule.identifier.lower().replace("_", "-")),
        Description=rule.description,
        EvaluationModes=_detective(),
        Source=config.Source(Owner="AWS", SourceIdentifier=rule.identifier),
        DependsOn=_AFTER,
        **{name: value for name, value in optional.items() if value is not None},
    )


_AFTER = ["ConfigurationRecorder", "DeliveryChannel"]  # a rule made before them fails: nothing records yet


def _scope(stack: StackBuilder, rule: ManagedRule) -> config.Scope | None:
    if rule.reach == "account":
        return None
    if rule.reach == "own":
        return config.Scope(TagKey="Application", TagValue=stack.settings.name)
    kind, resource = rule.reach
    return config.Scope(ComplianceResourceTypes=[kind], ComplianceResourceId=resource)


def _detective() -> list[config.EvaluationModeConfiguration]:
    return [config.EvaluationModeConfiguration(Mode="DETECTIVE")]


def _policy_text(stack: StackBuilder, rule: GuardRule) -> str | Sub:
    if "${" not in rule.text:
        return rule.text
    return Sub(rule.text, AuditKeyArn=stack.imported("AuditKeyArn"))


def _guard(stack: StackBuilder, rule: GuardRule) -> config.ConfigRule:
    return config.ConfigRule(
        rule.name.title().replace("-", ""),
        ConfigRuleName=stack.named(rule.name),
        Description=rule.description,
        EvaluationModes=_detective(),
        Scope=config.Scope(ComplianceResourceTypes=list(rule.resource_types)),
        Source=config.Source(
            Owner="CUSTOM_POLICY",
            SourceDetails=[
                config.SourceDetails(EventSource="aws.config", MessageType=message)
                for message in ("ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification")
            ],
            CustomPolicyDetails=config.CustomPolicyDetails(
                # debug output would copy configuration items to a log group that is not ours
                EnableDebugLogDelivery=False,
                PolicyRuntime="guard-2.x.x",
                PolicyText=_policy_text(stack, rule),
            ),
        ),
        DependsOn=_AFTER,
    )


def _alert(stack: StackBuilder) -> None:
    # https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html
    message = events.InputTransformer(
        InputPathsMap={
            "resource": "$.detail.resourceId",
            "rule": "$.detail.configRuleName",
            "type": "$.detail.resourceType",
        },
        InputTemplate='"AWS Config: <type> <resource> breaks the rule <rule>."',
    )
    stack.add(
        events.Rule(
            "RuleBroken",
            Name=stack.named("rule-broken"),
            Description="Something was found that breaks one of our AWS Config rules",
            State="ENABLED",
            EventPattern={
                "source": ["aws.config"],
                "detail-type": ["Config Rules Compliance Change"],
                "detail": {
                    "configRuleName": [{"prefix": f"{stack.settings.name}-"}],
                    "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
                },
            },
            Targets=[events.Target(Id="alerts", Arn=stack.imported("AlertTopicArn"), InputTransformer=message)],
            Tags=stack.tags(),
        )
    )
