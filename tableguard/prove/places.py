"""The places in files that findings about policies point at."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tableguard.check.rules import document_path
from tableguard.paths import POLICIES, from_here
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.reading.json_file import read_json
from tableguard.reading.line_numbers import Key, LineNumbers, line_with


def shipped(place: str) -> Path:
    """Return the file of a shipped document or contract, which reports call by its place within policies/."""
    return from_here(POLICIES / place)


def of_promise(file: Path, name: str) -> tuple[str, int]:
    """Return path and line of a promise in the TOML file that has it."""
    return f"promise {name}", line_with(file.read_text(encoding="utf-8"), f'"{name}"')


def of_statement(file: Path, sids: Collection[str]) -> tuple[str, int]:
    """Return path and line of the first statement of a document that has one of these Sids, else of the document."""
    document = read_json(file)
    statements = document_path.statements(document)
    path = next((path for path, statement in statements if statement.get("Sid") in sids), ())
    return document_path.shown(path, document), LineNumbers(file.read_text(encoding="utf-8")).line_of(path)


def of_change(
    before: Sequence[ForeignDocument], after: Sequence[ForeignDocument], decided: str = ""
) -> tuple[str, str, int]:
    """Return file, path and line of the first document, and statement in it, that only one side has.

    One that `decided`, the decisions about the change in words, names by its name goes before the others.
    """
    new = [document for document in after if document.document not in [old.document for old in before]]
    gone = [document for document in before if document.document not in [one.document for one in after]]
    named = [document for document in (*new, *gone) if f"policy {document.name}," in decided]
    document = [*named, *new, *gone, *after, *before][0]
    file, name = _file_and_name(document.place)
    others = before if document in after else after
    path = ("Resources", name) if name else _first_statement(document, others)
    line = LineNumbers(file.read_text(encoding="utf-8")).line_of(path)
    return str(file), "/".join(map(str, path)) if name else document_path.shown(path, document.document), line


def _file_and_name(place: str) -> tuple[Path, str]:
    """Take apart the place of a document: `FILE`, or `FILE: NAME` and more for one of a template's resources."""
    parts = place.split(": ")
    length = next(length for length in range(1, len(parts) + 1) if Path(": ".join(parts[:length])).is_file())
    return Path(": ".join(parts[:length])), parts[length] if length < len(parts) else ""


def _first_statement(document: ForeignDocument, others: Sequence[ForeignDocument]) -> tuple[Key, ...]:
    """Return the path of the first statement that none of the others has; () where each is in one of them."""
    statements = [statement for other in others for _, statement in document_path.statements(other.document)]
    new = (path for path, statement in document_path.statements(document.document) if statement not in statements)
    return next(new, ())
