"""The worker's side of a transfer: claim it, do it in the language of its asker, say what came of it."""

from collections.abc import Callable
from typing import Any

from flask_babel import force_locale

from knowledge.enums import TransferKind
from knowledge.models import Transfer
from knowledge.services.exporting import run_export
from knowledge.services.importing import run_import
from knowledge.services.printing import print_collection
from knowledge.services.transfers import (
    MOST_ATTEMPTS,
    Interrupted,
    claim_transfer,
    fail_transfer,
    finish_transfer,
    give_back,
    progress_of,
)
from portal.core.db import unit_of_work
from portal.core.errors import Refused
from portal.core.texts import gettext

Work = Callable[[Transfer, Callable[[int, int], None]], dict[str, Any]]
_WORK: dict[TransferKind, Work] = {
    TransferKind.PDF: print_collection,
    TransferKind.MARKDOWN: run_export,
    TransferKind.IMPORT_PREVIEW: run_import,
    TransferKind.IMPORT: run_import,
}


def run(transfer_id: int) -> None:
    """Do a transfer unless somebody else is at it. A refusal is kept as a sentence, any other failure raised as well."""
    with unit_of_work():
        transfer = claim_transfer(transfer_id)
        if transfer is None:
            return
        too_often = transfer.attempts > MOST_ATTEMPTS
        locale = transfer.asked_by.locale
    with force_locale(locale):
        if too_often:
            with unit_of_work():
                fail_transfer(transfer_id, _gone_wrong())
            return
        try:
            result = _WORK[transfer.kind](transfer, progress_of(transfer_id))
        except Interrupted:
            with unit_of_work():
                give_back(transfer_id)
        except Refused as refused:
            with unit_of_work():
                fail_transfer(transfer_id, refused.sentence)
        except Exception:
            with unit_of_work():
                fail_transfer(transfer_id, _gone_wrong())
            raise
        else:
            with unit_of_work():
                finish_transfer(transfer_id, result)


def _gone_wrong() -> str:
    return gettext("Something went wrong. Try again; if it fails again, tell an administrator.")
