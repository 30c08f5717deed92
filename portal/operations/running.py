"""One command for everything: look, upgrade, and hand over to the supervisor."""

import json
import os
import socket
import subprocess
import sys
from contextlib import closing

from portal.core.errors import ConfigurationError
from portal.core.settings import Settings
from portal.operations.metrics_folder import prepare_metrics_folder


class PortInUse(ConfigurationError):
    """Another program listens where Portico shall."""


def run_everything(settings: Settings, *, demo: bool) -> None:
    """Upgrade when needed, then become the supervisor, which starts everything and prints the address.

    Raises:
        ConfigurationError: the port is taken.
        SystemExit: the upgrade was refused, and has said why.
    """
    refuse_busy_port(settings)
    os.environ["PORTICO_PORT"] = str(settings.port)
    prepare_metrics_folder(settings)
    _call("upgrade", "--quiet")
    if demo:
        _call("load-demo")
    place = {"host": settings.host, "port": settings.port, "base_url": settings.base_url, "demo": demo}
    # Taking this process's place gives back the memory that reading the settings took.
    os.execv(sys.executable, [sys.executable, "-m", "portal.operations.supervisor", json.dumps(place)])  # noqa: S606


def refuse_busy_port(settings: Settings) -> None:
    """Raise when the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortInUse(
                f"Portico cannot listen on {settings.host} port {settings.port} ({error.strerror}). Stop the program "
                "that listens there, or choose another port with PORTICO_PORT or --port."
            ) from error


def _call(*arguments: str) -> None:
    """Run one of our commands in a process of its own, so that its memory is given back."""
    done = subprocess.run([sys.executable, "-m", "portal", *arguments], check=False)  # noqa: S603 (our own program)
    if done.returncode:
        # The command has said what is wrong; this process only passes the failure on.
        raise SystemExit(done.returncode)
