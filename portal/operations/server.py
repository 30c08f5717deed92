"""The web server's settings, and the step into it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from portal.core.settings import Settings
from portal.operations.metrics_folder import prepare_metrics_folder
from portal.operations.preflight import refuse_unless_current

GRACEFUL_SECONDS = 25


def serve_web(settings: Settings) -> None:
    """Become the web server, which runs until SIGTERM and finishes the requests under way.

    Raises:
        PreflightFailed: the database is not at this version's revision.
    """
    refuse_unless_current(settings)
    prepare_metrics_folder(settings)
    options = json.dumps(server_options(settings))
    # The parent of the web processes only watches them; taking this process's place keeps it small.
    os.execv(sys.executable, [sys.executable, "-m", "portal.operations.web", options])  # noqa: S606


def server_options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings for ours."""
    memory = Path("/dev/shm")  # noqa: S108 (only a beat file without content is put there)
    return {
        "bind": [f"{settings.host}:{settings.port}"],
        "proc_name": "portico-web",
        "worker_class": "portal.operations.prompt_worker.PromptWorker",
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "worker_connections": 1000,
        "keepalive": 20,
        "timeout": 60,
        "graceful_timeout": GRACEFUL_SECONDS,
        "limit_request_line": 8190,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        # Proxies are trusted by PORTICO_TRUSTED_PROXIES alone.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "worker_tmp_dir": str(memory) if os.access(memory, os.W_OK) else None,
        "control_socket_disable": True,
        "preload_app": False,
    }
