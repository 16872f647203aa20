"""Run checkov in a child process: a crash costs one file its answer, and nothing leaves the machine."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from tableguard.check.engines.checkov import child as checkov_child
from tableguard.check.engines.checkov import location
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.errors import CheckError
from tableguard.findings.counts import counted
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, Skip, Unanswered

ENGINE = "checkov"
MAJOR = "3"  # whose runners the child speaks to
_INSTALL = "install checkov>=3.3.30,<4"
SECONDS = 600  # for one process; ten templates take two, three hundred some fifteen

# checkov's own settings, and keys for its vendor's service, could change or send what is checked
_FOREIGN = ("BC_", "CHECKOV_", "CKV_", "PRISMA_")
_ENVIRONMENT = {
    "BC_SKIP_MAPPING": "TRUE",  # else it asks its vendor for guideline links
    "CHECKOV_PARALLELIZATION_TYPE": "none",  # a pool of processes costs more than it saves on ten files
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "TRUE",  # else it asks the package index for a newer version
    "LOG_LEVEL": "ERROR",
    "PYTHONSAFEPATH": "1",  # the folder of the child's file must not become a place to import from
}

Answer = dict[str, Any]


@contextmanager
def started(sources: Sequence[TemplateFile], command: Sequence[str] = ()) -> Iterator[Callable[[], Outcome]]:
    """Start checkov on templates and yield the function that waits for its outcome; leaving the context stops it.

    Where checkov is absent, does not start or gives no answer, all templates are unanswered, and other engines go on.
    """
    templates = {str(source.path.resolve()): source for source in sources}
    with ExitStack() as stack:
        try:
            command = command or (location.interpreter(), str(Path(checkov_child.__file__)))
            child = stack.enter_context(_child(list(templates), command))
        except CheckError as error:
            absent = _unanswered(len(templates), error)
            yield lambda: absent
            return
        yield lambda: _awaited(templates, child, command)


def _awaited(templates: Mapping[str, TemplateFile], child: "_Child", command: Sequence[str]) -> Outcome:
    try:
        answers = _answers(list(templates), child, command)
    except CheckError as error:
        return _unanswered(len(templates), error)
    return _outcome([(templates[answer["file"]], answer) for answer in answers])


def _unanswered(templates: int, error: CheckError) -> Outcome:
    place = counted(templates, "template")
    return Outcome(ENGINE, "checks", 0, 0, unanswered=(Unanswered(place, ENGINE, str(error)),))


def _answers(paths: list[str], child: "_Child", command: Sequence[str]) -> list[Answer]:
    """Return an answer for every file; where a process died of one, another is started for the rest."""
    answers = child.answers()
    if len(answers) == len(paths):
        return answers
    answers.append({"file": paths[len(answers)], "crash": child.last_words()})
    left = paths[len(answers) :]
    if not left:
        return answers
    with _child(left, command) as another:
        return answers + _answers(left, another, command)


@contextmanager
def _child(paths: list[str], command: Sequence[str]) -> "Iterator[_Child]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    # files, not pipes: nobody reads while cfn-lint works, and a full pipe would stop checkov
    with TemporaryFile() as questions, TemporaryFile() as answers, TemporaryFile() as complaints:
        questions.write(json.dumps(paths).encode())
        questions.seek(0)
        try:
            process = subprocess.Popen(
                command, stdin=questions, stdout=answers, stderr=complaints, env={**environment, **_ENVIRONMENT}
            )
        except OSError as error:
            raise CheckError(f"it cannot be started ({command[0]}: {error.strerror}); {_INSTALL}") from error
        try:
            yield _Child(process, answers, complaints)
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class _Child:
    """One process at work on some files."""

    process: "subprocess.Popen[bytes]"
    output: IO[bytes]
    complaints: IO[bytes]

    def answers(self) -> list[Answer]:
        """Return the answers for all files, or for those before the one it died of; CheckError if it never began."""
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise CheckError(f"none in {SECONDS} s; check fewer templates at a time") from error
        self.output.seek(0)
        try:
            lines = [json.loads(line) for line in self.output.read().splitlines()]
        except ValueError as error:
            raise CheckError(f"it wrote what is no answer ({error}); {self.last_words()}") from error
        for line in lines:
            if line.get("refused"):
                raise CheckError(f"it reached for the network ({line['refused'][0]}) and was refused")
        version = next((str(line["ready"]) for line in lines if "ready" in line), None)
        if version is None:
            raise CheckError(f"it cannot be started ({self.last_words()}); {_INSTALL}")
        if version.partition(".")[0] != MAJOR:
            raise CheckError(f"checkov {version} is installed; {_INSTALL}")
        return [line for line in lines if "file" in line]

    def last_words(self) -> str:
        """Tell how it ended: the last line it wrote, and its exit code."""
        self.complaints.seek(0)
        words = self.complaints.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "nothing said")
        return f"{last}, exit code {self.process.returncode}"


def _outcome(answers: Sequence[tuple[TemplateFile, Answer]]) -> Outcome:
    complete = [(source, answer) for source, answer in answers if "crash" not in answer]
    crashes = [(source, answer["crash"]) for source, answer in answers if "crash" in answer]
    findings = tuple(_finding(source, failure) for source, answer in complete for failure in answer["failed"])
    return Outcome(
        engine=ENGINE,
        unit="checks",
        passed=sum(answer["passed"] for _, answer in complete),
        failed=len(findings),
        findings=findings,
        skips=tuple(_skip(source, skipped) for source, answer in complete for skipped in answer["skipped"]),
        unanswered=tuple(Unanswered(source.file, ENGINE, crash) for source, crash in crashes),
    )


def _finding(source: TemplateFile, record: Answer) -> Finding:
    remedy = "correct the resource, or skip the check in its Metadata with a reason"
    return Finding(record["id"], source.file, _path(source, record), record["line"], record["name"], remedy)


def _skip(source: TemplateFile, record: Answer) -> Skip:
    return Skip(record["id"], source.file, _path(source, record), record["line"], record["reason"])


def _path(source: TemplateFile, record: Answer) -> str:
    """Return the path of a resource that checkov calls TYPE.NAME; a secret has no path, and a hash for a name."""
    name = record["resource"].rpartition(".")[2]
    return f"Resources/{name}" if name in source.body["Resources"] else ""
