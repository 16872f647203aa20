"""The pages are true of the checkout: links, rooms, commands, the table of rooms; and they read easily."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.paths import ROOT
from tests.project import named, pages
from tests.worlds import attacks

PAGES = [str(path.relative_to(ROOT)) for path in pages.pages(ROOT)]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
TOPS = [(top,) for top in ("policies", "scripts", "stream_lambda", "templates", "tests")]
LONG, MOST_LONG = 30, 3  # words, and sentences of more words than that in all pages: lower it, never raise it


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    assert pages.broken_links(ROOT / page) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    good = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Stacks")[0]
    page.write_text(good, encoding="utf-8")
    assert pages.broken_links(page) == []
    page.write_text(f"{good}\n[a](gone.md), [b](#policies-and-proofs), [c](#gone), [d](page.md#gone)", encoding="utf-8")
    assert pages.broken_links(page) == ["gone.md", "#gone", "page.md#gone"]


def test_links_and_headings_in_code_are_none(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b` c\n\n# A b c\n\n```\n# d\n[e](gone)\n```\n`[f](gone)` [g](#a-b-c-1)", encoding="utf-8")
    assert pages.broken_links(page) == []
    assert pages.anchors(page.read_text(encoding="utf-8")) == {"a-b-c", "a-b-c-1"}


@pytest.mark.parametrize("page", PAGES)
def test_commands_scripts_and_modules_that_a_page_names_exist(page: str) -> None:
    code = pages.code(text_of(page))
    assert named.absent_commands(code) == []
    assert named.absent_scripts(ROOT, code) == []
    assert named.absent_modules(code) == []


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("tableguard prove --json", []),
        ("tableguard prove --jsonn", ["prove --jsonn"]),
        (".venv/bin/tableguard proof", ["proof"]),
        ("tableguard rows {verify,reconcile} --json", []),
        ("tableguard rows {verify,mend} --all", ["rows verify --all", "rows mend"]),
        ("tableguard table", []),
        ("tableguard table load", ["table load"]),
    ],
)
def test_a_command_or_option_that_does_not_exist_is_seen(text: str, absent: list[str]) -> None:
    assert named.absent_commands(text) == absent


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("scripts/ddb/{seed,drop} --table T", []),
        ("scripts/ddb/{seed,load}", ["scripts/ddb/load"]),
        ("scripts/ddb/seed --colour", ["scripts/ddb/seed --colour"]),
        ("scripts/bench --json", []),
        ("scripts/bench --jsonn", ["scripts/bench --jsonn"]),
    ],
)
def test_a_script_that_does_not_exist_is_seen(text: str, absent: list[str]) -> None:
    assert named.absent_scripts(ROOT, text) == absent


def test_a_module_that_does_not_exist_is_seen() -> None:
    assert named.absent_modules("python -m tests.drill; .venv/bin/python -m tests.drills") == ["tests.drills"]


def paths_in(text: str) -> list[str]:
    """Return the paths of the checkout that a page names in spans of code."""
    spans = [span.strip("`") for span in pages.code(text).splitlines() if span.startswith("`")]
    tops = tuple(f"{top}/" for top in ("tableguard", "templates", "stream_lambda", "policies", "tests", "docs"))
    return [span for span in spans if span.startswith(tops) and not set(span) & set(" <>{}*…")]


@pytest.mark.parametrize("page", PAGES)
def test_the_files_and_folders_that_a_page_names_exist(page: str) -> None:
    assert [path for path in paths_in(text_of(page)) if not (ROOT / path.partition("::")[0]).exists()] == []


def test_a_path_that_does_not_exist_is_seen() -> None:
    assert paths_in("`tableguard/gone/` and `tableguard up`, `tests/unit/`") == ["tableguard/gone/", "tests/unit/"]


@pytest.mark.parametrize("page", PAGES)
def test_the_tests_that_a_page_names_exist(page: str) -> None:
    assert named.absent_tests(ROOT, text_of(page)) == []


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("tests/project/test_docs.py::test_the_tests_that_a_page_names_exist", True),
        ("tests/project/test_docs.py::test_the_tests_that_a_page_name", False),
        ("tests/project/test_doc.py::test_the_tests_that_a_page_names_exist", False),
        ("tests/estate/test_administrators.py::test_administrators_do_not_read_messages[stop-the-trail]", True),
        ("tests/estate/test_administrators.py::test_administrators_do_not_read_messages[make-the-table-slow]", True),
        ("tests/estate/test_administrators.py::test_administrators_do_not_read_messages[stop-the-train]", False),
        ("policies/scp/protect_audit_trail.toml::an administrator stops the trail", True),
        ("policies/scp/protect_audit_trail.toml::an administrator stops", False),
    ],
)
def test_a_test_that_does_not_exist_is_seen(name: str, exists: bool) -> None:
    assert named.absent_tests(ROOT, f"see `{name}`") == ([] if exists else [name])


OF_SECURITY = [f"S{n}" for n in range(1, 13)] + [str(n) for n in range(1, 18)] + [f"F{n}" for n in range(1, 11)]
REVIEWED = OF_SECURITY + [str(n) for n in range(1, 11)]


def test_every_finding_of_the_reviews_has_its_rows_in_order() -> None:
    numbers = [row.number for row in attacks.rows()]
    assert [number for at, number in enumerate(numbers) if numbers[at - 1 : at] != [number]] == REVIEWED


@pytest.mark.parametrize("row", attacks.rows(), ids=lambda row: f"{row.number} {row.attack}")
def test_what_is_refused_finished_or_by_design_is_shown_by_a_test(row: attacks.Row) -> None:
    settled = row.now.startswith(("refused by `Deny", "finished", "by design: "))
    assert settled or row.now.startswith(("not covered: ", "open"))
    assert "::" in row.shown or not settled
    assert row.now.startswith("refused") == bool(row.statements)


OF_DOCUMENTS = [row for row in attacks.rows() if row.statements and row.shown.startswith("`policies/")]


@pytest.mark.parametrize("row", OF_DOCUMENTS, ids=lambda row: row.number)
def test_the_documents_refuse_by_the_statement_that_the_page_names(row: attacks.Row) -> None:
    path, name = row.shown.strip("`").split("::")
    cases = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["case"]
    (expected,) = [case["expect"] for case in cases if case["name"] == name]
    assert {expected} == {f"denied by {statement}" for statement in row.statements}


def _is_package(folder: Path) -> bool:
    return (ROOT / folder / "__init__.py").exists()


def folders() -> set[str]:
    """Return the rooms: every package below tableguard/, and one level of the other folders at the top."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    parents = {Path(path).parent for path in listed if (ROOT / path).is_file()}
    packages = {path for path in parents if path.parts[:1] == ("tableguard",) and _is_package(path)}
    others = {Path(*path.parts[:2]) for path in parents if path.parts[:1] in TOPS}
    return {f"{path}/" for path in {*packages, *others}}


