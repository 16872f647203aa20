"""Correction of moto's Lambda: a function is checked when it is made or changed, as Lambda does.

moto takes any timeout, memory, runtime, handler and variables, and bytes that are no zip file; Invoke fails later.
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.utils import get_service_model

from tableguard.local.moto.awslambda.refusals import check_ranges, invalid_parameter, validation_error
from tableguard.local.moto.patch import wrap

_RANGES = (("Timeout", 1, 900), ("MemorySize", 128, 10_240))  # name, lowest, highest
_PATTERNS = (("FunctionName", r"[a-zA-Z0-9-_:]{1,140}"), ("Handler", r"[^\s]{1,128}"))
_VARIABLE = r"[a-zA-Z][a-zA-Z0-9_]+"
_VARIABLES_BYTES = 4096
_UNCONFIGURED = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
    r"|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)"
    r"|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)"
)

Spec = dict[str, Any]


def install() -> None:
    """Wrap CreateFunction, UpdateFunctionConfiguration, and what reads the code of a function."""
    wrap(LambdaBackend, "create_function", _create)
    wrap(LambdaFunction, "update_configuration", _update_configuration)
    wrap(LambdaFunction, "_set_function_code", _set_function_code)


def _create(original: Callable[..., LambdaFunction], backend: LambdaBackend, spec: Spec) -> LambdaFunction:
    _check(spec)
    return original(backend, spec)


def _update_configuration(original: Callable[..., Spec], function: LambdaFunction, updates: Spec) -> Spec:
    _check(updates)
    return original(function, updates)


def _set_function_code(original: Callable[..., None], function: LambdaFunction, spec: Spec) -> None:
    before = {**vars(function), "code": {**function.code}}
    original(function, spec)
    code = getattr(function, "code_bytes", b"")
    if code and not zipfile.is_zipfile(io.BytesIO(code)):
        vars(function).update(before)  # the function keeps its code
        raise invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.")


def _check(spec: Spec) -> None:
    check_ranges(spec, _RANGES)
    for name, pattern in _PATTERNS:
        if not re.fullmatch(pattern, spec.get(name) or "-"):
            raise validation_error(spec[name], name, f"Member must satisfy regular expression pattern: {pattern}")
    runtimes = get_service_model("lambda").shape_for("Runtime").metadata["enum"]
    if spec.get("Runtime") and spec["Runtime"] not in runtimes:
        raise validation_error(spec["Runtime"], "Runtime", f"Member must satisfy enum value set: {runtimes}")
    _check_variables((spec.get("Environment") or {}).get("Variables") or {})


def _check_variables(variables: Mapping[str, str]) -> None:
    for name in variables:
        if not re.fullmatch(_VARIABLE, name) and not _RESERVED.fullmatch(name):
            wanted = f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {_VARIABLE}]"
            raise validation_error(name, "environment.variables", wanted)
    if reserved := [name for name in variables if _RESERVED.fullmatch(name)]:
        text = "contains reserved keys that are currently not supported for modification. "
        raise invalid_parameter(f"{_UNCONFIGURED}{text}Reserved keys used in this request: {', '.join(reserved)}")
    if len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode()) > _VARIABLES_BYTES:
        raise invalid_parameter(f"{_UNCONFIGURED}exceeded the 4KB limit.")
