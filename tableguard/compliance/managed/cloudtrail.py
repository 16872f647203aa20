"""Managed rules about trails: all are periodic, and ask CloudTrail and S3 themselves."""

from collections.abc import Iterator

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ACCOUNT, ConfigurationItem
from tableguard.compliance.managed.s3 import is_public
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable

_TRAIL, _BUCKET = "AWS::CloudTrail::Trail", "AWS::S3::Bucket"
_MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}


@evaluates("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT)
def multi_region(_item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether a trail covers every region and fits the parameters: multi-region-cloudtrail-enabled.

    A trail that does not log covers nothing, and one that excludes management events does not comply. What
    includeManagementEvents and readWriteType ask is not judged: neither is deployed.
    """
    wanted = {
        word: parameters.text(name)
        for name, word in (
            ("s3BucketName", "s3BucketName"),
            ("snsTopicArn", "snsTopicARN"),
            ("cloudWatchLogsLogGroupArn", "cloudWatchLogsLogGroupArn"),
        )
        if parameters.text(name)
    }
    for trail in inventory.of(_TRAIL):
        fits = all(trail.fact(word) == value for word, value in wanted.items())
        if fits and trail.fact("isMultiRegionTrail") and _logs(trail) and not _excludes_management_events(trail):
            return COMPLIANT
    return broken("no trail at work covers every region as the rule asks", "make the trail multi-region, and start it")


def _logs(trail: ConfigurationItem) -> bool:
    return trail.supplement("Status", "isLogging") is True


def _excludes_management_events(trail: ConfigurationItem) -> bool:
    """Tell whether a trail leaves out management events of some source, or all of them."""
    advanced = trail.supplement("AdvancedEventSelectors") or []
    classic = trail.supplement("EventSelectors") or []
    if not (advanced or classic):
        return False
    of_management = [one["fieldSelectors"] for one in advanced if _MANAGEMENT in one["fieldSelectors"]]
    narrowed = any(field["field"] == "eventSource" for fields in of_management for field in fields)
    excluded = any(one.get("excludeManagementEventSources") for one in classic)
    included = bool(of_management) or any(one.get("includeManagementEvents") for one in classic)
    return narrowed or excluded or not included


@evaluates("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", ACCOUNT)
def security_trail(_item: ConfigurationItem, _parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether one trail follows all of AWS's security practices: cloudtrail-security-trail-enabled."""
    lacking = [[name for name, follows in _practices(trail) if not follows] for trail in inventory.of(_TRAIL)]
    if any(not names for names in lacking):
        return COMPLIANT
    nearest = min(lacking, key=len, default=["is there"])
    return broken(
        f"no trail follows AWS's security practices: none {', '.join(nearest)}", "change the trail's settings"
    )


def _practices(trail: ConfigurationItem) -> Iterator[tuple[str, bool]]:
    yield "records global service events", bool(trail.fact("includeGlobalServiceEvents"))
    yield "is multi-region", bool(trail.fact("isMultiRegionTrail"))
    yield "has log file validation", bool(trail.fact("logFileValidationEnabled"))
    yield "is encrypted under a KMS key", bool(trail.fact("kmsKeyId"))
    yield "records all management events, read and written", _records_all_management_events(trail)


def _records_all_management_events(trail: ConfigurationItem) -> bool:
    advanced = trail.supplement("AdvancedEventSelectors") or []
    # a further field, as readOnly or eventSource, leaves events out
    if any(selector["fieldSelectors"] == [_MANAGEMENT] for selector in advanced):
        return True
    classic = trail.supplement("EventSelectors") or []
    # a trail without any selector records management events
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    return not (advanced or classic) or any(
        selector.get("includeManagementEvents")
        and selector.get("readWriteType") == "All"
        and not selector.get("excludeManagementEventSources")
        for selector in classic
    )


@evaluates("CLOUD_TRAIL_ENCRYPTION_ENABLED", _TRAIL)
def encrypted(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a trail has a KMS key: cloud-trail-encryption-enabled."""
    if item.fact("kmsKeyId"):
        return COMPLIANT
    return broken("the trail's files are encrypted under S3's own key", "give the trail a KMS key")


@evaluates("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", _TRAIL)
def validated(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a trail writes digests: cloud-trail-log-file-validation-enabled."""
    if item.fact("logFileValidationEnabled"):
        return COMPLIANT
    return broken("a changed file of the trail cannot be told", "enable log file validation")


@evaluates("CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", _TRAIL)
def sent_to_logs(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a trail writes to a log group: cloud-trail-cloud-watch-logs-enabled.

    Its parameter expectedDeliveryWindowAge is not judged: it is not deployed.
    """
    if item.fact("cloudWatchLogsLogGroupArn"):
        return COMPLIANT
    return broken("no metric filter sees what the trail records", "let the trail write to a log group")


@evaluates("CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED", _TRAIL)
def bucket_not_public(item: ConfigurationItem, _parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether the trail's bucket is not public: cloudtrail-s3-bucket-public-access-prohibited.

    A bucket of another account is not readable, and says nothing.
    """
    bucket = _bucket(item, inventory)
    if bucket is None:
        return not_applicable("the trail's bucket is not in this account and region")
    if is_public(bucket):
        return broken(f"the trail's bucket {bucket.label} is public", "block public access to it")
    return COMPLIANT


@evaluates("CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING", _TRAIL)
def bucket_access_logged(item: ConfigurationItem, _parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether access to the trail's bucket is logged: cloudtrail-s3-bucket-access-logging."""
    bucket = _bucket(item, inventory)
    if bucket is None:
        return not_applicable("the trail's bucket is not in this account and region")
    if bucket.supplement("BucketLoggingConfiguration", "destinationBucketName"):
        return COMPLIANT
    return broken(f"access to the trail's bucket {bucket.label} is not logged", "enable server access logging")


def _bucket(trail: ConfigurationItem, inventory: Inventory) -> ConfigurationItem | None:
    name = trail.fact("s3BucketName")
    return next((bucket for bucket in inventory.of(_BUCKET) if bucket.resource_id == name), None)
