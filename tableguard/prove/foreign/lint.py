"""The lint of anybody's policy documents for `tableguard check`: what AWS refuses, and what is said in vain."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tableguard.check.rules import action_names, context_keys, policy_grammar, policy_meaning
from tableguard.check.rules.document_path import Document, LineOf, no_line
from tableguard.cloudformation import template_files
from tableguard.errors import PolicyError
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, merged
from tableguard.prove.foreign import documents
from tableguard.prove.foreign.files import has_effect
from tableguard.prove.foreign.kinds import kind_of
from tableguard.reading import json_file
from tableguard.reading.line_numbers import LineNumbers
from tableguard.reading.placeholders import Values

ENGINE = "policies of others"
_PLACEHOLDER = re.compile(r"<[^<>]+>|\$\{[^}:*?$,]+\}")
_REMEDY = "write one JSON object with a list of statements; AWS refuses the document, or keeps a part of it"
_NOT_KNOWN_HERE = (action_names.UNLISTED, context_keys.UNLISTED)


@dataclass(frozen=True)
class Lint:
    """The files that hold policies, and what is wrong with these."""

    files: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome, where there is a file."""
        failed = len({finding.file for finding in self.findings})
        return (Outcome(ENGINE, "files", len(self.files) - failed, failed, self.findings),) if self.files else ()


def lint(paths: Sequence[Path], values: Values) -> Lint:
    """Look at the JSON files that hold policies, bare or wrapped, and are no templates; fill placeholders as known.

    Rules for one kind of document are asked where something tells the kind; all others of every document.
    """
    files: list[str] = []
    findings: list[tuple[Finding, ...]] = []
    for path, within in _files(paths):
        policies, problem = _policies(path)
        if policies or problem:
            files.append(str(path))
        if problem:
            findings.append((Finding("unreadable", str(path), "", 1, problem, _REMEDY),))
        for kind, document, line_of in policies:
            findings.append(tuple(_findings(path, _kind(path, within, kind, document), document, values, line_of)))
    return Lint(frozenset(files), merged(findings))


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for folder in paths:
        for path in sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]:
            if path.suffix == ".json" and path.is_file():
                yield path, path.name if path == folder else path.relative_to(folder).as_posix()


def _policies(path: Path) -> tuple[list[tuple[str, Document, LineOf]], str]:
    """Return the policies that a file holds, each with its kind, if its wrapper tells it, and its lines.

    Also return what is wrong with a file that is meant as a policy and is none. Of any other file without a policy, and
    of one that is not JSON, the reader of templates says what it is.
    """
    try:
        content = json_file.read_json(path)
        held = [] if template_files.is_template(content) else list(documents.documents_in(str(path), content))
    except PolicyError as error:
        return [], str(error).removeprefix(f"{path}: ") if _is_meant_as_policy(path) else ""
    bare = isinstance(content, dict) and "Statement" in content
    line_of: LineOf = LineNumbers(path.read_text(encoding="utf-8")).line_of if bare else no_line
    policies = [(kind, document, line_of) for _, kind, document in held if has_effect(document["Statement"])]
    broken = not policies and _is_meant_as_policy(path)
    return policies, "Statement holds no statement with an Effect" if broken else ""


def _is_meant_as_policy(path: Path) -> bool:
    """Return True for JSON with the elements Version and Statement, however strict readers take the rest of it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.keys() >= {"Version", "Statement"}


def _kind(path: Path, within: str, written: str, document: Document) -> str:
    """Return the kind of a document, an empty text where nothing tells it."""
    if written:
        return written
    try:
        return kind_of(str(path), within, path.resolve().parent.name, document, "").kind
    except PolicyError:
        return ""


def _findings(path: Path, kind: str, document: Document, values: Values, line_of: LineOf) -> Iterator[Finding]:
    """Yield what is wrong with a document; what a placeholder without a value makes wrong is not known."""
    try:
        filled = documents.filled(document, values, str(path))
    except PolicyError:
        filled = document
    every = (
        *policy_grammar.check(str(path), kind, filled, line_of, ours=False),
        *policy_meaning.check(str(path), kind, filled, line_of=line_of),
    )
    for finding in every:
        if not _PLACEHOLDER.search(finding.problem) and not finding.problem.endswith(_NOT_KNOWN_HERE):
            yield finding
