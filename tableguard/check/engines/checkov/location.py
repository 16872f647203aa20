"""Find checkov: it holds boto3 at one version of 2024, and so never shares an environment with this package."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tableguard.errors import CheckError

VARIABLE = "TABLEGUARD_CHECKOV"
OWN = Path(sys.prefix, "checkov", "bin", "checkov")  # where the scripts of a checkout put it
_HOW = f"`uv tool install checkov` or `pipx install checkov` brings it, or name its command or its Python in {VARIABLE}"
_PYTHON = re.compile(r"python[\d.]*")
# a console script's first lines: "#!/path/to/python", or where that path is long or has a blank in it,
# "#!/bin/sh" and "'''exec' '/path/to/python' "$0" "$@"'"
_SHEBANG = re.compile(rb"#!\s*(/\S*python[\d.]*)\s*\n|#!/usr/bin/env (python[\d.]*)\s*\n")
_EXEC = re.compile(rb"""#!/bin/sh\n'''exec' ["']?(/.*?python[\d.]*)["']? "\$0" "\$@"\n""")


def interpreter(environment: Mapping[str, str] = os.environ, own: Path = OWN) -> str:
    """Return the Python that has checkov: TABLEGUARD_CHECKOV or its command's, else ours, else that on PATH.

    CheckError says in one line how to get one.
    """
    named = environment.get(VARIABLE)
    if named:
        program = shutil.which(named, path=environment.get("PATH"))
        if program is None:
            raise CheckError(f"{VARIABLE}={named}: no such program; name the command checkov of its environment")
        return program if _PYTHON.fullmatch(Path(program).name) else _interpreter_of(Path(program))
    program = str(own) if own.exists() else shutil.which("checkov", path=environment.get("PATH"))
    if program is None:
        raise CheckError(f"it is not installed; {_HOW}")
    return _interpreter_of(Path(program))


def _interpreter_of(program: Path) -> str:
    """Return the Python that a console script starts, or the one beside it where something else starts it."""
    try:
        with program.open("rb") as script:
            head = script.read(4096)
    except OSError as error:
        raise CheckError(f"{program}: cannot be read ({error.strerror}); {_HOW}") from error
    shebang = _SHEBANG.match(head) or _EXEC.match(head)
    named = next(filter(None, shebang.groups()), b"").decode() if shebang else ""
    python = shutil.which(named) if named else _beside(program) or _beside(program.resolve())
    if python is None:
        raise CheckError(f"{program}: no Python is known that has this checkov; {_HOW}")
    return python


def _beside(program: Path) -> str | None:
    return shutil.which("python3", path=str(program.parent))