def test_the_table_of_rooms_lists_every_folder_and_nothing_else() -> None:
    rows = pages.first_column(ARCHITECTURE.read_text(encoding="utf-8"))
    assert sorted(rows) == rows, "keep the table in order"
    assert set(rows) == folders(), "docs/architecture.md: one row for each room"


def layers_shown(page: str) -> list[set[str]]:
    """Return the rooms of each layer in the page's picture, from the top."""
    return [set(names.split(" · ")) for names in re.findall(r'^    .*--> \w+\["(.*)"\]$', page, re.MULTILINE)]


def test_the_picture_shows_the_layers_that_are_checked() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    rooms = [layer.replace("tableguard.", "").split(" | ") for layer in configured["contracts"][0]["layers"]]
    assert layers_shown(ARCHITECTURE.read_text(encoding="utf-8")) == list(map(set, rooms[1:]))  # arrows begin at [0]


def test_a_layer_of_a_picture_is_read() -> None:
    assert layers_shown('flowchart TD\n    a["a"] --> b["b · c"]\n    b -. "no" .-> d["d"]\n') == [{"b", "c"}]


def test_a_row_of_a_table_is_read() -> None:
    assert pages.first_column("| room | what |\n|---|---|\n| `a/` | b |\n| c | `d` |\n") == ["a/"]


def test_the_page_of_scripts_lists_each_with_its_first_sentence() -> None:
    listed = re.findall(r"^\| `(scripts/[^`]+)` \| (.*) \|$", text_of("scripts/README.md"), re.MULTILINE)
    helped = subprocess.run([ROOT / "scripts" / "help"], check=True, capture_output=True, text=True).stdout
    assert listed == [tuple(line.split(maxsplit=1)) for line in helped.splitlines()]


def test_sentences_are_short() -> None:
    long = {page: found for page in PAGES if (found := pages.long_sentences(text_of(page), LONG))}
    assert sum(map(len, long.values())) <= MOST_LONG, long


@pytest.mark.parametrize(("count", "long"), [(LONG, 0), (LONG + 1, 1)])
def test_a_long_sentence_is_seen(count: int, long: int) -> None:
    words = " ".join(["word"] * count)
    text = f"# Title\n\nShort. {words}, – [{words[:4]}](x.md).\n\n- one\n- two\n\n```\n{words} {words}\n```\n"
    assert len(pages.long_sentences(text.replace(", – [word](x.md)", ""), LONG)) == long
    assert len(pages.long_sentences(text, LONG)) == 1


def hooks(text: str) -> list[str]:
    """Return the entry of each hook of a pre-commit configuration whose hooks are all local."""
    repositories = yaml.safe_load(text)["repos"]
    assert {repository["repo"] for repository in repositories} == {"local"}, "a hook of elsewhere needs the network"
    return [hook["entry"] for repository in repositories for hook in repository["hooks"]]


def test_the_hooks_run_what_the_tests_run_first() -> None:
    entries = hooks((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    script = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    assert entries
    assert [entry for entry in entries if entry not in script] == []


def test_a_hook_of_elsewhere_is_refused() -> None:
    with pytest.raises(AssertionError, match="needs the network"):
        hooks("repos: [{repo: 'https://example.com/hooks', hooks: [{entry: x}]}]")


FAULTS = re.findall(
    r"^\| (?:([A-Z]\d) \| )?([^|]+) \| (open|finished[^|]*|kept: [^|]+) \| ([^|]+) \|$",
    text_of("docs/faults-of-the-prover.md"),
    re.MULTILINE,
)


@pytest.mark.parametrize(("found", "now", "shown"), [row[1:] for row in FAULTS])
def test_what_is_finished_of_the_prover_is_shown_by_a_test(found: str, now: str, shown: str) -> None:
    assert "::" in shown or now == "open"


def test_every_fault_of_the_prover_has_its_row() -> None:
    assert [number for number, *_ in FAULTS if number] == ["U1", "U2", "U3", "U4", "U5", "C1", "W1", "L1", "P1"]
    rows = re.findall(r"^\| (?!#|found).*", text_of("docs/faults-of-the-prover.md").partition("\n## ")[2], re.MULTILINE)
    assert len(FAULTS) == len(rows)
