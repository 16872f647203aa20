"""A small embedded AWS in an organization, so that policies are asked, with its watch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tableguard import settings
from tableguard.local import landing_zone, server
from tableguard.local.clients.factory import Clients
from tableguard.local.watch.watch import Watch

SETTINGS = settings.example()
ACCOUNT, REGION = SETTINGS.account_id, SETTINGS.home_region
MEMBER = SETTINGS.management_account_id
EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"


@dataclass(frozen=True)
class World:
    """The embedded AWS, with clients of its accounts that no policy binds."""

    clients: Clients
    watch: Watch

    def client(self, service: str, account: str = ACCOUNT) -> Any:
        """A client of an account's owner."""
        return self.clients(service, account, REGION)

    def topic(self, name: str, *services: str, key: str = "", **condition: Any) -> str:
        """A topic with a subscriber by e-mail, to which these services may publish under a condition."""
        sns = self.client("sns")
        attributes = {"KmsMasterKeyId": key} if key else {}
        arn = str(sns.create_topic(Name=name, Attributes=attributes)["TopicArn"])
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{name}@example.com")
        policy = document("sns:Publish", arn, *services or ("nobody.amazonaws.com",), **condition)
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return arn

    def queue(self, name: str, *services: str, **condition: Any) -> str:
        """A queue to which these services may send under a condition; answers its ARN."""
        sqs = self.client("sqs")
        url, arn = sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        if services:
            policy = document("sqs:SendMessage", arn, *services, **condition)
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return arn

    def messages(self, queue_arn: str) -> list[dict[str, Any]]:
        """What lies in a queue, removed from it."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
        lying = partial(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(lying().get("Messages", []))

    def rule(self, name: str, target: str, pattern: Any = None, state: str = "ENABLED", **of_target: Any) -> str:
        """A rule with one target."""
        events = self.client("events")
        text = json.dumps(pattern or {"source": ["test"]})
        arn = str(events.put_rule(Name=name, EventPattern=text, State=state)["RuleArn"])
        events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": target, **of_target}])
        return arn

    def put(self, detail: Any = None, source: str = "test", **entry: Any) -> dict[str, Any]:
        """Put an event on the default bus; answers what became of it."""
        event = {"Source": source, "DetailType": "happened", "Detail": json.dumps(detail or {}), **entry}
        answer: dict[str, Any] = self.client("events").put_events(Entries=[event])["Entries"][0]
        return answer

    def received(self, topic_arn: str) -> list[str]:
        """What the subscribers of a topic have received."""
        return [told.message for told in self.watch.notifications if told.topic_arn == topic_arn]


def document(action: str, resource: str, *services: str, **condition: Any) -> str:
    """A resource's policy that lets services do one thing, under a condition such as StringEquals."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action, "Resource": resource}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}
    )


@contextmanager
def running() -> Iterator[World]:
    """Run a watched embedded AWS with an organization."""
    with server.start() as embedded:
        zone = landing_zone.prepare(SETTINGS, embedded.endpoint)
        yield World(zone.clients, embedded.watch)
