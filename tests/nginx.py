"""A real nginx with the configuration in deploy/; only folder, ports and its own places are replaced."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import listens, wait_until

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx-status.conf"


def nginx_program() -> str | None:
    # Debian keeps it where only administrators look.
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextmanager
def nginx_serving(data_dir: Path, folder: Path, port: int, *, portal_port: int = 1) -> Iterator[None]:
    """Serve the finished pages of a data folder until the end of the block."""
    site = SHIPPED.read_text().replace("/var/lib/portico", str(data_dir)).replace("listen 80;", f"listen {port};")
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{portal_port}")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Started by root, it would change to a user who may not read the folder of a test.
    owner = f"user {pwd.getpwuid(0).pw_name} root;\n" if os.getuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{owner}worker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\ndaemon off;\n"
        "events { worker_connections 512; }\n"
        f"http {{\naccess_log off;\nkeepalive_requests 1000000;\n{places}{site}\n}}\n"
    )
    program = nginx_program()
    assert program, "nginx is not installed; deploy/test-packages installs it"
    process = subprocess.Popen(
        [program, "-c", str(configuration), "-p", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, what="nginx listens")
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)
