"""Conversion of a bucket's lifecycle rules: CloudFormation and the S3 API name the same things differently."""

from tableguard.cloudformation.resource_type import Properties
from tableguard.local.stacks.types.calls import select
from tableguard.local.stacks.types.translate import inverse, rename

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
_EXPIRATION = {
    "ExpirationDate": "Date",
    "ExpirationInDays": "Days",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_TRANSITION = {"StorageClass": "StorageClass", "TransitionDate": "Date", "TransitionInDays": "Days"}
_NONCURRENT = {
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
    "StorageClass": "StorageClass",
    "TransitionInDays": "NoncurrentDays",
}
_SAME = ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Status")

NOT_MODELLED = {
    "LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NewerNoncurrentVersions": (
        "moto's PutBucketLifecycleConfiguration drops NewerNoncurrentVersions"
    ),
}


def for_api(declared: Properties) -> Properties:
    """Return a template's LifecycleConfiguration in the form of the S3 API."""
    return {"Rules": list(map(_rule_for_api, declared["Rules"]))}


def as_declared(rules: list[Properties]) -> Properties:
    """Return the rules that S3 reports as a template would write them."""
    return {"Rules": list(map(_rule_as_declared, rules))}


def _rule_for_api(rule: Properties) -> Properties:
    api = {**select(rule, *_SAME), "Filter": _filter(rule), **rename(rule, {"Id": "ID"})}
    if expiration := rename(rule, _EXPIRATION):
        api["Expiration"] = expiration
    if "Transitions" in rule:
        api["Transitions"] = [rename(one, _TRANSITION) for one in rule["Transitions"]]
    if "NoncurrentVersionTransitions" in rule:
        api["NoncurrentVersionTransitions"] = [rename(one, _NONCURRENT) for one in rule["NoncurrentVersionTransitions"]]
    return api


def _filter(rule: Properties) -> Properties:
    tags = rule.get("TagFilters", [])
    if not tags:
        return {"Prefix": rule.get("Prefix", "")}
    if len(tags) == 1 and "Prefix" not in rule:
        return {"Tag": tags[0]}
    return {"And": {"Tags": tags, **select(rule, "Prefix")}}


def _rule_as_declared(rule: Properties) -> Properties:
    declared = {**select(rule, *_SAME), **rename(rule, {"ID": "Id"})}
    declared |= rename(rule.get("Expiration", {}), inverse(_EXPIRATION))
    declared["Transitions"] = [rename(one, inverse(_TRANSITION)) for one in rule.get("Transitions", [])]
    declared["NoncurrentVersionTransitions"] = [
        rename(one, inverse(_NONCURRENT)) for one in rule.get("NoncurrentVersionTransitions", [])
    ]
    condition = rule.get("Filter", {})
    both = condition.get("And", condition)
    declared["TagFilters"] = both.get("Tags", [both["Tag"]] if "Tag" in both else [])
    return {**declared, **select(both, "Prefix")}
