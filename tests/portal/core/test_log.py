"""Log lines say which request they belong to, and hold no secrets."""

import json
import logging

import pytest
from flask import Flask

from portal.core.log import JsonFormatter, TextFormatter
from portal.core.origin import origin
from tests.client import CheckingClient


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "portico", "levelno": 20, "levelname": "INFO", "msg": message})
    made.__dict__.update(extra)
    return made


def test_json_line_has_the_request_and_known_fields_only() -> None:
    with origin("127.0.0.1", "abcdef0123"):
        line = json.loads(JsonFormatter().format(record("done", status=200, password="hunter2")))
    assert (line["message"], line["request_id"], line["status"], line["level"]) == ("done", "abcdef0123", 200, "info")
    assert "password" not in line


def test_text_line_cannot_be_forged_by_a_line_feed() -> None:
    assert "\n" not in TextFormatter().format(record("first\n12:00:00 error second"))


def test_request_is_logged_without_its_query(
    client: CheckingClient, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="portico.request"):
        client.get("/?token=hunter2&q=private")
    (line,) = [item for item in caplog.records if item.name == "portico.request"]
    assert line.__dict__["status"] == 200
    assert line.__dict__["ms"] >= 0
    assert "hunter2" not in JsonFormatter().format(line)
