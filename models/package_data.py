"""Reads the small tables that are shipped inside the package."""

import csv
from importlib import resources


def package_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of `models/data/NAME`, a CSV file with a header; read anew at each call."""
    text = (resources.files("models") / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
