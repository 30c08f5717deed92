"""All tables of all features, for comparing models and migrations."""

# ruff: noqa: F401 (importing a module is what registers its tables)

import knowledge.models
import knowledge.tuning.models
import portal.core.audit.models
import portal.core.files.models
import portal.core.jobs.models
import portal.core.notifications.models
import portal.core.outbox.models
import portal.core.sent_forms.models
import portal.directory.models
import status_page.models
import triage.assistant.models
import triage.tickets.models
from portal.core.db import Model

__all__ = ["metadata"]

metadata = Model.metadata
