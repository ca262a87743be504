"""Validates records against the published schemas, read from docs/reference as a stranger would."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in REFERENCE.glob("schemas/*.json")
}
REGISTRY = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in SCHEMAS.values()])
VALIDATORS = {
    name: Draft202012Validator(schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name, schema in SCHEMAS.items()
}


def faults(name, value):
    """Return what is wrong with a value, by a schema's name; bytes are read as JSON first."""
    instance = json.loads(value) if isinstance(value, bytes) else value
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(instance)]
