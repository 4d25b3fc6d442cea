"""The pages say what the code does: options, settings, results, findings, dependencies, links and words."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

import swath
from swath.cli.app import app
from swath.core.objects import BoxOutcome
from swath.core.outcomes import FileOutcome
from swath.settings import DEFAULTS, Settings, load_settings
from swath.wire.run_result import DatasetResult, FindingDocument, ImageCounts, ObjectCounts, RunResult
from swath.wire.validation import TaskReport, ValidationReport

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "swath"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SEVERITIES = {"info", "warning", "error"}


def commands_below(group: Any, prefix: str = "") -> dict[str, Any]:
    """All commands by their names; those of a group have two words."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands_below(command, f"{prefix}{name} ")
        else:
            found[f"{prefix}{name}"] = command
    return found


COMMANDS = commands_below(typer.main.get_command(app))


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading.split(" ", 1)[0])
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"there is no heading {heading!r}"
    return found.group(1)


def first_cells(text: str) -> set[str]:
    """All that stands in backticks in the first cell of any row of a table."""
    cells = re.findall(r"^\| (`[^|]*?) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def shell_lines(text: str) -> Iterator[list[str]]:
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line, comments=True)


def long_options(command: str) -> set[str]:
    options = {option for parameter in COMMANDS[command].params for option in parameter.opts}
    return {option for option in options if option.startswith("-")}


# Commands


