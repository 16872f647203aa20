"""Rendering every stack: our `render` beside troposphere's own way of writing the same templates."""

import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.figures import Figure, in_turn

_OURS = """
from tableguard.settings import example
from tableguard.stacks.render import render
render(example())
"""
_PLAIN = """
from tableguard.settings import example
from tableguard.stacks.registry import enabled_stacks
settings = example()
for stack in enabled_stacks(settings):
    stack.template(settings).to_yaml(long_form=True)
"""


def figures() -> Iterator[Figure]:
    """Whole processes, interpreter and imports included."""
    ours, other = in_turn(lambda: _python(_OURS), lambda: _python(_PLAIN), rounds=5)
    yield Figure("rendering", "seven stacks, whole process", ours, other, "s")


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
