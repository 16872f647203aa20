"""The table that a command works on, as its options name it, and the error where AWS refuses."""

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from stream_lambda.items import canonical
from tableguard.aws.loopback import is_on_loopback
from tableguard.cli.inputs import chosen_settings, settings_here
from tableguard.errors import EncryptionError, TableError, TableguardError
from tableguard.settings import Settings
from tableguard.stacks.credentials import named_keys, unknown_keys
from tableguard.store import encryption
from tableguard.store.cache import dax
from tableguard.store.cache.reader import ListingReader
from tableguard.store.messages import MessageTable
from tableguard.store.places import CONVERSATIONS_IN_TABLE
from tableguard.store.table_admin import no_table
from tableguard.users import stores
from tableguard.users.cognito import UserPool

_DENIED = ("AccessDenied", "AccessDeniedException")  # of REST and query services, and of DynamoDB and KMS
_PROFILES = (
    "; --profile NAME: on the estate's table posting and reading is the application's, `rows` the operator's, and "
    "so is `table migrate` while former_index = true is deployed; `table scan` and `query` of it and `table adopt` "
    "into it are break-glass's; "
    "`table list`, and every command on a table outside the estate, is the administrator's"
)


@dataclass(frozen=True)
class EncryptionOptions:
    """The options of commands that write or show texts."""

    message_key: str | None
    plaintext_before: str | None


@dataclass(frozen=True)
class TableAddress:
    """Where a table is."""

    endpoint: str
    region: str
    on_loopback: bool


@dataclass(frozen=True)
class Target:
    """The options that name a table and who works on it, and clients for it.

    `encrypting` is None for commands that neither write nor show texts. `yes` answers every question beforehand.
    """

    endpoint_url: str | None
    region: str | None
    profile: str | None
    table: str | None
    settings_file: Path | None
    encrypting: EncryptionOptions | None = None
    yes: bool = False
    user_pool_id: str | None = None

    @cached_property
    def settings(self) -> Settings:
        """Return the settings of the organisation: the default for table and region."""
        return chosen_settings(self.settings_file)

    @cached_property
    def table_name(self) -> str:
        """Return the table's name."""
        return str(self.table or self.settings.table_name)

    @cached_property
    def client(self) -> Any:
        """Return a DynamoDB client."""
        return self.client_of("dynamodb")

    def client_of(self, service: Any) -> Any:  # the stubs know names of services one by one
        """Make a client of any service at the endpoint; on loopback with any keys, unless there are some."""
        # DynamoDB Local answers for DynamoDB alone; AWS's own variable says where KMS is then
        elsewhere = os.environ.get("AWS_ENDPOINT_URL_KMS") if service == "kms" else None
        where = self.endpoint_url if elsewhere is None else elsewhere
        any_keys = _on_loopback(where) and named_keys(self.profile) is None
        return self._client_at(service, where, any_keys)

    @cached_property
    def address(self) -> TableAddress:
        """Return where the table is, by options, variables and profile: nothing is asked, for credentials neither."""
        client = self._client_at("dynamodb", self.endpoint_url, any_keys=True)
        return TableAddress(client.meta.endpoint_url, client.meta.region_name, _on_loopback(client.meta.endpoint_url))

    def _client_at(self, service: Any, where: str | None, any_keys: bool) -> Any:
        session = boto3.Session(profile_name=self.profile, region_name=self.region)
        region = session.region_name or self.settings.home_region
        try:
            client = session.client(
                service,
                endpoint_url=where,
                region_name=region,
                aws_access_key_id="local" if any_keys else None,
                aws_secret_access_key="local" if any_keys else None,
                # botocore's own would try for half a minute
                config=Config(retries={"mode": "standard"}, connect_timeout=5),
            )
        except ValueError as error:  # how botocore refuses an endpoint, or a number among the variables
            raise TableError(
                f"{error}; correct --endpoint-url, --region, the variables AWS_… or the profile"
            ) from error
        _check_encrypted(client.meta.endpoint_url)  # variables and profiles name endpoints too
        return client

    @cached_property
    def messages(self) -> MessageTable:
        """Return the access patterns on this table."""
        return MessageTable(
            self.client,
            self.table_name,
            clock=lambda: datetime.now(UTC),
            cipher=self.cipher,
            conversations_in_table=self._conversations_in_table,
        )

    def messages_through(self, cache: str | None) -> MessageTable:
        """Return the access patterns on this table, listings through a cache if one is named."""
        return self.messages if cache is None else replace(self.messages, cache=self._cache(cache))

    def _cache(self, url: str) -> ListingReader:
        """Return a DAX cluster, or what stands in for one on loopback; TableError for any other address."""
        named = self.settings.cache
        seconds = named.query_ttl_seconds if named else dax.UNSET_TTL_SECONDS
        if url.startswith(("dax://", "daxs://")):
            return ListingReader(dax.client(url, self.profile, self.address.region), seconds)
        if not _on_loopback(url):
            raise TableError(f"--cache {url}: is no address of a DAX cluster; the cache stack exports one, daxs://…")
        return ListingReader(self._client_at("dynamodb", url, named_keys(self.profile) is None), seconds)

    @property
    def _conversations_in_table(self) -> int:
        """Return the settings' number; of a table that no settings are about, the usual one."""
        if self.table and settings_here(self.settings_file) is None:
            return CONVERSATIONS_IN_TABLE
        named = not self.table or self.settings_file or self.table == self.settings.table_name
        return self.settings.conversations_in_table if named else CONVERSATIONS_IN_TABLE

    @cached_property
    def user_pool(self) -> UserPool:
        """Return the user pool of the people who send messages; UserStoreError where there is none."""
        return stores.needed(self.user_pool_if_any)

    @cached_property
    def user_pool_if_any(self) -> UserPool | None:
        """Return the user pool, None where neither the options nor the settings have one."""
        return stores.user_pool(self.settings, self.client_of, self.user_pool_id)

    @cached_property
    def cipher(self) -> encryption.Cipher | None:
        """Return the cipher of texts; None where no key is named, or the command neither writes nor shows texts."""
        if self.encrypting is None:
            return None
        before = _instant(self.encrypting.plaintext_before or "")
        if self.encrypting.message_key:
            return encryption.cipher(self.encrypting.message_key, self.client_of("kms"), before)
        if not self.table and self.settings.client_side_encryption:
            raise EncryptionError(
                f"table {self.table_name} has client-side encryption; name its key with --message-key or "
                f"TABLEGUARD_MESSAGE_KEY: the table stack exports it as {self.settings.export('MessageKeyArn')}"
            )
        return None

    def repeated(self) -> str:
        """Write the options that name the table, to go behind another command; "" where none was used."""
        options: dict[str, object] = {
            "endpoint-url": self.endpoint_url,
            "region": self.region,
            "profile": self.profile,
            "table": self.table,
            "settings": self.settings_file,
        }
        if self.encrypting:
            key, before = self.encrypting.message_key, self.encrypting.plaintext_before
            # the other command reads the variables itself
            options["message-key"] = key if key != os.environ.get("TABLEGUARD_MESSAGE_KEY") else None
            options["plaintext-before"] = before if before != os.environ.get("TABLEGUARD_PLAINTEXT_BEFORE") else None
        used = ((name, value) for name, value in options.items() if value is not None)
        return "".join(f" --{name} {shlex.quote(str(value))}" for name, value in used)


