"""AWS::::Account: what rules about no resource ask of the account itself."""

from collections.abc import Iterator

from tableguard.compliance.item import ACCOUNT, ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, unless


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read the account's organization, the summary that IAM has of it, and DynamoDB's limits."""
    organization = unless(
        "AWSOrganizationsNotInUseException",
        lambda: reader.client("organizations").describe_organization()["Organization"],
    )
    facts = {
        "organization": recorded(organization),
        "summaryMap": reader.client("iam").get_account_summary()["SummaryMap"],
        "dynamoDbLimits": recorded(reader.client("dynamodb").describe_limits()),
    }
    yield reader.item(ACCOUNT, reader.account_id, "", facts)
