"""The file in which a reader finds a rendered stack, and the line of each of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tableguard.paths import TEMPLATES, from_here
from tableguard.reading.line_numbers import Key, LineNumbers, line_with

# where `tableguard render` writes by default, and where the shipped renderings lie
_RENDERED = (Path("templates", "rendered"), TEMPLATES / "rendered", TEMPLATES / "rendered" / "complete")


@dataclass(frozen=True)
class Origin:
    """A stack's file: its rendering where that is on disk as it was rendered, else the Python that made it.

    A rendering of other settings would be another text: its lines would lead a reader astray.
    """

    path: Path
    text: str

    @property
    def file(self) -> str:
        """Return the file's name for reports, relative to the working directory where it lies below it."""
        return str(from_here(self.path))

    @property
    def is_rendering(self) -> bool:
        """Tell whether the file is the rendered stack itself, so that lines of one are lines of the other."""
        return self.path.suffix != ".py"

    def line_of(self, path: Sequence[Key]) -> int:
        """Return the line of a part; in Python that of the resource's name, else that of the template's function."""
        if self.is_rendering:
            return self._lines.line_of(path)
        names = [f'"{path[1]}"'] if len(path) > 1 and path[0] == "Resources" else []
        return line_with(self.text, *names, "def template(")

    @cached_property
    def _lines(self) -> LineNumbers:
        return LineNumbers(self.text)


def origin(stack: str, rendered: str) -> Origin:
    """Find the file of a stack that was rendered as this text."""
    for folder in _RENDERED:
        path = folder / f"{stack}.yaml"
        if path.is_file() and path.read_text(encoding="utf-8") == rendered:
            return Origin(path.resolve(), rendered)
    return python_of(stack)


def python_of(stack: str) -> Origin:
    """Return the Python that makes a stack, or a section of one: sections/NAME."""
    path = TEMPLATES / f"{stack}.py"
    return Origin(path, path.read_text(encoding="utf-8"))
