"""HTML and SVG out of values: every text is escaped here, so that no name of the input can write a page of its own."""

from html import escape
from typing import Final

from streams.logs import mask

NAME_MAX: Final = 96
"""Characters of a name of the input that are shown."""


class Markup(str):
    """Text that is markup already; everything else is escaped when it is put into an element."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element; `_` in an attribute's name is `-`, `class_` is `class`, and None leaves an attribute out.

    >>> tag("p", "a < b", tag("b", 1), class_="x")
    '<p class="x">a &lt; b<b>1</b></p>'
    """
    return Markup(f"<{name}{_attributes(attributes)}>{joined(*children)}</{name}>")


def void(name: str, /, **attributes: object) -> Markup:
    """One element without content.

    >>> void("rect", x=1)
    '<rect x="1"/>'
    """
    return Markup(f"<{name}{_attributes(attributes)}/>")


def joined(*children: object) -> Markup:
    """Children one after the other; None is nothing."""
    return Markup("".join(_text(child) for child in children if child is not None))


def _text(child: object) -> str:
    return child if isinstance(child, Markup) else escape(str(child))


def _attributes(attributes: dict[str, object]) -> str:
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None)
    return "".join(f' {name}="{escape(str(value))}"' for name, value in named)


def shown(text: object, *, numbers: bool = False, most: int = NAME_MAX) -> str:
    r"""A name of the input as a page shows it: one line, not too long, and telephone numbers masked as in logs.

    Args:
        text: the name.
        numbers: leave telephone numbers whole.
        most: characters that are shown.

    >>> shown("acc\n42"), shown("+33387654321")
    ('acc?42', '+33387******')
    """
    spelled = "".join(character if character.isprintable() else "?" for character in str(text))
    spelled = spelled if numbers else str(mask(spelled))
    return spelled if len(spelled) <= most else f"{spelled[: most - 1]}…"
