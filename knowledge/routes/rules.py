"""When articles are looked at again: rules, and a service that changed."""

import sqlalchemy as sa
from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from knowledge.content import slugified
from knowledge.enums import Permission
from knowledge.forms import RuleForm, ServiceChangedForm
from knowledge.models import ReviewRule, Section, Tag
from knowledge.queries import work
from knowledge.routes.blueprint import bp
from knowledge.services import life_cycle, review_rules
from knowledge.services.review_periods import list_rules
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import find_service, signed_in_user


@bp.get("/knowledge/rules")
@requires(Permission.SECTION_MANAGE, everywhere=True)
def rules() -> ResponseReturnValue:
    return _rules_page(RuleForm(formdata=None))


@bp.post("/knowledge/rules")
@requires(Permission.SECTION_MANAGE, everywhere=True)
@commits
def add_rule() -> ResponseReturnValue:
    """Add a rule, or tell what it would change when that was asked."""
    form = RuleForm()
    if form.validate():
        try:
            rule = _rule(form)
            if "preview" in request.form:
                return _rules_page(form, effect=review_rules.effect_of(rule))
            effect = review_rules.add_rule(rule, actor=signed_in_user())
            flash(_said(effect.moved), "success")
            return see_other("knowledge.rules")
        except Refused as refusal:
            put_refusal(form, refusal)
    return _rules_page(form, status=422)


@bp.post("/knowledge/rules/<int:rule_id>/remove")
@requires(Permission.SECTION_MANAGE, everywhere=True)
@commits
def remove_rule(rule_id: int) -> ResponseReturnValue:
    rule = db.session.get(ReviewRule, rule_id)
    if rule is None:
        abort(404)
    review_rules.remove_rule(rule, actor=signed_in_user())
    flash(gettext("The rule is removed."), "success")
    return see_other("knowledge.rules")


@bp.get("/knowledge/service-changed")
@requires(Permission.ARTICLE_PUBLISH)
def service_changed() -> ResponseReturnValue:
    form = ServiceChangedForm(formdata=None, data={"service": request.args.get("service", "")})
    return page("knowledge/service_changed.html", "form", form=form, counts=work.articles_by_service())


@bp.post("/knowledge/service-changed")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def ask_for_review_of_service() -> ResponseReturnValue:
    form = ServiceChangedForm()
    if form.validate() and (service := find_service(form.service.data)):
        reason = gettext(
            "%(service)s was updated: %(reason)s", service=service.name, reason=(form.reason.data or "").strip()
        )
        asked = life_cycle.ask_for_review_of_service(service.id, actor=signed_in_user(), reason=reason)
        flash(
            ngettext(
                "%(num)s article about it is due for review now.",
                "%(num)s articles about it are due for review now.",
                asked,
            ),
            "success",
        )
        return see_other("knowledge.desk", list="overdue")
    return page("knowledge/service_changed.html", "form", form=form, counts=work.articles_by_service(), status=422)


def _rules_page(
    form: RuleForm, *, effect: review_rules.RuleEffect | None = None, status: int = 200
) -> ResponseReturnValue:
    return page("knowledge/rules.html", "rules", form=form, rules=list_rules(), effect=effect, status=status)


def _rule(form: RuleForm) -> ReviewRule:
    tag = None
    if form.tag.data:
        tag = db.session.scalars(sa.select(Tag).where(Tag.slug == slugified(form.tag.data)[:80])).first()
        if tag is None:
            raise Refused(gettext("No article carries this tag."), field="tag")
    return review_rules.draft_rule(
        months=form.months.data or 0,
        section=db.session.get(Section, form.section_id.data) if form.section_id.data else None,
        kind=form.kind,
        tag=tag,
        older_than_months=form.older_than_months.data,
    )


def _said(moved: int) -> str:
    return str(
        ngettext(
            "The rule is added; %(num)s article has another review date.",
            "The rule is added; %(num)s articles have another review date.",
            moved,
        )
    )
