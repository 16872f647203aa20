"""Markdown pages, read: their links and anchors, the code in them, their sentences."""

import re
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.?!])[*_)\"]*\s+")
_BLOCK_END = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*|>]|\d+\.) ?)")


def pages(root: Path) -> list[Path]:
    """List every page of a checkout; below tableguard/ lie texts that become pages, and dotted folders are not ours."""
    return sorted(path for path in root.rglob("*.md") if _is_page(path.relative_to(root).parts))


def _is_page(parts: tuple[str, ...]) -> bool:
    return parts[0] not in ("tableguard", "build") and not any(part.startswith(".") for part in parts)


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", text)


def code(text: str) -> str:
    """Return the code of a page: blocks and spans."""
    return "\n".join([*(match[0] for match in _FENCE.finditer(text)), *_SPAN.findall(prose(text))])


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings as repository hosts make them: `## A b` is `#a-b`, again `#a-b-1`."""
    names: list[str] = []
    for heading in _HEADING.findall(prose(text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        names.append(re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-"))
    return {f"{name}-{names[:at].count(name)}" if name in names[:at] else name for at, name in enumerate(names)}


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere: no such file, or no such heading in it."""
    text = page.read_text(encoding="utf-8")
    return [link for link in _LINK.findall(_SPAN.sub("", prose(text))) if not _leads(page, link)]


def _leads(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True  # elsewhere: nobody asks the network in a test
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))


def first_column(text: str) -> list[str]:
    """Return the first cell of each row of a page's tables that is a span of code."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page's prose; a row of a table, an item of a list and a heading end one too."""
    for block in _BLOCK_END.split(prose(text)):
        plain = _LINK.sub(lambda match: match[0][match[0].index("[") + 1 : match[0].index("]")], block)
        cells = plain.split("|") if plain.lstrip().startswith("|") else [re.sub(r"\s+> ?", " ", plain)]
        for cell in cells:
            yield from (sentence.strip() for sentence in _SENTENCE_END.split(cell.strip()) if sentence.strip())


def long_sentences(text: str, words: int) -> list[str]:
    """Return the sentences of more words than that; punctuation by itself is no word."""
    return [each for each in sentences(text) if len(re.findall(r"\S*\w\S*", each)) > words]
