"""Tables and small blocks of the page."""

from collections.abc import Iterable, Sequence

from streams.report.markup import Markup, joined, tag


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """A table with a caption; a head that begins with `#` is of a column of numbers, one with `@` of times."""
    kinds = [{"#": "n", "@": "t"}.get(head[:1]) if head[1:] else None for head in heads]
    names = [head.lstrip("#@") or head for head in heads]
    head = tag("tr", *(tag("th", name, scope="col", class_=kind) for name, kind in zip(names, kinds, strict=True)))
    body = [tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows]
    inside = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    # a table that is wider than a telephone scrolls by itself, with the keyboard, too
    return tag("div", inside, class_="wide", tabindex="0", role="region", aria_label=caption)


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Names and their values; a value that is None is left out."""
    rows = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value is not None)
    return tag("dl", *rows, class_="facts")


def tiles(pairs: Iterable[tuple[str, str, str]]) -> Markup:
    """The figures that one reads first: value, what it is, and a class (`bad`, `fine` or none)."""
    return tag(
        "ul",
        *(tag("li", tag("b", value, class_=look or None), tag("span", name)) for value, name, look in pairs),
        class_="tiles",
    )


def legend(pairs: Iterable[tuple[str, str]]) -> Markup:
    """The colours of a chart and what they stand for."""
    return tag(
        "figcaption",
        *(joined(tag("span", class_=f"key b-{colour}", aria_hidden="true"), words) for colour, words in pairs),
        class_="legend",
    )


def figure(chart: Markup, under: Markup) -> Markup:
    """A chart and what belongs under it; on a telephone it scrolls."""
    return tag("figure", tag("div", chart, class_="wide", tabindex="0", role="region", aria_label="Chart"), under)
