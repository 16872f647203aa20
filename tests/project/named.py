"""Commands, scripts, modules and tests that a text names, and those of them that do not exist.

What exists is asked of the command line itself: of --help, in this process.
"""

import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path

from tableguard.attack import catalogue
from tableguard.cli.app import main

_COMMAND = re.compile(r"(?<![\w/-])(?:\.venv/bin/)?tableguard ([^\n`#|&;)]+)")
_SCRIPT = re.compile(r"(?<![\w/-])(scripts/[\w/{},-]+)([^\n`#|&;)]*)")
_MODULE = re.compile(r"\bpython[\d.]* -m ([\w.]+)")
_TEST = re.compile(r"`((?:tests/[\w/]+\.py|policies/[\w/]+\.toml)::[^`]+)`")
_CASE = re.compile(r"(\w+)(?:\[(.+)\])?")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_WORD = re.compile(r"[a-z][a-z-]*|\{[a-z,-]+\}")


def expanded(text: str) -> list[str]:
    """Return what a shell makes of {a,b}."""
    parts = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"(\{[^}]*\})", text)]
    return ["".join(choice) for choice in product(*parts)]


@cache
def help_of(*words: str) -> str | None:
    """Return the help of a command, or None if there is no such command."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        try:
            code = main([*words, "--help"])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return None if code else out.getvalue()


def is_group(*words: str) -> bool:
    """Return whether a command only holds others."""
    text = help_of(*words)
    return text is not None and "COMMAND" in text.partition("\n\n")[0]


def absent_commands(text: str) -> list[str]:
    """Return the calls of `tableguard` in a text whose command or option does not exist."""
    return [fault for call in _COMMAND.findall(text) for fault in _faults(call)]


def _faults(call: str) -> Iterator[str]:
    words = [word.rstrip(":,") for word in call.split()]
    if not words or words[0].startswith(("--", "[")):
        return
    for first in expanded(words[0]):
        if help_of(first) is None:
            yield first
        elif is_group(first) and len(words) > 1 and _WORD.fullmatch(words[1]):
            for second in expanded(words[1]):
                yield from _wrong_options(call, first, second)
        else:
            yield from _wrong_options(call, first)


def _wrong_options(call: str, *words: str) -> Iterator[str]:
    text = help_of(*words)
    if text is None:
        yield " ".join(words)
        return
    known = {*_OPTION.findall(text), "--help"}
    yield from (f"{' '.join(words)} {option}" for option in _OPTION.findall(call) if option not in known)


def absent_scripts(root: Path, text: str) -> list[str]:
    """Return the scripts in a text that do not exist, or whose option neither their head nor their command knows."""
    faults = []
    for named, rest in _SCRIPT.findall(text):
        for script in expanded(named.rstrip("/,")):
            path = root / script
            if not path.exists():
                faults.append(script)
            elif path.is_file():
                faults += [f"{script} {option}" for option in _OPTION.findall(rest) if option not in _options(path)]
    return faults


def _options(script: Path) -> set[str]:
    text = script.read_text(encoding="utf-8")
    calls = re.findall(r'bin/tableguard" ([a-z-]+) ([a-z-]+)', text)
    helps = [help_of(*words) or "" for words in calls if help_of(*words) is not None]
    return {*_OPTION.findall("\n".join([text, *helps])), "--help"}


def absent_modules(text: str) -> list[str]:
    """Return the modules that a text starts with `python -m` and that cannot be imported."""
    return [name for name in _MODULE.findall(text) if find_spec(name) is None]


def absent_tests(root: Path, text: str) -> list[str]:
    """List the tests of `FILE.py::NAME[CASE]`, and the cases of `FILE.toml::CASE`, that do not exist."""
    return [name for name in _TEST.findall(text) if not _is_a_test(root, *name.split("::"))]


def _is_a_test(root: Path, path: str, name: str) -> bool:
    if not (root / path).is_file():
        return False
    lines = (root / path).read_text(encoding="utf-8")
    if path.endswith(".toml"):
        return f'name = "{name}"\n' in lines
    named = _CASE.fullmatch(name)
    return named is not None and f"\ndef {named[1]}(" in lines and (named[2] is None or _is_a_case(named[2], lines))


def _is_a_case(case: str, test: str) -> bool:
    """Return True if a test file has a case, or reads the attempts of policies/attempts and one has its name."""
    return f'"{case}"' in test or ("for attempt in catalogue.load_all()" in test and case in _attempts())


@cache
def _attempts() -> frozenset[str]:
    return frozenset(attempt.id for attempt in catalogue.load_all())
