"""Every setting of Portico, validated once at start.

A value comes from the environment (``PORTICO_<NAME>``) or from the TOML file that ``PORTICO_CONFIG_FILE`` names;
the environment wins. ``docs/settings.md`` is generated from this class.
"""

import difflib
import os
import re
import secrets
import tomllib
import zoneinfo
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from portal.core.errors import ConfigurationError

PREFIX = "PORTICO_"
CONFIG_FILE = PREFIX + "CONFIG_FILE"
LOCALES = ("en", "de")


class Settings(BaseSettings):
    """All settings; each field's description is its documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True)

    data_dir: Annotated[Path, Field(description="Folder for everything Portico stores outside the database.")] = Path(
        "var"
    )
    database_url: Annotated[
        str,
        Field(
            description="`postgresql://user:password@host/name` for PostgreSQL. "
            "Empty: SQLite in the data folder (`portico.sqlite3`)."
        ),
    ] = ""
    redis_url: Annotated[
        str,
        Field(description="`redis://host:6379/0` for jobs and rate limits shared by several nodes. Empty: embedded."),
    ] = ""
    host: Annotated[str, Field(description="Address the web server listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port the web server listens on.")] = 8000
    base_url: Annotated[
        str,
        Field(description="Address people use, for links in messages. Empty: `http://localhost:<port>`."),
    ] = ""
    trusted_proxies: Annotated[
        int, Field(ge=0, le=5, description="How many reverse proxies in front set `X-Forwarded-*` headers.")
    ] = 0
    web_workers: Annotated[int, Field(ge=1, le=64, description="Web server processes.")] = 2
    web_threads: Annotated[int, Field(ge=1, le=64, description="Threads of each web server process.")] = 4
    job_threads: Annotated[int, Field(ge=1, le=64, description="Threads of the worker process.")] = 2
    secret_key: Annotated[
        SecretStr,
        Field(
            description="Signs sessions and links. Empty: made on first run and kept in the data folder. "
            "Several nodes need the same value."
        ),
    ] = SecretStr("")
    audit_key: Annotated[
        SecretStr,
        Field(
            description="Keys the hash chain of the audit trail; it must never change. "
            "Empty: made on first run and kept in the data folder."
        ),
    ] = SecretStr("")
    smtp_url: Annotated[
        SecretStr,
        Field(
            description="`smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`. "
            "Empty: messages are written to `mail/` in the data folder."
        ),
    ] = SecretStr("")
    mail_from: Annotated[str, Field(description="Sender of e-mails.")] = "Portico <portico@localhost>"
    bounce_address: Annotated[
        str,
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
        Field(
            description="What searches words beside SQLite. `tantivy` is quicker from some tens of thousands of articles "
            "on; install `portico[tantivy]`. PostgreSQL searches by itself."
        ),
    ] = "whoosh"
    search_log_days: Annotated[
        int, Field(ge=1, le=1095, description="Days for which searches are kept; who searched is never kept.")
    ] = 180
    webhook_allowed_hosts: Annotated[
        str,
        Field(
            description="Hosts, separated by commas, that webhooks may call although they lie in a private network. "
            "Empty: public addresses only."
        ),
    ] = ""
    default_locale: Annotated[Literal["en", "de"], Field(description="Language for people who chose none.")] = "en"
    default_time_zone: Annotated[str, Field(description="Time zone for people who chose none.")] = "UTC"
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

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value and urlsplit(value).scheme.split("+")[0] not in ("sqlite", "postgresql"):
            raise ValueError("use a postgresql:// or sqlite:// address")
        return value

    @field_validator("search_keyword_engine")
    @classmethod
    def _installed(cls, value: str) -> str:
        if value == "tantivy" and find_spec("tantivy") is None:
            raise ValueError("install portico[tantivy], or leave it at whoosh")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("use a redis:// or rediss:// address")
        return value

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("use an http:// or https:// address")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _mail_scheme(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (
            parts.scheme not in ("smtp", "smtp+starttls", "smtps") or parts.hostname is None
        ):
            raise ValueError("use an smtp://, smtp+starttls:// or smtps:// address with a host")
        return value

    @field_validator("bounce_address")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        box, _, domain = value.partition("@")
        # With its name and the plus sign a message adds up to 40 characters; 64 are allowed.
        if value and (not re.fullmatch(r"[A-Za-z0-9._-]{1,24}", box) or not re.fullmatch(r"[A-Za-z0-9.-]+", domain)):
            raise ValueError("use an address such as bounces@help.example, with at most 24 characters before the @")
        return value

    @field_validator("default_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("use a name such as Europe/Berlin")
        return value

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


def load_settings(**overrides: Any) -> Settings:
    """Read, validate and complete the settings; make the data folder and the secrets on first run.

    Raises:
        ConfigurationError: a setting is unknown or wrong, or the data folder cannot be written; the text names it.
    """
    _refuse_unknown_variables()
    _refuse_missing_file()
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError(_sentences(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{CONFIG_FILE} is not valid TOML: {error}. Correct the file.") from None
    _make_data_dir(settings.data_dir)
    return settings.model_copy(
        update={
            name: SecretStr(_kept_secret(settings.data_dir / "secrets" / name))
            for name in ("secret_key", "audit_key")
            if not getattr(settings, name).get_secret_value()
        }
    )


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG_FILE}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "See docs/settings.md for those that exist."
            raise ConfigurationError(f"The setting {name} is unknown. {hint}")


def _refuse_missing_file() -> None:
    path = os.environ.get(CONFIG_FILE)
    if path and not Path(path).is_file():
        raise ConfigurationError(f"{CONFIG_FILE} names {path}, which is not a file. Correct the path or unset it.")


def _sentences(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        name = PREFIX + ".".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "extra_forbidden":
            lines.append(f"The setting {name} is unknown. See docs/settings.md for those that exist.")
        else:
            lines.append(f"The setting {name} is wrong: {problem['msg'].removeprefix('Value error, ')}.")
    return "\n".join(lines)


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {path} cannot be written ({error.strerror}). "
            f"Give this user the right to write there or set {PREFIX}DATA_DIR to another folder."
        ) from None


def _kept_secret(path: Path) -> str:
    """Return the secret kept in a file, and make it if it is not there; two starting processes agree on one."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A hard link fails when another process was first, so both go on with the same secret.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
