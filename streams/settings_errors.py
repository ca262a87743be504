"""What is wrong with a configuration, in one line: file or variable, setting, value, what is expected."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError

from streams.errors import UsageError
from streams.kafka_settings import SECURITY_NAMES, flatten

ENV_PREFIX = "RINGFENCE_"
INTERNAL = frozenset({"RINGFENCE_STATUS_FD", "RINGFENCE_INSTANCE", "RINGFENCE_TABLES_KEPT"})
"""Variables of ours that are no settings: what a supervisor tells its children."""
_JUDGED = tuple(f"{family}." for family in ("security", "sasl", "ssl", "enable"))
"""Families of librdkafka names that we know whole; librdkafka itself judges the others."""


class Place(NamedTuple):
    """A setting as it was given: `origin` is a file's name, or empty for the environment."""

    origin: str
    section: str
    name: str

    def __str__(self) -> str:
        if self.origin:
            return f"{self.origin}: " + self.spelled(self.section, self.name)
        return self.spelled(self.section, self.name)

    def spelled(self, section: str, name: str) -> str:
        """Write another setting the way this one was given."""
        if self.origin:
            return f"[{section}] {name}".strip() if section else name
        return ENV_PREFIX + "__".join(filter(None, (section, *name.split(".")))).upper()


def check_names(
    values: Mapping[str, Any], environ: Mapping[str, str], path: Path | None, settings: type[BaseModel]
) -> None:
    """Refuse the first name that is no setting, and say which one is near.

    Args:
        values: what the file holds.
        environ: the environment; only `RINGFENCE_*` are looked at.
        path: the file, for the message.
        settings: the model of all settings.

    Raises:
        UsageError: an unknown section or setting.
    """
    known = {name: _names(field.annotation) for name, field in settings.model_fields.items()}
    for place in (*_in_file(values, str(path)), *_in_environment(environ)):
        if complaint := _complaint(place, known):
            raise UsageError(f"{place}: {complaint}")


def _in_file(values: Mapping[str, Any], origin: str) -> Iterator[Place]:
    for section, content in values.items():
        if isinstance(content, Mapping):
            yield from (Place(origin, section, name) for name in flatten(content) or [""])
        else:
            yield Place(origin, "", section)


def _in_environment(environ: Mapping[str, str]) -> Iterator[Place]:
    for name in environ:
        if name.upper().startswith(ENV_PREFIX) and name not in INTERNAL:
            section, _, rest = name[len(ENV_PREFIX) :].lower().partition("__")
            yield Place("", section, rest.replace("__", "."))


def _names(section: Any) -> set[str]:
    """All names that a section takes; those of a table inside it are dotted."""
    names: set[str] = set(SECURITY_NAMES) if section.__name__ == "Kafka" else set()
    for name, field in section.model_fields.items():
        names.add(name)
        if isinstance(field.validation_alias, AliasChoices):
            names.update(str(choice) for choice in field.validation_alias.choices)
        if get_origin(field.annotation) is dict:
            names.update(f"{name}.{key}" for key in get_args(get_args(field.annotation)[0]))
    return names


def _complaint(place: Place, known: Mapping[str, set[str]]) -> str | None:
    if place.section not in known:
        return _unknown_section(place, known)
    if not place.name and place.origin:
        return None
    if place.name in known[place.section] or _left_to_librdkafka(place):
        return None
    near = get_close_matches(place.name, sorted(known[place.section]), 1)
    elsewhere = [section for section in known if place.name in known[section]]
    if near:
        # in a file the section is known already
        shown = near[0] if place.origin else place.spelled(place.section, near[0])
        return f"unknown setting; did you mean {shown}?"
    if elsewhere:
        return f"unknown setting; did you mean {place.spelled(elsewhere[0], place.name)}?"
    return f"unknown setting; this section has {', '.join(sorted(known[place.section] - SECURITY_NAMES))}"


def _unknown_section(place: Place, known: Mapping[str, set[str]]) -> str:
    for section, names in known.items():
        if not place.section and place.name in names:
            return f"a setting outside its section; did you mean {place.spelled(section, place.name)}?"
    near = get_close_matches(place.section or place.name, sorted(known), 1)
    if near:
        return f"unknown setting; did you mean {place.spelled(near[0], place.name if place.section else '')}?"
    return f"unknown setting; the sections are {', '.join(known)}"


def _left_to_librdkafka(place: Place) -> bool:
    return place.section == "kafka" and "." in place.name and not place.name.startswith(_JUDGED)


def one_line(error: ValidationError, environ: Mapping[str, str], path: Path | None) -> str:
    """Say the first thing that is wrong with a value; values of `[kafka]` may be secrets and are not shown.

    Args:
        error: what pydantic found.
        environ: the environment, to tell which of the two the value came from.
        path: the configuration file, if there is one.
    """
    first = error.errors(include_url=False, include_context=False)[0]
    section, *rest = (str(part) for part in first["loc"] if part != "[key]" and isinstance(part, str))
    place = Place("", section, ".".join(rest))
    given = {name.upper() for name in environ}
    if path is not None and str(place) not in given:
        place = place._replace(origin=str(path))
    reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    if first["type"] in {"model_type", "dict_type"}:
        reason = "expected a table of settings"
    shown = "" if section == "kafka" or isinstance(first["input"], Mapping) else f" = {first['input']!r}"
    return f"{place}{shown}: {reason}"
