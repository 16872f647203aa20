"""A trail, and which events of its account it records."""

from dataclasses import dataclass, field
from typing import Any

from tableguard.aws.cloudtrail.delivery.selectors import EventSelectors, Record
from tableguard.partitions import of_region

# services whose events a trail of one region has only if it includes those of global services:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
_GLOBAL_SERVICES = ("cloudfront.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com")


@dataclass(frozen=True)
class Trail:
    """A trail that logs: where it is, what it selects, and where it delivers to."""

    account: str
    home_region: str
    name: str
    bucket: str
    prefix: str = ""
    multi_region: bool = False
    global_services: bool = True
    selectors: EventSelectors = field(default_factory=EventSelectors, hash=False)
    log_group_arn: str = ""
    role_arn: str = ""
    key_id: str = ""
    validation: bool = False

    @property
    def arn(self) -> str:
        """Return the trail's ARN."""
        return f"arn:{of_region(self.home_region)}:cloudtrail:{self.home_region}:{self.account}:trail/{self.name}"

    def covers(self, account: str, region: str) -> bool:
        """Return whether the trail is one of an account and of a region."""
        return self.account == account and (self.multi_region or self.home_region == region)

    def records(self, event: Record) -> bool:
        """Return whether the trail records an event.

        Events of an account are those that it receives, whoever called. Since November 2021 events of global services
        are in us-east-1: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
        """
        if not self.covers(event["recipientAccountId"], event["awsRegion"]):
            return False
        if not (self.multi_region or self.global_services) and event["eventSource"] in _GLOBAL_SERVICES:
            return False
        return self.selectors.record(event)


_DETAIL_TYPES = {
    "AwsConsoleAction": "AWS Console Action via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
    "AwsVpceEvent": "AWS Network Activity Event via CloudTrail",
}


def bus_event(event: Record, event_id: str) -> dict[str, Any]:
    """Return an event as CloudTrail puts it on the default event bus.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return {
        "version": "0",
        "id": event_id,
        "detail-type": _DETAIL_TYPES.get(event["eventType"], "AWS API Call via CloudTrail"),
        "source": f"aws.{str(event['eventSource']).removesuffix('.amazonaws.com')}",
        "account": event["recipientAccountId"],
        "time": event["eventTime"],
        "region": event["awsRegion"],
        "resources": [],
        "detail": dict(event),
    }
