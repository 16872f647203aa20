"""The other evaluator: iam-simulate in a process of its own, asked in one batch."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tableguard.paths import ROOT
from tableguard.policy import service_reference
from tableguard.policy.principals import Principal
from tests.oracle.worlds import Document, Sample

ENGINE = ROOT / ".engines" / "iam-simulate"
_ADAPTER = Path(__file__).with_name("oracle.mjs")


def available() -> bool:
    """Whether node and the engine are there."""
    return shutil.which("node") is not None and (ENGINE / "node_modules").is_dir()


def ask(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The engine's answer to each sample."""
    lines = "".join(json.dumps(_simulation(sample)) + "\n" for sample in samples)
    done = subprocess.run(
        [shutil.which("node") or "node", str(_ADAPTER), str(ENGINE)],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(samples)
    return answers


def _simulation(sample: Sample) -> dict[str, Any]:
    request = sample.request
    found: dict[str, Any] = {
        "request": {
            "principal": _principal(request.principal),
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.resource_account},
            "contextVariables": {key: _value(key, values) for key, values in request.keys().items()},
        },
        "identityPolicies": _named(sample.identity),
        "serviceControlPolicies": _levels("scp", sample.scp),
        "resourceControlPolicies": _levels("rcp", sample.rcp),
        "sessionPolicy": sample.session,
        "resourcePolicy": sample.resource,
        "permissionBoundaryPolicies": _optional("boundary", sample.boundary),
        "vpcEndpointPolicies": _optional("endpoint", sample.endpoint),
    }
    return {key: value for key, value in found.items() if value is not None}


def _principal(caller: Principal) -> Any:
    return {"type": "Anonymous"} if caller.kind == "anonymous" else caller.session_arn


def _value(key: str, values: tuple[str, ...]) -> str | list[str]:
    several = (service_reference.load().key_type(key) or "").startswith("ArrayOf")
    return list(values) if several else values[0]


def _named(policies: Mapping[str, Document]) -> list[dict[str, Any]]:
    return [{"name": name, "policy": document} for name, document in policies.items()]


def _levels(name: str, levels: Sequence[Mapping[str, Document]]) -> list[dict[str, Any]]:
    return [{"orgIdentifier": f"{name}{n}", "policies": _named(level)} for n, level in enumerate(levels)]


def _optional(name: str, document: Document | None) -> list[dict[str, Any]] | None:
    return None if document is None else _named({name: document})
