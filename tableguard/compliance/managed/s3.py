"""Managed rules about buckets, and the account's own public access block."""

import json
from typing import Any

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken
from tableguard.compliance.statements import Statement, actions, listed, public, statements

_BUCKET, _ACCOUNT_BLOCK = "AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock"
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups
_ANYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)


@evaluates("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", _ACCOUNT_BLOCK)
def account_blocks(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the account's settings are those of the parameters: s3-account-level-public-access-blocks.

    AWS evaluates this rule only when the settings change.
    """
    for name in _BLOCKS:
        wanted = parameters.flag(name[0].upper() + name[1:])
        if bool(item.fact(name)) is not wanted:
            return broken(f"{name} is {item.fact(name)} for the account", f"set it to {wanted}")
    return COMPLIANT


@evaluates("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", _BUCKET)
def bucket_blocks(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the bucket's own settings block public access: s3-bucket-level-public-access-prohibited.

    "Bucket level settings are public" is read as Security Hub's S3.8 does: one of the four settings is off.
    """
    if item.resource_id in parameters.listed("excludedPublicBuckets"):
        return COMPLIANT
    open_settings = [name for name in _BLOCKS if not item.supplement("PublicAccessBlockConfiguration", name)]
    if open_settings:
        return broken(f"the bucket's {', '.join(open_settings)} is off", "block all public access to the bucket")
    return COMPLIANT


def is_public(item: ConfigurationItem) -> bool:
    """Tell whether a bucket's policy or list lets everybody in, and nothing blocks that."""
    blocked = item.supplement("PublicAccessBlockConfiguration") or {}
    by_policy = bool(public(_policy(item))) and not blocked.get("restrictPublicBuckets")
    grantees = [grant["grantee"].get("uri") for grant in item.supplement("AccessControlList", "grantList") or ()]
    return by_policy or (not blocked.get("ignorePublicAcls") and any(uri in _ANYBODY for uri in grantees))


def _policy(item: ConfigurationItem) -> Any:
    text = item.supplement("BucketPolicy", "policyText")
    return json.loads(text) if text else None


@evaluates("S3_BUCKET_SSL_REQUESTS_ONLY", _BUCKET)
def only_over_tls(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the bucket's policy refuses plaintext requests: s3-bucket-ssl-requests-only.

    A statement that denies s3:* to everybody on bucket and objects, if aws:SecureTransport is false, as in
    https://repost.aws/knowledge-center/s3-bucket-policy-for-config-rule.
    """
    wanted = {item.arn, f"{item.arn}/*"}
    for statement in statements(_policy(item)):
        if _denies_plaintext(statement) and wanted <= set(listed(statement["Resource"])):
            return COMPLIANT
    return broken("the bucket answers requests over plain HTTP", "deny s3:* where aws:SecureTransport is false")


def _denies_plaintext(statement: Statement) -> bool:
    condition = statement.get("Condition", {})
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and "s3:*" in actions(statement)
        and list(condition) == ["Bool"]
        and {key.lower(): str(value).lower() for key, value in condition["Bool"].items()}
        == {"aws:securetransport": "false"}
    )


@evaluates("S3_BUCKET_VERSIONING_ENABLED", _BUCKET)
def versioned(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the bucket keeps versions: s3-bucket-versioning-enabled."""
    if item.supplement("BucketVersioningConfiguration", "status") != "Enabled":
        return broken("what is overwritten or deleted in the bucket is gone", "enable versioning")
    if parameters.flag("isMfaDeleteEnabled") and not item.supplement(
        "BucketVersioningConfiguration", "isMfaDeleteEnabled"
    ):
        return broken("versions can be deleted without a second factor", "enable MFA delete")
    return COMPLIANT


@evaluates("S3_DEFAULT_ENCRYPTION_KMS", _BUCKET)
def encrypted_under_kms(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether new objects are encrypted under KMS, by one of kmsKeyArns if given: s3-default-encryption-kms."""
    keys = parameters.listed("kmsKeyArns")
    for rule in item.supplement("ServerSideEncryptionConfiguration", "rules") or ():
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        if default.get("ssealgorithm", "").startswith("aws:kms") and (
            not keys or default.get("kmsmasterKeyID") in keys
        ):
            return COMPLIANT
    return broken(
        "new objects are not encrypted under the key that the rule asks for", "set the bucket's encryption to KMS"
    )


@evaluates("S3_BUCKET_LOGGING_ENABLED", _BUCKET)
def access_logged(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether access to the bucket is logged, to the parameters' place if given: s3-bucket-logging-enabled."""
    for parameter, word in (("targetBucket", "destinationBucketName"), ("targetPrefix", "logFilePrefix")):
        wanted = parameters.text(parameter)
        if wanted and item.supplement("BucketLoggingConfiguration", word) != wanted:
            return broken(
                "access to the bucket is logged elsewhere, or not at all", f"log it with {parameter} {wanted}"
            )
    if item.supplement("BucketLoggingConfiguration", "destinationBucketName"):
        return COMPLIANT
    return broken("access to the bucket is not logged", "enable server access logging")


@evaluates("S3_BUCKET_DEFAULT_LOCK_ENABLED", _BUCKET)
def locked(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the bucket locks its objects, in the mode of the parameter: s3-bucket-default-lock-enabled.

    The page speaks of the lock being enabled; a lock without a default retention is none by default.
    """
    lock, mode = item.supplement("ObjectLockConfiguration") or {}, parameters.text("mode")
    retention = (lock.get("rule") or {}).get("defaultRetention") or {}
    if lock.get("objectLockEnabled") != "Enabled" or not retention:
        return broken("new objects of the bucket are not locked", "enable object lock with a default retention")
    if mode and retention.get("mode") != mode:
        return broken(f"the bucket's lock has mode {retention.get('mode')}", f"set it to {mode}")
    return COMPLIANT
