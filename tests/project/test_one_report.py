"""Findings, exit codes and formats are defined once: a second definition would drift away from the first."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.project.rooms import python_files

CODES = frozenset(("FINE", "FINDINGS", "UNANSWERED", "COULD_NOT", "COULD_NOT_ASK", "COULD_NOT_RUN", "INTERRUPTED"))
CLASSES = frozenset(("Finding", "Report", "Skip", "Unanswered"))


def definitions(modules: Mapping[str, Path]) -> list[tuple[str, str]]:
    """The module of every exit code, class of the report, indented JSON and schema of SARIF, with what it is."""
    return sorted(
        (what, name) for name, path in modules.items() for what in _defined(ast.parse(path.read_text(encoding="utf-8")))
    )


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in CODES:
            yield node.id
        elif isinstance(node, ast.ClassDef) and node.name in CLASSES:
            yield f"class {node.name}"
        elif isinstance(node, ast.Call) and any(keyword.arg == "indent" for keyword in node.keywords):
            yield "indented JSON"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "sarif-schema" in node.value:
            yield "SARIF"


def test_each_is_defined_once() -> None:
    assert definitions(python_files(Path(), ("tableguard", "templates", "stream_lambda"))) == [
        ("FINDINGS", "tableguard.findings.exit_code"),
        ("FINE", "tableguard.findings.exit_code"),
        ("INTERRUPTED", "tableguard.findings.exit_code"),
        ("SARIF", "tableguard.findings.formats"),
        ("UNANSWERED", "tableguard.findings.exit_code"),
        ("class Finding", "tableguard.findings.finding"),
        ("class Report", "tableguard.findings.formats"),
        ("class Skip", "tableguard.findings.outcome"),
        ("class Unanswered", "tableguard.findings.outcome"),
        ("indented JSON", "tableguard.findings.formats"),
    ]


def test_a_second_definition_is_seen(tmp_path: Path) -> None:
    text = "import json\nFINE, FINDINGS = 0, 1\n\n\nclass Finding:\n    text = json.dumps({}, indent=1)\n"
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "other.py").write_text(text, encoding="utf-8")
    assert definitions(python_files(tmp_path, ("room",))) == [
        ("FINDINGS", "room.other"),
        ("FINE", "room.other"),
        ("class Finding", "room.other"),
        ("indented JSON", "room.other"),
    ]
