"""Every setting of Portico, validated once at start.

A value comes from the environment (``PORTICO_<NAME>``) or from the TOML file that ``PORTICO_CONFIG_FILE`` names;
the environment wins. ``docs/settings.md`` is generated from this class.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from portal.core.settings import checks

PREFIX = "PORTICO_"
CONFIG_FILE = PREFIX + "CONFIG_FILE"
LOCALES = ("en", "de")


class Settings(BaseSettings):
    """All settings; each field's description is its documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True)

    data_dir: Annotated[
        Path,
        BeforeValidator(checks.named),
        AfterValidator(checks.absolute),
        Field(description="Folder for everything Portico stores outside the database."),
    ] = Path("var")
    database_url: Annotated[
        str,
        AfterValidator(checks.database_address),
        Field(
            description="`postgresql://user:password@host/name` for PostgreSQL. "
            "Empty: SQLite in the data folder (`portico.sqlite3`)."
        ),
    ] = ""
    redis_url: Annotated[
        str,
        AfterValidator(checks.redis_address),
        Field(description="`redis://host:6379/0` for jobs and rate limits shared by several nodes. Empty: embedded."),
    ] = ""
    host: Annotated[str, AfterValidator(checks.host_name), Field(description="Address the web server listens on.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=1, le=65535, description="Port the web server listens on.")] = 8000
    base_url: Annotated[
        str,
        AfterValidator(checks.web_address),
        Field(description="Address people use, for links in messages. Empty: `http://localhost:<port>`."),
    ] = ""
    trusted_proxies: Annotated[
        int, Field(ge=0, le=5, description="How many reverse proxies in front set `X-Forwarded-*` headers.")
    ] = 0
    web_workers: Annotated[int, Field(ge=1, le=64, description="Web server processes.")] = 2
    web_threads: Annotated[int, Field(ge=1, le=64, description="Threads of each web server process.")] = 4
    job_threads: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="Threads of the worker process. One stays free of long jobs, so that mail does not wait.",
        ),
    ] = 3
    secret_key: Annotated[
        SecretStr,
        AfterValidator(checks.long_secret),
        Field(
            description="Signs sessions and links. Empty: made on first run and kept in the data folder. "
            "Several nodes need the same value."
        ),
    ] = SecretStr("")
    audit_key: Annotated[
        SecretStr,
        AfterValidator(checks.long_secret),
        Field(
            description="Keys the hash chain of the audit trail; it must never change. "
            "Empty: made on first run and kept in the data folder."
        ),
    ] = SecretStr("")
    smtp_url: Annotated[
        SecretStr,
        AfterValidator(checks.mail_server),
        Field(
            description="`smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`. "
            "Empty: messages are written to `mail/` in the data folder."
        ),
    ] = SecretStr("")
    mail_from: Annotated[str, AfterValidator(checks.sender), Field(description="Sender of e-mails.")] = (
        "Portico <portico@localhost>"
    )
    bounce_address: Annotated[
        str,
        AfterValidator(checks.bounce_address),
        Field(
            description="Where undeliverable mail comes back, such as `bounces@help.example`; each message adds a name of "
            "its own before the `@` (`bounces+…@`). Your mail server gives what arrives there to `portico take-bounce`. "
            "Empty: it goes to the sender."
        ),
    ] = ""
    semantic_search: Annotated[
        bool, Field(description="Search by meaning as well as by words; costs about 100 MB in each process.")
    ] = True
    search_keyword_engine: Annotated[
        Literal["whoosh", "tantivy"],
        AfterValidator(checks.installed),
        Field(
            description="What searches words beside SQLite. `tantivy` is quicker from some tens of thousands of articles "
            "on; install `portico[tantivy]`. PostgreSQL searches by itself."
        ),
    ] = "whoosh"
    search_weights: Annotated[
        str,
        AfterValidator(checks.file),
        Field(
            description="File with what words and meaning weigh, as `benchmarks/learn_fusion.py --output` writes it; the "
            "same on every node. Empty: the weights that ship."
        ),
    ] = ""
    search_log_days: Annotated[
        int, Field(ge=1, le=1095, description="Days for which searches are kept; who searched is never kept.")
    ] = 180
    webhook_allowed_hosts: Annotated[
        str,
        AfterValidator(checks.host_names),
        Field(
            description="Hosts, separated by commas, that webhooks may call although they lie in a private network. "
            "Empty: public addresses only."
        ),
    ] = ""
    default_locale: Annotated[Literal["en", "de"], Field(description="Language for people who chose none.")] = "en"
    default_time_zone: Annotated[
        str, AfterValidator(checks.time_zone), Field(description="Time zone for people who chose none.")
    ] = "UTC"
    session_hours: Annotated[int, Field(ge=1, le=720, description="Hours until an idle session ends.")] = 12
    max_upload_mb: Annotated[int, Field(ge=1, le=500, description="Largest attachment in mebibytes.")] = 25
    check_external_links: Annotated[
        bool,
        Field(description="Try the links of articles to other sites once a week and tell owners which are broken."),
    ] = False
    max_import_mb: Annotated[
        int,
        Field(ge=1, le=1000, description="Largest zip of articles that may be imported in the browser, in mebibytes."),
    ] = 200
    metrics_token: Annotated[
        SecretStr,
        Field(description="Bearer token for `/metrics`. Empty: answered to this machine only."),
    ] = SecretStr("")
    log_format: Annotated[Literal["json", "text"], Field(description="Shape of the log lines.")] = "json"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level that is logged.")
    ] = "info"

    @model_validator(mode="after")
    def _fill_derived(self) -> Self:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / 'portico.sqlite3'}")
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://localhost:{self.port}")
        return self

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def uses_https(self) -> bool:
        return self.base_url.startswith("https://")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = os.environ.get(CONFIG_FILE)
        file_sources = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        return (init_settings, env_settings, *file_sources)


def limits(field: FieldInfo) -> tuple[int, int] | None:
    """Return the least and the greatest value of a number."""
    found = {name: getattr(item, name) for item in field.metadata for name in ("ge", "le") if hasattr(item, name)}
    return (found["ge"], found["le"]) if found else None


def choices(field: FieldInfo) -> tuple[str, ...]:
    """Return what a setting may be, nothing when that is not a list."""
    return getattr(field.annotation, "__args__", ())
