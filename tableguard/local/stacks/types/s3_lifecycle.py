"""Lifecycle rules of a bucket: CloudFormation and the S3 API call the same things by different names."""

from tableguard.cloudformation.resource_type import Properties
from tableguard.local.stacks.types.calls import chosen
from tableguard.local.stacks.types.translate import other_way, renamed

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
    """The LifecycleConfiguration of a template as S3 takes it."""
    return {"Rules": list(map(_rule_for_api, declared["Rules"]))}


def as_declared(rules: list[Properties]) -> Properties:
    """The rules that S3 tells as a template would write them."""
    return {"Rules": list(map(_rule_as_declared, rules))}


def _rule_for_api(rule: Properties) -> Properties:
    api = {**chosen(rule, *_SAME), "Filter": _filter(rule), **renamed(rule, {"Id": "ID"})}
    if expiration := renamed(rule, _EXPIRATION):
        api["Expiration"] = expiration
    if "Transitions" in rule:
        api["Transitions"] = [renamed(one, _TRANSITION) for one in rule["Transitions"]]
    if "NoncurrentVersionTransitions" in rule:
        api["NoncurrentVersionTransitions"] = [
            renamed(one, _NONCURRENT) for one in rule["NoncurrentVersionTransitions"]
        ]
    return api


def _filter(rule: Properties) -> Properties:
    tags = rule.get("TagFilters", [])
    if not tags:
        return {"Prefix": rule.get("Prefix", "")}
    if len(tags) == 1 and "Prefix" not in rule:
        return {"Tag": tags[0]}
    return {"And": {"Tags": tags, **chosen(rule, "Prefix")}}


def _rule_as_declared(rule: Properties) -> Properties:
    found = {**chosen(rule, *_SAME), **renamed(rule, {"ID": "Id"})}
    found |= renamed(rule.get("Expiration", {}), other_way(_EXPIRATION))
    found["Transitions"] = [renamed(one, other_way(_TRANSITION)) for one in rule.get("Transitions", [])]
    found["NoncurrentVersionTransitions"] = [
        renamed(one, other_way(_NONCURRENT)) for one in rule.get("NoncurrentVersionTransitions", [])
    ]
    condition = rule.get("Filter", {})
    both = condition.get("And", condition)
    found["TagFilters"] = both.get("Tags", [both["Tag"]] if "Tag" in both else [])
    return {**found, **chosen(both, "Prefix")}