def test_every_command_has_a_section() -> None:
    assert set(re.findall(r"^## swath (.+)$", page("docs/reference/cli.md"), re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_section_of_a_command_lists_its_options_and_no_others(command: str) -> None:
    cells = first_cells(section(page("docs/reference/cli.md"), f"## swath {command}"))
    documented = {cell.split()[0] for cell in cells if cell.startswith("-")}
    assert documented == long_options(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_section_of_a_command_gives_the_defaults_of_its_options(command: str) -> None:
    text = section(page("docs/reference/cli.md"), f"## swath {command}")
    for parameter in COMMANDS[command].params:
        default = parameter.default
        if default is None or default is False or not parameter.opts[0].startswith("--"):
            continue
        row = re.search(rf"^\| `{parameter.opts[0]} [^|]*\| ([^|]*) \|", text, re.MULTILINE)
        assert row, parameter.opts[0]
        assert row.group(1) == f"`{default}`", parameter.opts[0]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_in_pages_exist_with_their_options(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", page("Makefile"), re.MULTILINE))
    for words in shell_lines(path.read_text(encoding="utf-8")):
        if words[:1] == ["swath"]:
            given = {word for word in words if word.startswith("--")}
            command = words[1] if words[1] in COMMANDS else " ".join(words[1:3])
            assert given <= long_options(command), words
        elif words[:1] == ["make"]:
            assert words[1] in targets, words
    assert set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8"))) <= targets


def test_pages_have_commands_to_check() -> None:
    assert sum(words[:2] == ["swath", "run"] for path in PAGES for words in shell_lines(path.read_text())) >= 3


# Settings


def test_every_setting_stands_with_variable_default_and_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\S+) \| (.+) \|$", page("docs/reference/settings.md"), re.MULTILINE)
    documented = {name: (variable, default, meaning) for name, variable, default, meaning in rows}
    meanings = docstrings_of_settings()
    assert set(documented) == set(meanings) == {field.name for field in fields(Settings)}
    for name, (variable, default, meaning) in documented.items():
        assert variable == f"SWATH_{name.upper()}"
        assert default == (f"`{DEFAULTS[name]}`" if DEFAULTS[name] else "(empty)")
        assert plain(meaning).startswith(plain(meanings[name]).rstrip(".")), name


def test_the_documented_variables_are_those_that_are_read() -> None:
    unlike_any_default = {"public_url": "https://seven", "endpoints": "s3://=https://seven"}
    unset = load_settings({})
    for name in docstrings_of_settings():
        given = load_settings({f"SWATH_{name.upper()}": unlike_any_default.get(name, "7")})
        assert getattr(given, name) != getattr(unset, name), name


def docstrings_of_settings() -> dict[str, str]:
    """Field -> the string that stands after it in the class."""
    tree = ast.parse((SOURCE / "settings.py").read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings").body
    found: dict[str, str] = {}
    for before, after in pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
            assert isinstance(after, ast.Expr), f"`{before.target.id}` has no docstring"
            assert isinstance(after.value, ast.Constant), f"`{before.target.id}` has no docstring"
            found[before.target.id] = str(after.value.value)
    return found


def plain(text: str) -> str:
    """Text without links and backticks."""
    return re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text).replace("`", "")


# Results


def keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_every_key_of_the_run_result_is_documented() -> None:
    text = page("docs/reference/run-result.md")
    assert first_cells(text.split("\n## ")[0]) == keys(RunResult)
    assert first_cells(section(text, "## Datasets")) == keys(DatasetResult)
    assert first_cells(section(text, "## Images").split("Every image has")[0]) == keys(ImageCounts)
    assert first_cells(section(text, "## Objects")) == keys(ObjectCounts)
    assert first_cells(section(text, "## Findings").split("| code | severity")[0]) == keys(FindingDocument)


def test_every_key_of_the_validation_report_is_documented() -> None:
    text = section(page("docs/reference/run-result.md"), "## Validation report")
    whole, task = text.split("| key of a task |")
    assert first_cells(whole) == keys(ValidationReport)
    assert first_cells(task.split("| code |")[0]) == keys(TaskReport)


def test_every_outcome_of_a_file_or_a_box_is_documented() -> None:
    text = page("docs/reference/run-result.md")
    assert first_cells(section(text, "## Images").split("Every image has")[1]) == set(FileOutcome)
    named = set(re.findall(r"`(\w+)`", section(text, "## Objects")))
    assert named >= {outcome.name.lower() for outcome in BoxOutcome}


def finding_codes() -> dict[str, set[str]]:
    """Code -> severities, of every finding whose code and severity stand side by side in the source."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")]
    names = {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                pair = node.args[:2] if len(node.args) > 1 else [given.get("code"), given.get("severity")]
            elif isinstance(node, ast.Tuple) and len(node.elts) > 1:
                pair = node.elts[:2]
            else:
                continue
            code, severity = (value_of(part, names) for part in pair)
            if isinstance(code, str) and re.fullmatch(r"[a-z][a-z_]+", code) and severity in SEVERITIES:
                found.setdefault(code, set()).add(str(severity))
    return found


def value_of(node: ast.AST | None, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and node.attr == "value":
        return value_of(node.value, names)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "FileOutcome":
        return FileOutcome[node.attr].value
    return None


def test_every_finding_is_documented_with_its_severity() -> None:
    text = page("docs/reference/run-result.md")
    documented = {
        code: severity
        for cell, severity in re.findall(r"^\| (`[^|]+) \| (info|warning|error) \|", text, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", cell)
    }
    in_code = finding_codes()
    # One of each way a finding is made, so that this test notices when it no longer sees them.
    assert in_code.keys() >= {"videos_skipped", "boxes_clipped", "schema_invalid", "task_without_boxes", "no_images"}
    skipped_files = set(FileOutcome) - {FileOutcome.USED, FileOutcome.ALREADY_USED}
    assert set(documented) == in_code.keys() | skipped_files
    for code, severities in in_code.items():
        assert documented[code] in severities, code


# The project


def test_the_version_is_the_newest_of_the_changelog() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (?:Unreleased|\d{4}-\d{2}-\d{2})$", page("CHANGELOG.md"), re.M)
    assert versions[0] == swath.__version__


def test_architecture_names_every_runtime_dependency_and_no_other() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    required = {package_of(line) for line in project["dependencies"]}
    text = section(page("ARCHITECTURE.md"), "## Runtime dependencies")
    assert first_cells(text) == required
    assert set(re.findall(r"\(extra `(\w+)`\)", text)) == set(project["optional-dependencies"])
    for lines in project["optional-dependencies"].values():
        assert all(f"`{package_of(line)}`" in text for line in lines)


def package_of(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement)[0]


def test_architecture_names_every_package() -> None:
    packages = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}
    internal = {name for name in packages if name.startswith("_") or name == "py"}
    assert first_cells(section(page("ARCHITECTURE.md"), "## Layers")) == packages - internal


def test_terms_of_the_glossary_are_in_the_code_under_their_identifiers() -> None:
    rows = re.findall(r"^\| ([^|`]+) \| [^|]+ \| (`[^|]+`) \|", page("docs/glossary.md"), re.MULTILINE)
    assert len(rows) > 20
    for term, identifiers in rows:
        for identifier in re.findall(r"`([^`]+)`", identifiers):
            assert resolves(identifier), f"{term}: {identifier}"


def resolves(identifier: str) -> bool:
    parts = identifier.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if part in getattr(found, "__dataclass_fields__", {}):
                return True
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


# Links and words


def anchors(text: str) -> set[str]:
    """The anchors that headings get: lower case, punctuation gone, spaces to hyphens."""
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", plain(heading).lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_can_be_reached_from_the_first() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        current = todo.pop()
        reached.add(current)
        links = re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", current.read_text(encoding="utf-8"))
        todo += [target for link in links if (target := (current.parent / link).resolve()) not in reached]
    assert set(PAGES) - reached == set()


FORBIDDEN = re.compile(
    r"(?-i:/(?:root|home|Users)/\w)|\bTODO\b|\bFIXME\b|\bseamless|\bpowerful\b|\bcutting.edge|\bblazing|\bstate.of.the.art"
    r"|\beffortless|\bsimply\b|\bleverag|\brobust\b|\bnext.generation|\bhelper\b|\bthis issue\b|\bissue \d|#\d+\b"
    r"|\bas an AI\b|\blanguage model\b|!$",
    re.IGNORECASE | re.MULTILINE,
)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_word_that_does_not_belong_on_a_page(path: Path) -> None:
    # The page on style may name the words it warns of, in quotation marks.
    text = re.sub(r'"[^"\n]*"', "", path.read_text(encoding="utf-8"))
    assert FORBIDDEN.findall(text) == []
