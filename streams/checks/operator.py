"""What the operator gave: the network's numbering, the tables, the keys."""

from collections.abc import Iterator

from streams.checks import Level, Line, ok
from streams.key_files import Role, list_keys
from streams.settings import Settings
from streams.signing import KeyRing
from streams.tables import load_tables


def network(settings: Settings) -> Iterator[Line]:
    """The network's own numbering."""
    settings.numbering()
    yield ok("network", f"home country code {settings.network.home_country_code}")


def tables(settings: Settings) -> Iterator[Line]:
    """The operator's tables."""
    found = load_tables(settings)
    counts = {name: len(getattr(found, name)) for name in found.__struct_fields__}
    if counts["short_codes"]:
        yield ok("tables", ", ".join(f"{name} {count}" for name, count in counts.items()))
    else:
        yield Line(Level.WARN, "tables", "no short codes: a leak's cause cannot be named", "set [network] short_codes")


def forest(settings: Settings) -> Iterator[Line]:
    """The isolation forest's model; the rules work without one."""
    if settings.detection.models is None:
        yield ok("forest", "no model: the rules work alone (ringfence train makes one, [detection] models names it)")
        return
    from streams.model_files import forest_at_start  # noqa: PLC0415 - compiles kernels

    found = forest_at_start(settings)
    if found is not None:
        yield ok("forest", f"{found.name[:19]}… of {', '.join(found.kinds)}")


def keys(settings: Settings) -> Iterator[Line]:
    """Who is trusted, and whether this machine can sign."""
    where = settings.keys.dir
    found = list_keys(where)
    for role, what in ((Role.DECIDER, "commands"), (Role.OPERATOR, "orders")):
        mine = [key for key in found if key.role is role]
        make = f"ringfence keys new NAME --role {role}"
        if not mine:
            level = Level.FAIL if role is Role.DECIDER else Level.WARN
            yield Line(level, "keys", f"{where}: no {role}'s key: no {what} are trusted", make)
        elif any(key.private for key in mine):
            yield ok("keys", f"{role}: signs with {KeyRing.load(where).signer(role).kid}, trusts {len(mine)}")
        else:
            yield ok("keys", f"{role}: trusts {len(mine)}, signs nothing here")
