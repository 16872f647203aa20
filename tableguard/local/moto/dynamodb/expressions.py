"""Faster work on moto's update expressions, with the same results: an update of 15 attributes takes 0.6 ms, not 4.

Each UpdateItem parses its expression twice, copies it and walks it some twenty times, with isinstance on abstract base
classes at each node. Here an expression is parsed once, and what a class of nodes wants is asked once for each class.
"""

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.parsing import ast_nodes, expressions, validators
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tableguard.local.moto.patch import replace, wrap

# modules that tell type checkers to look away
_NODES: Any = ast_nodes
_EXPRESSIONS: Any = expressions
_KEPT = 1024  # expressions in parsed form: an application has a few, written with placeholders
_OF_ALL_ACTIONS = (validators.ActionCountValidator, validators.OverlappingPathsValidator)
_IN_ORDER = "nodes_in_order"
_do_nothing = _NODES.DepthFirstTraverser.pre_processing_of_child


def install() -> None:
    """Replace DepthFirstTraverser.traverse, Node.find_clauses, UpdateExpressionParser.make, and deepcopy of nodes."""
    replace(_NODES.DepthFirstTraverser, "traverse", traverse)
    replace(_NODES.Node, "find_clauses", _find_clauses)
    parser = _EXPRESSIONS.UpdateExpressionParser
    replace(parser, "make", staticmethod(lru_cache(_KEPT)(parser.make)))  # its nodes are only read or copied
    replace(validators, "deepcopy", _copied)
    wrap(ConditionExpressionParser, "_lex_condition_expression", _lexed)
    replace(ReservedKeywords, "KEYWORDS", frozenset(ReservedKeywords.get_reserved_keywords()))  # a list of 573


def _with_subclasses(*kinds: type) -> frozenset[type]:
    return frozenset(kinds).union(*(_with_subclasses(*kind.__subclasses__()) for kind in kinds))


_NODE_CLASSES = _with_subclasses(_NODES.Node)
_SEARCHED = _with_subclasses(_NODES.Expression, _NODES.UpdateExpressionFunction)


def _lexed(original: Callable[[Any], Any], parser: Any) -> Any:
    return deque(_tokens(original, parser.condition_expression))


@lru_cache(_KEPT)
def _tokens(original: Callable[[Any], Any], text: str | None) -> tuple[Any, ...]:
    return tuple(original(ConditionExpressionParser(text, {}, {})))


def traverse(traverser: Any, root: Any) -> Any:
    """Traverse as DepthFirstTraverser.traverse does: children first, each node replaced by its processor's result."""
    if type(root) not in _NODE_CLASSES or (type(traverser) in _OF_ALL_ACTIONS and _passes(traverser, root)):
        return root
    processors = traverser._processing_map()
    prepare = traverser.pre_processing_of_child
    if type(traverser).pre_processing_of_child is not _do_nothing:
        vars(root).pop(_IN_ORDER, None)
        return _walk(root, -1, processors, prepare)
    # most traversals are about nodes of one class, and replace none
    process_of = {kind: _processor(kind, processors) for kind in {type(node) for node, _ in _in_order(root)}}
    for node, number in _in_order(root):
        if process := process_of[type(node)]:
            processed = _replaced(node, number, process)
            if processed is not node:
                vars(root).pop(_IN_ORDER, None)
                root = processed if node is root else root
    return root


def _passes(traverser: Any, root: Any) -> bool:
    """Return True if the check of all actions of an expression passes: then it passes for those of each part too."""
    try:
        traverser._processing_map()[_NODES.UpdateExpression](root)
    except MockValidationException:
        return False  # the part that comes first is to say what is wrong
    return True


def _in_order(root: Any) -> list[tuple[Any, int]]:
    """Return all nodes with their places among their parents' children, kept at the root until one is replaced."""
    kept: list[tuple[Any, int]] | None = vars(root).get(_IN_ORDER)
    if kept is None:
        kept = vars(root)[_IN_ORDER] = []
        _collect(root, -1, kept)
    return kept


def _collect(node: Any, number: int, into: list[tuple[Any, int]]) -> None:
    for child_number, child in enumerate(node.children or ()):
        if type(child) in _NODE_CLASSES:
            _collect(child, child_number, into)
    into.append((node, number))


def _walk(node: Any, number: int, processors: dict[type, Callable[[Any], Any]], prepare: Callable[..., None]) -> Any:
    for child_number, child in enumerate(node.children or ()):
        prepare(node, child_number)
        if type(child) in _NODE_CLASSES:
            _walk(child, child_number, processors, prepare)
    process = _processor(type(node), processors)
    return _replaced(node, number, process) if process else node


def _replaced(node: Any, number: int, process: Callable[[Any], Any]) -> Any:
    parent = node.parent
    processed = process(node)
    processed.parent = parent
    if parent:
        parent.children[number] = processed
    return processed


def _processor(kind: type, processors: dict[type, Callable[[Any], Any]]) -> Callable[[Any], Any] | None:
    wanted = _first_above(kind, *processors)
    return None if wanted is None else processors[wanted]


@cache
def _first_above(kind: type, *classes: type) -> type | None:
    return next((node_class for node_class in classes if issubclass(kind, node_class)), None)


def _find_clauses(node: Any, clause_types: list[type]) -> list[Any]:
    """Return the nearest nodes below of exactly these classes, left to right, as Node.find_clauses does."""
    clauses: list[Any] = []
    for child in node.children or ():
        kind: type = type(child)
        if kind in clause_types:
            clauses.append(child)
        elif kind in _SEARCHED:
            clauses.extend(_find_clauses(child, clause_types))
    return clauses


def _copied(value: Any) -> Any:
    """Copy a node with all below it, and not, as deepcopy does, its parents too."""
    if type(value) not in _NODE_CLASSES:
        return value if type(value) in (str, int, bool) else deepcopy(value)
    twin = object.__new__(type(value))
    twin.type, twin.parent = value.type, None
    twin.children = None if value.children is None else [_copied(child) for child in value.children]
    for child in twin.children or ():
        if type(child) in _NODE_CLASSES:
            child.parent = twin
    return twin
