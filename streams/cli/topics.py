"""`ringfence topics create|check`: the contract's topics on the configured cluster."""

import typer

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table
from streams.errors import NegativeAnswer
from streams.settings import load
from streams.topics import check as differences_of
from streams.topics import create as create_missing
from streams.topics import wanted

app = typer.Typer(help="The contract's topics on the configured cluster.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def create(config: ConfigOption = None) -> None:
    """Make the topics that are missing; those that are there stay as they are."""
    settings = load(config)
    made = set(create_missing(settings))
    rows = [(t.name, t.partitions, "created" if t.name in made else "was there") for t in wanted(settings.kafka)]
    print_table(("topic", "partitions", ""), rows)


@app.command()
def check(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Compare the cluster with the contract; exit status 1 where it differs."""
    found = differences_of(load(config))
    if json:
        print_json({"ok": not found, "differences": [difference._asdict() for difference in found]})
    elif found:
        print_table(("topic", "setting", "found", "wanted"), found)
    else:
        print_table(("all topics are as the contract wants them",), [])
    if found:
        topics = len({difference.topic for difference in found})
        raise NegativeAnswer(f"{topics} topics differ from the contract (missing ones: ringfence topics create)")
