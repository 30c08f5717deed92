"""Reading the settings at start, and the secrets that are made on the first run."""

import difflib
import os
import secrets
import tomllib
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from portal.core.errors import ConfigurationError
from portal.core.settings.model import CONFIG_FILE, PREFIX, Settings, choices, limits


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
            lines.append(f"The setting {name} is wrong: {_what_to_use(problem)}.")
    return "\n".join(lines)


def _what_to_use(problem: ErrorDetails) -> str:
    field = Settings.model_fields[str(problem["loc"][0])]
    match problem["type"].partition("_")[0]:
        case "int" | "less" | "greater":
            least, most = limits(field) or ("", "")
            return f"use a whole number from {least} to {most}"
        case "bool":
            return "use true or false"
        case "literal":
            return f"use one of {', '.join(choices(field))}"
    return problem["msg"].removeprefix("Value error, ")


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
