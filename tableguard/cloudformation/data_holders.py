"""Which types of resources hold data that is gone with them."""

# A log group holds what was logged, a key makes what it encrypted readable, a user pool holds accounts.
DATA_HOLDERS = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::Cognito::UserPool",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
    }
)


def holds_data(resource_type: str) -> bool:
    """Tell whether a resource of a type holds data that is gone with it."""
    return resource_type in DATA_HOLDERS
