"""
Every block of Python in README, docs and the docstrings of the package runs.

One test is one document, whose blocks share their names from top to bottom. A docstring also sees
the names of its module.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil.document import Document, PythonDocStringDocument
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser
from sybil.region import Region

import paysession

ROOT = Path(__file__).parents[2]
# The docstrings of the package under test, which need not be the one beside this file.
PACKAGE = Path(paysession.__file__).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted(PACKAGE.rglob("*.py"))


def sessions(document: Document) -> Iterator[Region]:
    """Blocks fenced as `pycon`, each prompt an example of its own."""
    prompts = DocTestStringParser(DocTestEvaluator())
    for block in CodeBlockParser("pycon", DocTestEvaluator())(document):
        for example in prompts(block.parsed, document.path):
            example.adjust(block, block.parsed)
            yield example


def run(document: Document) -> None:
    for example in document.examples():
        example.evaluate()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_run(path: Path) -> None:
    run(Document.parse(str(path), PythonCodeBlockParser(), sessions))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_examples_in_the_docstrings_of_a_module_run(path: Path) -> None:
    run(PythonDocStringDocument.parse(str(path), DocTestParser()))
