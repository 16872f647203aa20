"""Managed rules about topics and queues."""

import json

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken
from tableguard.compliance.statements import public

_TOPIC, _QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


@evaluates("SNS_ENCRYPTED_KMS", _TOPIC)
def encrypted(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a topic is encrypted under KMS, by one of kmsKeyIds if given: sns-encrypted-kms."""
    key, keys = item.fact("KmsMasterKeyId"), parameters.listed("kmsKeyIds")
    if not key:
        return broken("the topic is not encrypted", "give it a KMS key")
    if keys and key not in keys:
        return broken(f"the topic is encrypted under {key}", f"use {' or '.join(keys)}")
    return COMPLIANT


@evaluates("SNS_TOPIC_NO_PUBLIC_ACCESS", _TOPIC)
def topic_not_public(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the topic's policy lets only fixed principals in: sns-topic-no-public-access."""
    return _not_public(item, "topic")


@evaluates("SQS_QUEUE_NO_PUBLIC_ACCESS", _QUEUE)
def queue_not_public(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the queue's policy lets only fixed principals in: sqs-queue-no-public-access."""
    return _not_public(item, "queue")


def _not_public(item: ConfigurationItem, noun: str) -> Ruling:
    text = item.fact("Policy")
    if names := public(json.loads(text) if text else None):
        return broken(
            f"everybody may use the {noun} ({', '.join(names)})", f"name the principals in the {noun}'s policy"
        )
    return COMPLIANT
