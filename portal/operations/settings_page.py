"""The settings for people to read: as documentation, and as they are in force."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from portal.core.settings import CONFIG_FILE, PREFIX, Settings, choices, limits

HEAD = f"""# Settings

This page is made from the code: `portico settings --markdown`. `portico settings` shows what is in force.

A setting comes from the environment (`{PREFIX}<NAME>`) or from the TOML file that `{CONFIG_FILE}` names, where its name
is written in lower case without the prefix (`port = 8080`); the environment wins. An unknown name or a wrong value is
refused at start with a sentence that names the setting.

| setting | default | meaning |
| --- | --- | --- |
"""


def settings_markdown() -> str:
    """Return the documentation of every setting."""
    return HEAD + "".join(
        f"| `{PREFIX}{name.upper()}` | {_default(field)} | {_cell(field.description or '')}{_limits(field)} |\n"
        for name, field in Settings.model_fields.items()
    )


def effective_lines(settings: Settings) -> list[str]:
    """Return each setting with the value in force; secrets are told apart only as set or not."""
    return [f"{PREFIX}{name.upper()} = {_shown(name, getattr(settings, name))}" for name in Settings.model_fields]


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{plain}`" if plain else "empty"


def _limits(field: FieldInfo) -> str:
    if found := limits(field):
        return f" From {found[0]} to {found[1]}."
    return f" One of {', '.join(f'`{item}`' for item in choices(field))}." if choices(field) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shown(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(empty)"
    if name in {"database_url", "redis_url"} and "@" in str(value):
        # The password stands between the user's name and the host.
        start, _, host = str(value).rpartition("@")
        scheme, _, login = start.partition("://")
        return f"{scheme}://{login.partition(':')[0]}:(hidden)@{host}"
    return str(value) or "(empty)"
