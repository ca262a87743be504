"""The `[kafka]` section: our own settings, and librdkafka's dotted names, which Faust is given too."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from streams.errors import UsageError

SECURITY_NAMES = frozenset(
    {
        "enable.sasl.oauthbearer.unsecure.jwt",
        "enable.ssl.certificate.verification",
        "sasl.kerberos.keytab",
        "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.min.time.before.relogin",
        "sasl.kerberos.principal",
        "sasl.kerberos.service.name",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.client.secret_file",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.extensions",
        "sasl.oauthbearer.method",
        "sasl.oauthbearer.scope",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.password",
        "sasl.password_file",
        "sasl.username",
        "security.protocol",
        "ssl.ca.location",
        "ssl.ca.pem",
        "ssl.certificate.location",
        "ssl.certificate.pem",
        "ssl.cipher.suites",
        "ssl.crl.location",
        "ssl.curves.list",
        "ssl.endpoint.identification.algorithm",
        "ssl.engine.id",
        "ssl.engine.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.key.password_file",
        "ssl.key.pem",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.password_file",
        "ssl.providers",
        "ssl.sigalgs.list",
    }
)
"""The security names of librdkafka's CONFIGURATION.md, and a `_file` of ours for each secret."""
LOCATIONS = frozenset(name for name in SECURITY_NAMES if name.endswith((".location", "_file", ".keytab")))
"""Names whose values are paths: relative to the configuration file."""
_FAUST_MECHANISMS = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})


def flatten(tree: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Turn nested tables into dotted names.

    >>> flatten({"sasl": {"username": "u"}, "bootstrap_servers": "b:9092"})
    {'sasl.username': 'u', 'bootstrap_servers': 'b:9092'}
    """
    flat: dict[str, object] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _text(value: object) -> object:
    """Spell a TOML scalar as librdkafka does."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _servers(value: str) -> str:
    if not re.fullmatch(r"[^\s,/]+:\d{1,5}(,\s*[^\s,/]+:\d{1,5})*", value):
        raise ValueError("expected host:port, several with commas between them")
    return value


class Kafka(BaseModel):
    """Where Kafka is and how to get in; further fields are librdkafka's, secret in every repr."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SecretStr] = Field(init=False)

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = "127.0.0.1:9092"
    """Comma-separated `host:port` of some brokers."""
    replication_factor: int | None = Field(default=None, ge=1, le=7)
    """Copies of every partition; None: 1 on a one-node cluster, 3 otherwise (contract, section 1)."""
    min_insync_replicas: int | None = Field(default=None, ge=1, le=7)
    """Copies that acknowledge a write; None: 1 with one copy, 2 otherwise."""
    event_partitions: int = Field(default=4, ge=1, le=10_000)
    """Partitions of `signalling.events` when it is created."""
    row_partitions: int = Field(default=4, ge=1, le=10_000)
    """Partitions of `ringfence.rows` and `ringfence.state`; never changed after they are created."""

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: _text(value) if "." in name else value for name, value in given.items()}

    def librdkafka(self) -> dict[str, str]:
        """The bootstrap servers and the passed-through names, secrets read from their files.

        Raises:
            UsageError: a secret's file cannot be read.
        """
        options = {name: value.get_secret_value() for name, value in (self.__pydantic_extra__ or {}).items()}
        for name in [name for name in options if name.endswith("_file")]:
            options[name.removesuffix("_file")] = _secret(name, options.pop(name))
        return {"bootstrap.servers": self.bootstrap_servers, **options}

    def faust(self) -> tuple[list[str], Any]:
        """Broker URLs and `broker_credentials` (None: plain text) for a Faust app, from the same values.

        Raises:
            UsageError: a mechanism that Faust's client does not speak, or a certificate that cannot be read.
        """
        options = self.librdkafka()
        urls = [f"aiokafka://{server.strip()}" for server in self.bootstrap_servers.split(",")]
        return urls, _credentials(options)


def _secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"[kafka] {name}: cannot read {path}: {error}") from None


def _credentials(options: Mapping[str, str]) -> Any:
    """Say in Faust's words what librdkafka's names say."""
    protocol = options.get("security.protocol", "plaintext").lower()
    if protocol == "plaintext":
        return None
    import faust  # noqa: PLC0415 - slow to import, and most verbs have no need of it

    context = tls_context(options) if protocol in {"ssl", "sasl_ssl"} else None
    if protocol == "ssl":
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=options.get("sasl.username", ""),
        password=options.get("sasl.password", ""),
        ssl_context=context,
        mechanism=_mechanism(options),
    )


def _mechanism(options: Mapping[str, str]) -> str:
    mechanism = options.get("sasl.mechanisms", options.get("sasl.mechanism", "GSSAPI")).upper()
    if mechanism not in _FAUST_MECHANISMS:
        known = ", ".join(sorted(_FAUST_MECHANISMS))
        raise UsageError(f"[kafka] sasl.mechanism = {mechanism}: the detector's client speaks {known} only")
    return mechanism


def tls_context(options: Mapping[str, str]) -> ssl.SSLContext:
    """The TLS context that librdkafka's `ssl.*` names describe.

    Raises:
        UsageError: a certificate or key that cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=options.get("ssl.ca.location"), cadata=options.get("ssl.ca.pem"))
        if certificate := options.get("ssl.certificate.location"):
            context.load_cert_chain(certificate, options.get("ssl.key.location"), options.get("ssl.key.password", ""))
        if ciphers := options.get("ssl.cipher.suites"):
            context.set_ciphers(ciphers)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"[kafka] ssl.*: cannot use the certificates: {error}") from None
    verify = options.get("enable.ssl.certificate.verification", "true") != "false"
    context.check_hostname = verify and options.get("ssl.endpoint.identification.algorithm", "https") != "none"
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return context
