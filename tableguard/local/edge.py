"""The edge of the embedded AWS: a request that moto cannot answer gets an error in AWS's shape, and a line on stderr.

moto 5.2.5 answers such a request in HTML, with status 404 or 500 and a traceback; after a 500 clients try again.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.request import Request
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from tableguard.local.authorization.refusal import error_body
from tableguard.local.dynamodb_local import forwarding
from tableguard.local.operation import operation_of
from tableguard.local.trail import call_under_way
from tableguard.local.trail.observation import observed
from tableguard.local.watch import watch

# neither 408, 429 nor 5xx, which clients try again
STATUS = 400
CODE, FAILED_CODE = "NotModelled", "EmbeddedAwsFailed"
# AWS's errors for a JSON request whose body is not JSON, or that is not signed, whatever its operation:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_NOT_JSON = "SerializationException", "the body is not a JSON object"
_OF_A_WEB_PAGE = "AccessDeniedException", "requests of web pages are refused: functions run on this machine"
_UNSIGNED = "MissingAuthenticationTokenException", "Request is missing Authentication Token"
_NOT_IMPLEMENTED = (NotImplementedError, OperationNotFoundError)  # what moto raises where it has no such operation

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class BufferedRequest:
    """A request whose body is read once and kept: WSGI's input cannot be read a second time."""

    def __init__(self, environ: Environ) -> None:
        self._environ, self._body = environ, b""

    def read(self) -> Environ:
        """Read the body and return the request with it."""
        self._body = Request(self._environ).get_data(cache=False)
        return self._whole()

    def reread(self) -> Request:
        """Return the same request anew, with as much of the body as was read."""
        return Request(self._whole())

    def _whole(self) -> Environ:
        length = {"CONTENT_LENGTH": str(len(self._body))} if "CONTENT_LENGTH" in self._environ else {}
        return {**self._environ, **length, "wsgi.input": BytesIO(self._body)}


class Edge:
    """A WSGI application that answers each request in AWS's shape, whatever the one behind it does."""

    def __init__(self, behind: Application) -> None:
        self.behind = behind

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Return the answer of the application behind, or NotModelled if that answer does not have AWS's shape."""
        request, watching = BufferedRequest(environ), watch.in_use()
        token, began = call_under_way.begin(), watching.clock.now() if watching else None
        try:
            whole = request.read()
            answer = _web_page_refusal(request, whole) or _json_refusal(whole) or _answer(self.behind, whole)
        except Exception as error:  # noqa: BLE001  # moto may raise anything, and all of it ends here
            answer = _not_modelled(request, error)
        else:
            if not _is_of_aws(answer, environ["REQUEST_METHOD"]):
                answer = _not_modelled(request, None)
            elif answer.status_code == STATUS and CODE.encode() in answer.get_data():  # by a correction of ours
                sys.stderr.write(f"not modelled: {operation_of(request.reread()).name}\n")
        call = call_under_way.end(token)
        if call is not None and watching is not None and began is not None:
            watching.observe(observed(call, environ, answer, began))
        return answer(environ, start_response)


def _answer(application: Application, environ: Environ) -> Response:
    parts, status, headers = run_wsgi_app(application, environ, buffered=True)
    return Response(list(parts), status, headers)  # keeps the length in the headers: HEAD has one, and no body


def _is_of_aws(answer: Response, method: str) -> bool:
    """Return True if a client can read the answer; of an answer to HEAD it reads only the status."""
    if answer.status_code < 400:
        return True
    if answer.status_code >= 500 and forwarding.in_use() is None:
        return False  # an engine that keeps the tables may fail, and then answers so itself
    body = answer.get_data()
    return method == "HEAD" or "x-amzn-errortype" in answer.headers or b'"__type"' in body or b"<Code>" in body


def _not_modelled(request: BufferedRequest, error: Exception | None) -> Response:
    call = operation_of(request.reread())
    if call.protocol == "json" and not call.service:
        return _error(*_UNSIGNED, call.protocol)
    place = "" if error is None or isinstance(error, _NOT_IMPLEMENTED) else _place(error)
    ours = place.startswith("tableguard/")
    text = f"{'embedded AWS failed' if ours else 'not modelled'}: {call.name}"
    sys.stderr.write(f"{text}: {type(error).__name__} at {place}\n" if place else f"{text}\n")
    return _error(FAILED_CODE if ours else CODE, text, call.protocol)


def _web_page_refusal(request: BufferedRequest, environ: Environ) -> Response | None:
    """Refuse what a browser sends for a page: any page could have a function run here, signed in the address.

    Browsers name the page's origin in every request that changes something: https://fetch.spec.whatwg.org/#origin-header
    """
    if "HTTP_ORIGIN" not in environ and environ.get("HTTP_SEC_FETCH_SITE", "none") == "none":
        return None
    return _error(*_OF_A_WEB_PAGE, operation_of(request.reread()).protocol, status=403)


def _json_refusal(environ: Environ) -> Response | None:
    """Refuse a request with its operation in a header and a body that is no JSON object; otherwise return None."""
    if "HTTP_X_AMZ_TARGET" not in environ:
        return None
    try:
        if isinstance(json.load(environ["wsgi.input"]), dict):
            environ["wsgi.input"].seek(0)
            return None
    except (ValueError, RecursionError):
        pass  # refused like a body that is no object
    return _error(*_NOT_JSON, "json")


def _error(code: str, message: str, protocol: str, status: int = STATUS) -> Response:
    body, headers = error_body(code, message, protocol)
    return Response(body, status, headers)


def _place(error: Exception) -> str:
    """Return where in moto's source, or in ours, an exception was raised: its text could quote a user's message."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("moto.", "tableguard.")) and module != __name__:
            folders = module.replace(".", "/").removesuffix(f"/{Path(frame.f_code.co_filename).stem}")
            return f"{folders}/{Path(frame.f_code.co_filename).name}:{line}"
    return "the web framework"
