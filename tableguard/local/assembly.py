"""Assembles the embedded AWS from moto: its corrections, a silent server, an empty state."""

import importlib
import socket
import string
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from typing import Any

from flask import Flask
from flask.sessions import NullSession, SessionInterface, SessionMixin
from moto import backend_index, backends, settings
from moto.core import responses as core_responses
from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel
from moto.core.model_instances import reset_model_data
from moto.core.utils import method_names_from_class
from moto.moto_api._internal import mock_random
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import organizations_backends
from werkzeug.serving import BaseWSGIServer

from tableguard.local.authorization import hook
from tableguard.local.authorization.state import STATE
from tableguard.local.edge import Edge
from tableguard.local.http_server import HttpServer
from tableguard.local.moto.patch import replace
from tableguard.local.stand_in_cache import StandInCache
from tableguard.local.watch import watch

SEED = 20240101  # moto draws every identifier from one generator; seeded, every run has the same ones

# the module that corrects a service of moto; each has install()
_CORRECTIONS = {
    "account": "moto.account",
    "backup": "moto.backup",
    "cloudformation": "stacks.api",
    "cloudtrail": "moto.cloudtrail",
    "cloudwatch": "moto.cloudwatch",
    "cognitoidentity": "moto.cognito.corrections",
    "cognito-identity": "moto.cognito.corrections",
    "cognitoidp": "moto.cognito.corrections",
    "cognito-idp": "moto.cognito.corrections",
    "config": "moto.config",
    "dax": "moto.dax",
    "dynamodb": "moto.dynamodb.corrections",
    "dynamodbstreams": "moto.dynamodb.corrections",
    "ec2": "moto.ec2",
    "events": "moto.events",
    "iam": "moto.iam",
    "kms": "moto.kms",
    "awslambda": "moto.awslambda.corrections",
    "lambda": "moto.awslambda.corrections",
    "logs": "moto.logs.corrections",
    "organizations": "moto.organizations",
    "resourcegroupstaggingapi": "moto.tagging",
    "s3": "moto.s3",
    "sns": "moto.sns",
    "sqs": "moto.sqs",
    "sts": "moto.sts",
}


@cache
def install_corrections() -> None:
    """Correct moto in this process, once; each service is corrected when moto first loads it."""
    modules = tuple(backends.list_of_moto_modules())  # moto lists its folder anew for every request
    replace(backends, "list_of_moto_modules", lambda: modules)
    # and so it lists the methods of a handler: 0.3 ms of the 2 ms that a PutItem takes
    replace(core_responses, "method_names_from_class", cache(method_names_from_class))
    replace(BaseModel, "__new__", staticmethod(_untracked))
    replace(type(mock_random), "get_random_string", _random_string)
    replace(settings, "ec2_load_default_amis", lambda: False)  # 3 s for each account and region, and nothing boots
    replace(backends, "get_backend", _with_corrections(backends.get_backend))
    replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)  # otherwise a page of any website may read the answers
    hook.install()


def _with_corrections(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(load)
    def get_backend(service: str) -> Any:
        backend = load(service)
        if service in _CORRECTIONS:
            _install(_CORRECTIONS[service])
        return backend

    return get_backend


def _untracked(kind: Any, *_: Any, **__: Any) -> Any:
    """Make an instance of a model, without moto's keeping all there ever were for a page of its own, which is left out.

    It kept each copy of an item, each stream record and each iterator. S3's keys say it when nobody disposes of them.
    """
    instance = object.__new__(kind)
    if hasattr(kind, "__del__"):
        kind.instances_tracked.append(instance)
    return instance


def _random_string(random: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
    """Draw the same letters as moto, in 6 us for the 52 of a request id in place of 60."""
    pool = string.ascii_letters + (string.digits if include_digits else "")
    bits, draw = len(pool).bit_length(), random.getrandbits
    letters: list[str] = []
    while len(letters) < length:
        number = draw(bits)
        if number < len(pool):
            letters.append(pool[number])
    text = "".join(letters)
    return text.lower() if lower_case else text


@cache
def _install(module: str) -> None:
    importlib.import_module(f"tableguard.local.{module}").install()


def reset() -> None:
    """Empty every account, region and service."""
    in_use: list[Any] = list(vars(BackendDict)["_instances"])
    BackendDict.reset()
    for backend in in_use:
        backend.clear()  # resetting a backend that uses another creates that other one anew
    organizations_backends.master_accounts.clear()  # moto's own reset leaves these
    reset_model_data()
    STATE.reset()
    watching = watch.in_use()
    if watching is not None:
        watching.reset()
    mock_random.seed(SEED)


def wsgi_server(listening: socket.socket) -> BaseWSGIServer:
    """Return a server of moto's services (moto.server.ThreadedMotoServer), silent and on a socket that is open already.

    moto's opens the port in its thread, which ends if the port is taken, and leaves the caller waiting.
    """
    return HttpServer(listening, Edge(StandInCache(_Services(_service))))


class _Services(DomainDispatcherApplication):
    """moto's DomainDispatcherApplication, which finds a request's service, without its message if there is none.

    moto's own pages are left out, as nothing authorizes them: one empties every account, another hands out keys.
    """

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the service as moto does, or None for moto's own pages and unknown hosts."""
        return None if host is None else _service_at(host)


_PAGES_OF_MOTO = ("moto_api", "instance_metadata")  # /moto-api/..., /latest/meta-data/...


@lru_cache(maxsize=1024)  # moto tries up to 200 patterns for every request
def _service_at(host: str) -> str | None:
    if host in _PAGES_OF_MOTO:
        return None
    if host in backends.list_of_moto_modules():
        return host
    patterns = backend_index.backend_url_patterns
    return next((service for service, pattern in patterns if pattern.match(f"http://{host}")), None)


def _service(name: Any) -> Flask:
    if name is None:
        raise NotImplementedError
    app = create_backend_app(name)
    # moto's debug mode makes a class for every request; exceptions pass through to the edge as they do in that mode
    app.debug, app.config["PROPAGATE_EXCEPTIONS"] = False, True
    app.session_interface = _NoSessions()
    return app


class _NoSessions(SessionInterface):
    """The sessions of an app to which no browser logs in: Flask would look for a cookie in every request."""

    def open_session(self, app: Flask, request: Any) -> SessionMixin:
        """Return an empty session, which is never saved."""
        return NullSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
        """Save nothing."""
