"""Creates boto3 clients of the embedded AWS for any service, account and region."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.auth import AUTH_TYPE_MAPS
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider

from tableguard.local.clients import in_process, served, unverified
from tableguard.local.clients.identities import ACCOUNT_HEADER, ACTING_HEADER, SETUP_KEY, VIA_HEADER, via_header

# One attempt, so that a refusal is seen once, and where it happens. No proxy, whatever the environment says: only
# loopback is to be reached. The endpoint is used as it is: AWS_ACCOUNT_ID_ENDPOINT_MODE, by which later botocores put
# the account into host names that moto does not know, has no effect.
_CONFIG = Config(
    retries={"total_max_attempts": 1}, max_pool_connections=16, proxies={}, s3={"addressing_style": "path"}
)

# In place of the user's own AWS configuration: no files, and no request for keys beyond this machine.
_NO_FILES = {"config_file": os.devnull, "credentials_file": os.devnull}
_NO_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_session_lock = threading.Lock()  # a boto3 session may be used by one thread at a time


class Clients:
    """Clients by (service, account, region) with one access key; each is created once, which takes 20 ms.

    `via` is the service that acts for the holder of the key, empty if the holder acts; `acting` is the service that
    was given the key's role, and is the holder.
    """

    def __init__(self, endpoint: str, access_key_id: str = SETUP_KEY, via: str = "", acting: str = "") -> None:
        self.endpoint, self.access_key_id, self.via, self.acting = endpoint, access_key_id, via, acting
        self._clients: dict[tuple[str, str, str], Any] = {}

    def __call__(self, service: str, account: str, region: str) -> Any:
        """Return the client of a service in an account and region."""
        key = (service, account, region)
        if key not in self._clients:
            self._clients[key] = self._create(*key)
        return self._clients[key]

    def _create(self, service: str, account: str, region: str) -> Any:
        client = make_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key="embedded",  # noqa: S106  # opens nothing
        )

        def name_the_account(params: dict[str, Any], **_: Any) -> None:
            params["headers"][ACCOUNT_HEADER] = account
            if self.via:
                params["headers"][VIA_HEADER] = via_header(self.via)
            if self.acting:
                params["headers"][ACTING_HEADER] = via_header(self.acting)

        client.meta.events.register("before-call", name_the_account)
        return client


def make_client(service: str, **arguments: Any) -> Any:
    """Create a client that tries once, with the arguments of boto3.Session.client.

    What this process serves itself is asked without a socket.
    """
    with _session_lock:
        make: Callable[..., Any] = _session().client  # typed for each service by name, where this takes any
        client = make(service, **{"config": _CONFIG, **arguments})
    application = served.application(client.meta.endpoint_url)
    if application is not None:
        client.meta.events.register("before-send", in_process.in_process_responder(application))
        AUTH_TYPE_MAPS[unverified.NAME] = unverified.UnverifiedSignature
        client.meta.events.register_last("choose-signer", unverified.choose)
    return client


@cache
def _session() -> boto3.Session:
    """Return the one session behind all clients: it reads each service's description once, 100 ms for EC2."""
    return boto3.Session(botocore_session=_session_without_configuration())


def _session_without_configuration() -> botocore.session.Session:
    """Return a session with botocore's own defaults, whatever the user's environment and AWS files say."""
    session = botocore.session.Session()
    store = session.get_component("config_store")
    for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        store.set_config_provider(name, ConstantProvider(_NO_FILES.get(name, default)))
    return session


@contextmanager
def without_aws_configuration() -> Iterator[None]:
    """Hide the user's AWS configuration from this process in the block: moto creates sessions of its own."""
    saved = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    _swap_environment(saved, _NO_CONFIGURATION)
    try:
        yield
    finally:
        _swap_environment(_NO_CONFIGURATION, saved)


def _swap_environment(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
