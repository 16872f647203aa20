"""Line numbers of JSON, YAML and other texts, so that a finding can point at the line that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

Key = str | int


@dataclass(frozen=True)
class LineNumbers:
    """The lines at which the keys and items of a JSON or YAML text begin; parsed when the first is asked for."""

    text: str

    def line_of(self, path: Sequence[Key]) -> int:
        """Return the line, from 1, of the key or item that a path leads to, or of the last part of it that exists."""
        node = self._root
        if node is None:
            return 1
        line: int = node.start_mark.line + 1
        for key in path:
            step = _step(node, key)
            if step is None:
                break
            node, line = step
        return line

    @cached_property
    def _root(self) -> "yaml.Node | None":
        """Return the text as nodes that know their lines; None for a text that is empty or broken."""
        import yaml  # noqa: PLC0415  # slow to import, and needed only where something is wrong

        # JSON is YAML but for tabs, which move no line
        text = self.text.replace("\t", " ") if self.text.lstrip().startswith(("{", "[")) else self.text
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            return yaml.compose(text, Loader=loader)
        except yaml.YAMLError:
            return None  # whoever reads the text for what it says refuses it with the line


def _step(node: "yaml.Node", key: Key) -> "tuple[yaml.Node, int] | None":
    """Return the node below a key or an index, and the line where the key or the item begins."""
    from yaml import MappingNode, SequenceNode  # noqa: PLC0415

    if isinstance(node, SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
        return node.value[key], node.value[key].start_mark.line + 1
    if isinstance(node, MappingNode):
        # policies name condition keys in any case; where keys differ in nothing else, the very same one comes first
        for name, value in sorted(node.value, key=lambda entry: entry[0].value != str(key)):
            if str(name.value).lower() == str(key).lower():
                return value, name.start_mark.line + 1
    return None


def line_with(text: str, *parts: str) -> int:
    """Return the line, from 1, of the first part that stands in a text; 1 where none does."""
    for part in parts:
        at = text.find(part)
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 1
