"""A queue is reached in the account that its URL names, and its seconds are between AWS's limits."""

from typing import Any

import pytest

from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.moto.sqs import owner_of
from tests.worlds.estate import refusal

OWNER, OTHER, REGION = "111122223333", "444455556666", "eu-central-1"


def test_a_message_arrives_in_the_account_that_the_url_names_and_in_no_other() -> None:
    with server.start() as running:
        clients = Clients(running.endpoint)
        owners, others = (clients("sqs", account, REGION) for account in (OWNER, OTHER))
        url, own = (client.create_queue(QueueName="q")["QueueUrl"] for client in (owners, others))
        others.send_message(QueueUrl=url, MessageBody="from another account")
        (message,) = owners.receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == "from another account"
        assert "Messages" not in others.receive_message(QueueUrl=own)


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        (f"https://sqs.{REGION}.amazonaws.com/{OWNER}/q", OWNER),
        (f"http://127.0.0.1:5000/{OWNER}/q", OWNER),
        (f"https://sqs.{REGION}.amazonaws.com/11112222333/q", None),
        ("q", None),
        (None, None),
        ({"no": "text"}, None),
    ],
)
def test_the_owner_is_read_from_the_url_alone(url: object, owner: str | None) -> None:
    assert owner_of(url) == owner


@pytest.mark.parametrize(
    ("attribute", "least", "most"),
    [
        ("DelaySeconds", 0, 900),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
    ],
)
def test_seconds_beyond_a_limit_are_refused_and_nothing_is_made_or_changed(
    attribute: Any, least: int, most: int
) -> None:
    with server.start() as running:
        sqs = Clients(running.endpoint)("sqs", OWNER, REGION)
        for seconds in (least - 1, most + 1):
            code = refusal(sqs.create_queue, QueueName="absent", Attributes={attribute: str(seconds)})[0]
            assert code == "InvalidAttributeValue"
        assert "QueueUrls" not in sqs.list_queues()
        url = sqs.create_queue(QueueName="q", Attributes={attribute: str(most)})["QueueUrl"]
        assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={attribute: str(most + 1)})[0] == code
        kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"]
        assert kept == {attribute: str(most)}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={attribute: str(least)})
