"""AWS::SNS::Topic and AWS::SQS::Queue, whose attributes are recorded under the services' own names."""

from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, tag_map

TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every topic and every queue."""
    for topic in reader.pages("sns", "list_topics", "Topics"):
        yield _topic(reader, topic["TopicArn"])
    for url in reader.client("sqs").list_queues().get("QueueUrls", ()):
        yield _queue(reader, url)


def _topic(reader: ResourceReader, arn: str) -> ConfigurationItem:
    client = reader.client("sns")
    attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    tags = tag_map(client.list_tags_for_resource(ResourceArn=arn)["Tags"])
    return reader.item(TOPIC, arn, arn, attributes, resource_name=arn.rpartition(":")[2], tags=tags)


def _queue(reader: ResourceReader, url: str) -> ConfigurationItem:
    client = reader.client("sqs")
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    name = attributes["QueueArn"].rpartition(":")[2]
    tags = client.list_queue_tags(QueueUrl=url).get("Tags", {})
    return reader.item(QUEUE, url, attributes["QueueArn"], attributes, resource_name=name, tags=tags)
