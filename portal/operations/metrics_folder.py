"""The folder in which the processes of one machine add up their metrics."""

import os
from pathlib import Path

from portal.core.settings import Settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare_metrics_folder(settings: Settings) -> None:
    """Make the folder, name it to the metrics library, and remove what processes of earlier runs left there.

    Must be called before anything imports the metrics: the library looks at the variable once. A process started by
    another of ours finds the variable set and leaves the folder as it is.
    """
    if VARIABLE in os.environ:
        return
    folder = settings.data_dir / "metrics"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.db"):
        number = path.stem.rpartition("_")[2]
        if not Path(f"/proc/{number}").exists():
            path.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)
