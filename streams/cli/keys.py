"""`ringfence keys new|list`: the keys that sign commands and orders."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table
from streams.key_files import Role, list_keys, new_key
from streams.settings import load

app = typer.Typer(help="The signing keys.", no_args_is_help=True, rich_markup_mode=None)

DirOption = Annotated[
    Path | None,
    typer.Option("--dir", help="The directory of keys (default: [keys] dir of the configuration)."),
]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What to call the key: letters, digits, - and _.")],
    role: Annotated[Role, typer.Option("--role", help="Who signs with it.")],
    directory: DirOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key pair; give the .pub.pem file to every enforcer, and the other to nobody."""
    where = directory or load(config).keys.dir
    made = new_key(where, role, name)
    if json:
        print_json({**made._asdict(), "dir": where})
    else:
        print_table(("role", "name", "kid", "in"), [(made.role, made.name, made.kid, where / made.role)])


@app.command("list")
def list_(directory: DirOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """The keys that are trusted, and whether their private half is here."""
    found = list_keys(directory or load(config).keys.dir)
    if json:
        print_json([key._asdict() for key in found])
    else:
        rows = [(key.role, key.name, key.kid, "yes" if key.private else "no") for key in found]
        print_table(("role", "name", "kid", "private key here"), rows)
