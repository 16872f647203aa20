"""Read the shape of a tree of Python files without running it: imports, folders, names. Functions return faults."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

MODULES = 13  # of one folder, beside its __init__
PREFIX = 2  # files of one folder that may begin with the same word; a third makes it a folder
EMPTY_NAMES = frozenset(("found", "made", "asked", "given", "known", "told", "said"))


def python_files(root: Path, tops: Iterable[str]) -> dict[str, Path]:
    """Return the modules under some folders: dotted name -> file."""
    files = (path for top in tops for path in sorted((root / top).rglob("*.py")))
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imports(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return which of the modules each of them imports, inside functions too."""
    return {name: set(_imported(name, path, modules)) - {name} for name, path in modules.items()}


def _imported(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield from [whole] if whole in modules else [base] if base in modules else []
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def circle(modules: Mapping[str, Path]) -> list[str]:
    """Return the modules of one import circle, or an empty list."""
    try:
        TopologicalSorter(imports(modules)).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def crowded(modules: Mapping[str, Path], lists: Iterable[str] = ()) -> list[str]:
    """Return the folders with more than MODULES modules, but those that are lists of one-thing files."""
    sizes = Counter(path.parent for path in modules.values() if path.name != "__init__.py")
    exempt = tuple(lists)
    return [
        f"{folder}: {size} modules"
        for folder, size in sizes.items()
        if size > MODULES and not folder.as_posix().endswith(exempt)
    ]


def shared_prefixes(modules: Mapping[str, Path]) -> list[str]:
    """Return the folders in which more than PREFIX files begin with the same word."""
    words = Counter((path.parent, path.stem.split("_")[0]) for path in modules.values() if "_" in path.stem.strip("_"))
    return [f"{folder}: {count} files begin with {word}_" for (folder, word), count in words.items() if count > PREFIX]


def ambiguous_classes(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    """Return the class names that are defined more than once: name -> modules."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {name: where for name, where in places.items() if len(where) > 1}


def empty_names(modules: Mapping[str, Path]) -> list[str]:
    """Return every place at which a variable or parameter has a name that says nothing about what it holds."""
    return [
        f"{module}:{line}: {name}"
        for module, path in modules.items()
        for name, line in _bound(ast.parse(path.read_text()))
        if name in EMPTY_NAMES
    ]


def _bound(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
