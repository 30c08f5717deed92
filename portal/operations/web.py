"""Gunicorn with our options. The application is loaded in the web processes, so that their parent stays small."""

import json
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from portal.operations.prompt_worker import forget_connections


class WebServer(BaseApplication):
    """Portico under gunicorn."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)
        self.cfg.set("child_exit", forget_connections)

    def load(self) -> Any:
        # The parent process must stay without the application.
        from portal.app import create_app
        from portal.core.log import configure_logging
        from portal.core.settings import load_settings

        settings = load_settings()
        configure_logging(settings)
        return create_app(settings)


if __name__ == "__main__":
    WebServer(json.loads(sys.argv[1])).run()
