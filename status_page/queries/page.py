from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort

from portal.core.db import db
from status_page.models import StatusPage, UpdateTemplate, WriteToken


def get_page() -> StatusPage:
    """Return the rules of the page, as they stand in the database now."""
    return db.session.scalars(sa.select(StatusPage).execution_options(populate_existing=True)).one()


def list_templates() -> Sequence[UpdateTemplate]:
    return db.session.scalars(sa.select(UpdateTemplate).order_by(UpdateTemplate.name, UpdateTemplate.id)).all()


def get_template(template_id: int) -> UpdateTemplate:
    return db.session.get(UpdateTemplate, template_id) or abort(404)


def list_write_tokens() -> Sequence[WriteToken]:
    return db.session.scalars(sa.select(WriteToken).order_by(WriteToken.name, WriteToken.id)).all()