def _on_loopback(endpoint: str | None) -> bool:
    try:
        return is_on_loopback(endpoint)
    except ValueError as error:
        raise TableError(f"endpoint {endpoint}: {error}; accepted: https://HOST or https://HOST:PORT") from error


def _check_encrypted(endpoint: str) -> None:
    """Raise TableError if messages would leave this machine in plaintext."""
    if not endpoint.startswith("https://") and not _on_loopback(endpoint):
        raise TableError(f"endpoint {endpoint}: messages would travel unencrypted; use https://")


def _instant(text: str) -> str:
    try:
        return canonical(text) if text else ""
    except ValueError as error:
        raise EncryptionError(f"--plaintext-before {text!r}: not an ISO 8601 time") from error


def run_on(target: Target, main: Callable[[Target], int | None]) -> int | None:
    """Run a command on a table; raise AWS's refusal as an error that names the remedy."""
    try:
        return main(target)
    except ClientError as error:
        raise TableError(_explained(error, target)) from error
    except TableguardError as error:  # KMS's refusals too are told by one of these
        if isinstance(error.__cause__, ClientError) and (hint := _hint(error.__cause__, target)):
            raise TableError(f"{error}{hint}") from error
        raise


def _explained(error: ClientError, target: Target) -> str:
    if error.response["Error"]["Code"] == "ResourceNotFoundException":
        return str(no_table(target.client, target.table_name))
    return f"{error}{_hint(error, target)}"


def _hint(error: ClientError, target: Target) -> str:
    """Say whose profile it takes if AWS denied the call, and whose keys it had if they are unknown."""
    if error.response["Error"]["Code"] in _DENIED:
        return _PROFILES
    return unknown_keys(error, target.profile, target.address.on_loopback)
