"""All settings (contract, section 5): one TOML file, and the environment, which wins over the file."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import platformdirs
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from models.policy import Mode, Rule
from streams.durations import seconds
from streams.errors import UsageError
from streams.kafka_settings import LOCATIONS, Kafka, flatten
from streams.settings_errors import ENV_PREFIX, check_names, one_line

if TYPE_CHECKING:
    from models.numbers import Network as NumberingNetwork

DEFAULT_FILE = "ringfence.toml"


def _items(value: object) -> object:
    """Let one text with commas stand for a list, as the environment has no lists."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _country_code(value: str) -> str:
    if not re.fullmatch(r"([1-9]\d{0,2})?", value):
        raise ValueError('expected an E.164 country code without +, such as "212"')
    return value


def _home_prefixes(value: tuple[str, ...]) -> tuple[str, ...]:
    for prefix in value:
        if not re.fullmatch(r"\+[1-9]\d{0,14}", prefix):
            raise ValueError(f'{prefix!r}: expected + and digits, such as "+1242"')
    return value


Duration = Annotated[int, BeforeValidator(seconds)]
Pause = Annotated[float, BeforeValidator(seconds)]
Items = Annotated[tuple[str, ...], BeforeValidator(_items)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """What every section keeps: no unknown names, no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


class Network(Section):
    """The network's own facts: its numbering, and the operator's tables (contract, section 4)."""

    home_country_code: Annotated[str, AfterValidator(_country_code)] = ""
    """E.164 country code, no `+`; the one setting without a default, needed wherever numbers are read."""
    home_prefixes: Annotated[Items, AfterValidator(_home_prefixes)] = ()
    """`+digits` that are home and so never international; empty: the country code's."""
    international_prefix: str = Field(default="00", pattern=r"^\d{1,6}$")
    short_codes: Path | None = None
    free_prefixes: Path | None = None
    tariff: Path | None = None
    protected: Path | None = None


class Detection(Section):
    """What counts as proof (design, section 5)."""

    payer: Literal["account", "caller"] = "account"
    enough: int = Field(default=300, ge=1)
    """Rated calls that make a history."""
    block_log10: float = Field(default=6.0, gt=0)
    limit_log10: float = Field(default=3.0, gt=0)
    share_max: Share = 0.02
    """Free share before the episode, above which a prefix was mixed."""
    models: Path | None = None
    """The isolation forest: a directory that `ringfence train` wrote, or its manifest; without one rules work alone."""
    absurd_share: Share = 0.02
    """Below this share of the tariff's price a price is as good as free (`models.underpriced`); 0 = none is."""


class Windows(Section):
    """How long we wait and remember, in event time."""

    lateness_s: Duration = Field(default=600, ge=0, le=86_400, validation_alias=AliasChoices("lateness_s", "lateness"))
    """Allowed lateness, and the horizon of de-duplication (contract, section 2)."""
    price_evidence_s: Duration = Field(
        default=86_400,
        ge=0,
        le=31 * 86_400,
        validation_alias=AliasChoices("price_evidence_s", "price_evidence"),
    )
    """Age up to which a late price is evidence."""
    keys_max: int = Field(default=4_000_000, ge=1_000, le=1_000_000_000)
    """Callers, accounts and called numbers, of each, that have windows at a time, over all partitions of rows."""


class Policy(Section):
    """What a finding may do (design, section 5)."""

    mode: Mode = "enforce"
    rules: dict[Rule, Mode] = {}
    """Mode per rule; rules that are not named keep `models.policy.RULE_MODES`."""
    impact_per_command: Share = 0.05
    """Share of the answered calls that one command may touch."""
    impact_total: Share = 0.10
    lease_s: Duration = Field(default=900, ge=1, le=86_400)
    """Life of a block; 24 h is the contract's limit."""
    half_open_after_s: Duration = Field(default=600, ge=1)
    """Age at which a block lets a trickle through, to see whether the table is mended."""
    trickle_per_min: int = Field(default=1, ge=1)
    commands_per_minute: int = Field(default=20, ge=1)
    commands_per_hour: int = Field(default=200, ge=1)
    active_blocks: int = Field(default=100, ge=1)


class Service(Section):
    """The processes: where they listen, write and log."""

    host: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65_535)
    """HTTP port of health and metrics; 0 = any free one."""
    state_dir: Path = Field(default_factory=lambda: platformdirs.user_state_path("ringfence"))
    log_format: Literal["auto", "text", "json"] = "auto"
    """auto: text on a terminal, JSON lines otherwise."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    show_numbers: bool = False
    """Whole telephone numbers in logs."""
    checkpoint_ms: int = Field(default=1000, ge=10)
    """How often the detector writes its dirty pages."""
    watchdog_s: Pause = Field(default=30.0, gt=0)
    """Silence, or lag without progress, after which a process is killed and started anew."""


class Keys(Section):
    """Where the signing keys are."""

    dir: Path = Field(default_factory=lambda: platformdirs.user_config_path("ringfence") / "keys")


class _Environment(EnvSettingsSource):
    """`RINGFENCE_SECTION__NAME`; in `[kafka]` every further `__` is a dot of a librdkafka name."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        if isinstance(values.get("kafka"), dict):
            values["kafka"] = flatten(values["kafka"])
        return values


class Settings(BaseSettings):
    """Every setting; immutable."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        hide_input_in_errors=True,
    )

    network: Network = Field(default_factory=Network)
    kafka: Kafka = Field(default_factory=Kafka)
    detection: Detection = Field(default_factory=Detection)
    windows: Windows = Field(default_factory=Windows)
    policy: Policy = Field(default_factory=Policy)
    service: Service = Field(default_factory=Service)
    keys: Keys = Field(default_factory=Keys)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then what `load` read from the file."""
        return _Environment(settings_cls), init_settings

    def numbering(self) -> "NumberingNetwork":
        """The network as `models.numbers` wants it.

        Raises:
            UsageError: the home country code is not set.
        """
        if not self.network.home_country_code:
            raise UsageError(
                "[network] home_country_code is not set: put yours into the configuration file,"
                f" or set {ENV_PREFIX}NETWORK__HOME_COUNTRY_CODE"
            )
        from models.numbers import Network as NumberingNetwork  # noqa: PLC0415 - compiles kernels

        return NumberingNetwork(
            home_country_code=self.network.home_country_code,
            international_prefix=self.network.international_prefix,
            home_prefixes=self.network.home_prefixes,
        )


def load(path: Path | None = None) -> Settings:
    """Read the file (None: `ringfence.toml` of the working directory, if it is there) and the environment.

    Raises:
        UsageError: a file that cannot be read, an unknown setting, a value that cannot be used.
    """
    found = path or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None)
    values = _read(found) if found else {}
    check_names(values, os.environ, found, Settings)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise UsageError(one_line(error, os.environ, found)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: cannot read the configuration: {reason}") from None
    kafka = values.get("kafka")
    if isinstance(kafka, dict):
        values["kafka"] = flatten(kafka)
    _anchor(values, path.parent)
    return values


def _paths() -> Iterator[tuple[str, str]]:
    """Name every setting that is a path."""
    yield from (("network", name) for name in ("short_codes", "free_prefixes", "tariff", "protected"))
    yield from (("detection", "models"), ("service", "state_dir"), ("keys", "dir"))
    yield from (("kafka", name) for name in sorted(LOCATIONS))


def _anchor(values: dict[str, Any], base: Path) -> None:
    """Make paths of the file relative to the file; `~` is the user's home."""
    for section, name in _paths():
        table = values.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str) and table[name]:
            table[name] = str(base / Path(table[name]).expanduser())
