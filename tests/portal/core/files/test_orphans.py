"""The nightly job removes what no row names, and nothing else."""

import io
import os
import time

from flask import Flask

from portal.core.db import db
from portal.core.files.services import folder, path_of, store_file
from portal.core.files.tasks import remove_orphans


def test_removes_only_old_files_without_a_row(app: Flask) -> None:
    named = store_file(io.BytesIO(b"named by a row"), "named.txt", actor=None)
    db.session.commit()
    orphan, young = folder() / "ab" / ("ab" + "0" * 62), folder() / "ab" / ("ab" + "1" * 62)
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_text("nobody's")
    young.write_text("of a transaction under way")
    past = time.time() - 2 * 86_400
    for path in (orphan, path_of(named)):
        os.utime(path, (past, past))
    remove_orphans()
    assert not orphan.exists()
    assert young.exists() and path_of(named).exists()
    young.unlink()
