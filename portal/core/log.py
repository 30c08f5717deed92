"""Log lines for machines or for people, with the request they belong to and without secrets."""

import json
import logging
import sys
from datetime import UTC, datetime

from portal.core.origin import current_origin
from portal.core.settings import Settings

# What callers may add by ``extra``; anything else they add is left out, so that nothing slips into the log by chance.
FIELDS = ("user_id", "endpoint", "method", "status", "ms", "job", "message_id")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = current_origin().request_id
        if request_id:
            line["request_id"] = request_id
        given = record.__dict__
        line.update({name: given[name] for name in FIELDS if given.get(name) is not None})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line that reads well on a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        given = record.__dict__
        fields = [f"{name}={given[name]}" for name in FIELDS if given.get(name) is not None]
        request_id = current_origin().request_id
        if request_id:
            fields.append(f"request_id={request_id}")
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        # A line feed that somebody sent in must not look like a line of ours.
        message = record.getMessage().replace("\n", "\\n")
        line = " ".join([moment, record.levelname.lower(), message, *fields])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure_logging(settings: Settings) -> None:
    """Send every log line of this process to standard error in the wanted shape."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # Libraries that chatter at their own "info" say nothing that an operator can act on.
    for name in ("huey", "alembic", "sqlalchemy", "flask-limiter", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    server = logging.getLogger("gunicorn.error")
    server.handlers.clear()
    server.propagate = True
