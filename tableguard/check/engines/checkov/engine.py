"""checkov in a child process, beside cfn-lint: one file's crash is that file's, and nothing leaves the machine."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from tableguard.check.engines.checkov import child as checkov_child
from tableguard.check.engines.checkov import location
from tableguard.cloudformation.template_files import Source
from tableguard.errors import CheckError
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, Skip, Unanswered

ENGINE = "checkov"
MAJOR = "3"  # whose runners the child speaks to
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
def started(sources: Sequence[Source], command: Sequence[str] = ()) -> Iterator[Callable[[], Outcome]]:
    """checkov at work on templates; what is yielded waits for its outcome, and leaving the context stops it.

    Where checkov is absent, does not start or gives no answer, all templates are unanswered, and other engines go on.
    """
    places = {str(source.path.resolve()): source.place for source in sources}
    try:
        command = command or (location.interpreter(), str(Path(checkov_child.__file__)))
    except CheckError as error:
        absent = _unanswered(len(places), error)
        yield lambda: absent
        return
    with _child(list(places), command) as child:
        yield lambda: _awaited(places, child, command)


def _awaited(places: Mapping[str, str], child: "_Child", command: Sequence[str]) -> Outcome:
    try:
        return _outcome([(places[answer["file"]], answer) for answer in _answers(list(places), child, command)])
    except CheckError as error:
        return _unanswered(len(places), error)


def _unanswered(templates: int, error: CheckError) -> Outcome:
    place = "1 template" if templates == 1 else f"{templates} templates"
    return Outcome(ENGINE, "checks", 0, 0, unanswered=(Unanswered(place, ENGINE, str(error)),))


def _answers(paths: list[str], child: "_Child", command: Sequence[str]) -> list[Answer]:
    """An answer for every file; where a process died of one, another is asked for the rest."""
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
    with TemporaryFile() as asked, TemporaryFile() as said, TemporaryFile() as complained:
        asked.write(json.dumps(paths).encode())
        asked.seek(0)
        process = subprocess.Popen(
            command, stdin=asked, stdout=said, stderr=complained, env={**environment, **_ENVIRONMENT}
        )
        try:
            yield _Child(process, said, complained)
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class _Child:
    """One process at work on some files."""

    process: "subprocess.Popen[bytes]"
    said: IO[bytes]
    complained: IO[bytes]

    def answers(self) -> list[Answer]:
        """The answers for all files, or for those before the one it died of; CheckError if it never began."""
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise CheckError(f"none in {SECONDS} s; check fewer templates at a time") from error
        self.said.seek(0)
        lines = [json.loads(line) for line in self.said.read().splitlines()]
        for line in lines:
            if line.get("refused"):
                raise CheckError(f"it reached for the network ({line['refused'][0]}) and was refused")
        version = next((str(line["ready"]) for line in lines if "ready" in line), None)
        if version is None:
            raise CheckError(f"it cannot be started ({self.last_words()}); install checkov>=3.3.30,<4")
        if version.partition(".")[0] != MAJOR:
            raise CheckError(f"checkov {version} is installed; install checkov>=3.3.30,<4")
        return [line for line in lines if "file" in line]

    def last_words(self) -> str:
        """How it ended: the last line it wrote, and its exit code."""
        self.complained.seek(0)
        words = self.complained.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "nothing said")
        return f"{last}, exit code {self.process.returncode}"


def _outcome(answers: Sequence[tuple[str, Answer]]) -> Outcome:
    heard = [(place, answer) for place, answer in answers if "crash" not in answer]
    findings = tuple(_finding(place, failure) for place, answer in heard for failure in answer["failed"])
    return Outcome(
        engine=ENGINE,
        unit="checks",
        passed=sum(answer["passed"] for _, answer in heard),
        failed=len(findings),
        findings=findings,
        skips=tuple(
            Skip(_where(place, skipped), skipped["id"], skipped["reason"])
            for place, answer in heard
            for skipped in answer["skipped"]
        ),
        unanswered=tuple(Unanswered(place, ENGINE, answer["crash"]) for place, answer in answers if "crash" in answer),
    )


def _finding(place: str, failure: Answer) -> Finding:
    remedy = "correct the resource, or skip the check in its Metadata with a reason"
    return Finding(_where(place, failure), failure["id"], failure["name"], remedy)


def _where(place: str, record: Answer) -> str:
    return f"{place}: {record['resource']} (line {record['line']})"
