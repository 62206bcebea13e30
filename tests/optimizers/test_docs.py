"""Each optimizer has a page of the fixed shape, and its table of parameters is that of the code.

To write the tables anew: ``python tests/optimizers/test_docs.py``.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from poise.optimizers import OPTIMIZERS
from poise.optimizers._options import range_text

FOLDER = Path(__file__).parents[2] / "docs" / "optimizers"
SECTIONS = ["What it does", "When it fails", "Parameters", "Source"]


def parameter_table(name: str) -> str:
    lines = ["| option | type | default | range | meaning |", "|---|---|---|---|---|"]
    for field in dataclasses.fields(OPTIMIZERS.get(name).Options):
        default = "none" if field.default is None else field.default
        kind = str(field.type).replace(" | None", " or none")
        limits = range_text(field.metadata)
        lines.append(f"| `{field.name}` | {kind} | {default} | {limits} | {field.metadata['meaning']} |")
    return "\n".join(lines)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_page_has_the_fixed_shape(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_table_of_parameters_is_that_of_the_code(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert parameter_table(name) in text, "run `python tests/optimizers/test_docs.py` and commit docs/optimizers"


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_page_names_the_paper_that_the_module_names(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    module = __import__(f"poise.optimizers.{name}", fromlist=["__doc__"]).__doc__ or ""
    for paper in re.findall(r"arXiv:(\d{4}\.\d{5})", module):
        assert paper in text
    assert f"`src/poise/optimizers/{name}.py`" in text


def write_tables() -> None:
    for name in OPTIMIZERS.names():
        path = FOLDER / f"{name}.md"
        table = f"## Parameters\n\n{parameter_table(name)}\n\n## Source"
        before, rest = path.read_text(encoding="utf-8").split("## Parameters", 1)
        path.write_text(before + table + rest.split("## Source", 1)[1], encoding="utf-8")


if __name__ == "__main__":
    write_tables()
