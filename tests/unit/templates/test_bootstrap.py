"""The bootstrap stack: two private buckets, kept whatever happens, into which what is deployed and access logs go."""

import pytest

from tableguard.settings import example
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, retained, stack

SETTINGS = example("complete")
BUCKETS = {"ArtifactBucket": SETTINGS.artifact_bucket, "AccessLogBucket": SETTINGS.access_log_bucket}
LOGS = "Resources/AccessLogBucket/Properties"
STATEMENTS = "Resources/AccessLogBucketPolicy/Properties/PolicyDocument/Statement"
ENCRYPTION = "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm"
_RULE = "Resources/ArtifactBucket/Properties/LifecycleConfiguration/Rules/0"
_OF_FORMER_ONES = {"Id", "Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}
PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _takes_logs_of_this_account_alone(template: Template) -> bool:
    allowed = [one for one in at(template, STATEMENTS) if one["Effect"] == "Allow"]
    return allowed == [
        {
            "Sid": "AccessLogsOfThisAccount",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{SETTINGS.access_log_bucket}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]


REQUIREMENTS = [
    *(
        is_set(f"{title} has the settings' name", f"Resources/{title}/Properties/BucketName", BUCKETS[title])
        for title in BUCKETS
    ),
    *(
        is_set(f"{title} is private: {key}", f"Resources/{title}/Properties/PublicAccessBlockConfiguration/{key}", True)
        for title in BUCKETS
        for key in PUBLIC
    ),
    *(
        is_set(f"{title} keeps versions", f"Resources/{title}/Properties/VersioningConfiguration/Status", "Enabled")
        for title in BUCKETS
    ),
    retained("the buckets and their policies outlive the stack", *BUCKETS, *(f"{title}Policy" for title in BUCKETS)),
    is_set("S3 can write access logs", f"{LOGS}/{ENCRYPTION}", "AES256"),
    is_set("artifacts are encrypted with KMS", f"Resources/ArtifactBucket/Properties/{ENCRYPTION}", "aws:kms"),
    is_set(
        "access logs are kept as long as the settings say",
        f"{LOGS}/LifecycleConfiguration/Rules/0/ExpirationInDays",
        SETTINGS.log_days,
    ),
    is_set(
        "who reads artifacts is logged",
        "Resources/ArtifactBucket/Properties/LoggingConfiguration/DestinationBucketName",
        SETTINGS.access_log_bucket,
    ),
    Requirement(
        "access logs come from buckets of this account alone",
        _takes_logs_of_this_account_alone,
        (
            (f"{STATEMENTS}/1/Condition/StringEquals", {}),
            (f"{STATEMENTS}/1/Principal", "*"),
            (f"{STATEMENTS}/1/Action", "s3:*"),
        ),
    ),
    Requirement(
        "an artifact that a stack refers to does not expire",
        lambda template: at(template, _RULE).keys() == _OF_FORMER_ONES,
        ((_RULE, {"Id": "FormerArtifacts", "Status": "Enabled", "ExpirationInDays": 90}),),
    ),
]


@pytest.fixture(scope="module")
def bootstrap() -> Template:
    return stack("bootstrap", SETTINGS)


test_the_buckets_are_as_they_must_be, test_a_spoilt_bucket_is_noticed = holds_and_breaks(REQUIREMENTS, "bootstrap")
