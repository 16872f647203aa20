"""AWS::KMS::Key."""

import json
from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map

KEY = "AWS::KMS::Key"
_ROTATES = "SYMMETRIC_DEFAULT"  # KMS answers for no other kind of key whether it rotates


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every key, those of AWS's services too."""
    client = reader.client("kms")
    names: dict[str, list[str]] = {}
    for alias in reader.pages("kms", "list_aliases", "Aliases"):
        names.setdefault(alias.get("TargetKeyId", ""), []).append(alias["AliasName"])
    for key in reader.pages("kms", "list_keys", "Keys"):
        yield _key(reader, client.describe_key(KeyId=key["KeyId"])["KeyMetadata"], names.get(key["KeyId"], []))


def _key(reader: ResourceReader, key: dict[str, str], aliases: list[str]) -> ConfigurationItem:
    client, identity = reader.client("kms"), key["KeyId"]
    rotates = key["KeySpec"] == _ROTATES and client.get_key_rotation_status(KeyId=identity)["KeyRotationEnabled"]
    return reader.item(
        KEY,
        identity,
        key["Arn"],
        recorded(key),
        resource_name=aliases[0] if aliases else "",
        tags=tag_map(client.list_resource_tags(KeyId=identity)["Tags"], "TagKey", "TagValue"),
        supplementary={
            "Aliases": aliases,
            "KeyRotationStatus": rotates,
            "Policy": json.loads(client.get_key_policy(KeyId=identity, PolicyName="default")["Policy"]),
        },
    )
