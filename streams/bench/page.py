"""A benchmark's figures into a page: `python -m streams.bench.page bench.json PAGE.md` writes tables and pictures anew.

What stands between the two marks on the page is replaced, so that no figure is pasted by hand.
"""

import re
import sys
from pathlib import Path

from streams.bench.plots import draw
from streams.bench.report import Document, markdown, read
from streams.errors import UsageError

BEGIN, END = "<!-- figures: written by streams.bench.page -->", "<!-- end of figures -->"


def filled(page: str, text: str) -> str:
    """A page with a text between its marks.

    Raises:
        UsageError: it has no marks.

    >>> filled(f"a{BEGIN}old{END}b", "new").replace(BEGIN, "[").replace(END, "]").split()
    ['a[', 'new', ']b']
    """
    if BEGIN not in page or END not in page:
        raise UsageError(f"the page has no place for figures: put {BEGIN} and {END} on lines of their own")
    between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n\n{text}\n{END}", page, count=1)


def fill(document: Document, page: Path) -> None:
    """Write a document's tables into a page and its pictures beside it, named after it.

    Raises:
        UsageError: the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    page.write_text(filled(text, markdown(document, draw(document, page.parent, page.stem))), encoding="utf-8")


if __name__ == "__main__":
    fill(read(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]))
