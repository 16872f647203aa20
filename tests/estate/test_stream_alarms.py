"""Alarms of the stream stack ring for what they say, also where the estate's clock is ahead, and not for less."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.function import functions
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, TABLE, refusal

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]

FUNCTION = SETTINGS.function_name
ADA, BOB = (User(f"alarmed-{name}", name.title(), name) for name in ("ada", "bob"))
Act = Callable[[EmbeddedEstate, LandingZone], object]


def application(running: EmbeddedEstate) -> Any:
    return running.roles["application"].client("dynamodb")


def administrator(zone: LandingZone, service: str) -> Any:
    return zone.clients(service, ACCOUNT, REGION)


def a_poison_record(running: EmbeddedEstate, _: LandingZone) -> None:
    application(running).put_item(TableName=TABLE, Item={"pk": {"S": "MSG#poisoned"}, "sk": {"S": "2024"}})


def a_message(running: EmbeddedEstate, _: LandingZone) -> None:
    table = MessageTable(application(running), TABLE, clock=lambda: datetime.now(UTC))
    table.create_conversation(ADA, [BOB], "not poisonous")


def an_event_that_is_none(_: EmbeddedEstate, zone: LandingZone) -> None:
    administrator(zone, "lambda").invoke(FunctionName=FUNCTION, Payload=b'{"Records": 3}')


def an_event_without_records(_: EmbeddedEstate, zone: LandingZone) -> None:
    administrator(zone, "lambda").invoke(FunctionName=FUNCTION, Payload=b'{"Records": []}')


def an_event_for_a_function_that_may_not_start(_: EmbeddedEstate, zone: LandingZone) -> None:
    client = administrator(zone, "lambda")
    kept = client.get_function_concurrency(FunctionName=FUNCTION)
    client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    code, _message = refusal(client.invoke, FunctionName=FUNCTION, Payload=b"{}")
    if "ReservedConcurrentExecutions" in kept:
        limit = kept["ReservedConcurrentExecutions"]
        client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=limit)
    else:
        client.delete_function_concurrency(FunctionName=FUNCTION)
    assert code == "TooManyRequestsException"


def letter_to(queue: str) -> Act:
    """Send a letter to a queue of ours."""

    def send(_: EmbeddedEstate, zone: LandingZone) -> None:
        client = administrator(zone, "sqs")
        url = client.get_queue_url(QueueName=f"{SETTINGS.name}-{queue}")["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody="{}")

    return send


def empty(zone: LandingZone) -> None:
    """Take all letters from the queues of ours."""
    client = administrator(zone, "sqs")
    for queue in ("dead-letters", "alert-dead-letters"):
        url = client.get_queue_url(QueueName=f"{SETTINGS.name}-{queue}")["QueueUrl"]
        for letter in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            client.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])


# what rings an alarm, and what is like it and does not
ACTS: Mapping[str, tuple[Act, Act]] = {
    "poison": (a_poison_record, a_message),
    "errors": (an_event_that_is_none, an_event_without_records),
    "throttles": (an_event_for_a_function_that_may_not_start, an_event_without_records),
    "unexpected": (letter_to("dead-letters"), letter_to("alert-dead-letters")),
}


def told(running: EmbeddedEstate, zone: LandingZone, act: Act, alarm: str) -> list[str]:
    """What subscribers are told of an alarm within five minutes of what somebody does."""
    running.watch.run(1800, step=300)
    began = len(running.watch.notifications)
    act(running, zone)
    running.poller.drain(timeout=20)
    in_use = functions.in_use()
    assert in_use is not None
    in_use.flush_logs()
    running.watch.run(300)
    empty(zone)
    messages = [one.message for one in running.watch.notifications[began:] if one.message.startswith("{")]
    named = f"{SETTINGS.name}-stream-{alarm}"
    return [one["NewStateValue"] for one in map(json.loads, messages) if one.get("AlarmName") == named]


@pytest.mark.parametrize("alarm", ACTS)
def test_an_alarm_of_the_stream_tells_of_what_it_says_and_not_of_its_twin(
    running: EmbeddedEstate, zone: LandingZone, alarm: str
) -> None:
    act, twin = ACTS[alarm]
    assert told(running, zone, twin, alarm) == []
    assert told(running, zone, act, alarm)[0] == "ALARM"
