"""Pages for owners: synonyms, promoted answers, what people search for."""

from flask import Blueprint, Response, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.tuning import queries, services
from knowledge.tuning.enums import Permission, PromotionMatch
from knowledge.tuning.forms import PromotionForm, SynonymForm, TriedForm
from knowledge.tuning.models import PromotedAnswer, SynonymGroup
from knowledge.tuning.reports import PERIODS, SearchList, csv_of_searches, page_of_searches, totals
from knowledge.tuning.rules import Promotion, current_rules
from knowledge.tuning.trying import Tried, try_out
from portal.core import clock
from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import signed_in_user

bp = Blueprint("tuning", __name__, template_folder="../templates", url_prefix="/knowledge/search")


@bp.get("")
@requires(Permission.READ)
def searches() -> ResponseReturnValue:
    which, days = _chosen()
    return page(
        "tuning/searches.html",
        "list",
        which=which,
        days=days,
        periods=PERIODS,
        totals=totals(days),
        searches=page_of_searches(which, days),
        may_manage=signed_in_user().can(Permission.MANAGE),
    )


@bp.get("/export.csv")
@requires(Permission.READ)
def export_searches() -> ResponseReturnValue:
    which, days = _chosen()
    heads = (
        gettext("Search"),
        gettext("Times"),
        gettext("Visits"),
        gettext("Results"),
        gettext("Opened a result"),
        gettext("Solved"),
        gettext("Asked for help"),
        gettext("Searched next"),
    )
    name = f"searches-{which}-{clock.now():%Y-%m-%d}.csv"
    return Response(
        "".join(csv_of_searches(which, days, heads)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@bp.get("/synonyms")
@requires(Permission.READ)
def synonyms() -> ResponseReturnValue:
    may_manage = signed_in_user().can(Permission.MANAGE)
    return page("tuning/synonyms.html", "list", groups=queries.page_of_synonyms(), may_manage=may_manage)


@bp.get("/synonyms/new")
@requires(Permission.MANAGE)
def new_synonyms() -> ResponseReturnValue:
    form = SynonymForm(formdata=None, data={"terms": request.args.get("term", "")[:80]})
    return _synonym_page(form, None)


@bp.post("/synonyms/new")
@requires(Permission.MANAGE)
@commits
def create_synonyms() -> ResponseReturnValue:
    return _save_synonyms(None)


@bp.get("/synonyms/<int:group_id>")
@requires(Permission.MANAGE)
def edit_synonyms(group_id: int) -> ResponseReturnValue:
    group = queries.get_synonyms(group_id)
    return _synonym_page(SynonymForm.of(group), group)


@bp.post("/synonyms/<int:group_id>")
@requires(Permission.MANAGE)
@commits
def save_synonyms(group_id: int) -> ResponseReturnValue:
    return _save_synonyms(queries.get_synonyms(group_id, for_change=True))


@bp.post("/synonyms/<int:group_id>/remove")
@requires(Permission.MANAGE)
@commits
def remove_synonyms(group_id: int) -> ResponseReturnValue:
    services.remove_synonyms(queries.get_synonyms(group_id, for_change=True), actor=signed_in_user())
    flash(gettext("These words no longer stand for each other."), "ok")
    return see_other("tuning.synonyms")


@bp.get("/promoted")
@requires(Permission.READ)
def promotions() -> ResponseReturnValue:
    user = signed_in_user()
    return page(
        "tuning/promotions.html",
        "list",
        promotions=queries.page_of_promotions(user),
        may_manage=user.can(Permission.MANAGE),
        today=clock.now().date(),
    )


@bp.get("/promoted/new")
@requires(Permission.MANAGE)
def new_promotion() -> ResponseReturnValue:
    given = {"phrases": request.args.get("phrase", "")[:80], "article": request.args.get("article", "")[:20]}
    return _promotion_page(PromotionForm(formdata=None, data=given), None)


@bp.post("/promoted/new")
@requires(Permission.MANAGE)
@commits
def create_promotion() -> ResponseReturnValue:
    return _save_promotion(None)


@bp.get("/promoted/<int:promotion_id>")
@requires(Permission.MANAGE)
def edit_promotion(promotion_id: int) -> ResponseReturnValue:
    promotion = queries.get_promotion(promotion_id, signed_in_user())
    return _promotion_page(PromotionForm.of(promotion), promotion)


@bp.post("/promoted/<int:promotion_id>")
@requires(Permission.MANAGE)
@commits
def save_promotion(promotion_id: int) -> ResponseReturnValue:
    return _save_promotion(queries.get_promotion(promotion_id, signed_in_user(), for_change=True))


@bp.post("/promoted/<int:promotion_id>/remove")
@requires(Permission.MANAGE)
@commits
def remove_promotion(promotion_id: int) -> ResponseReturnValue:
    user = signed_in_user()
    services.remove_promotion(queries.get_promotion(promotion_id, user, for_change=True), actor=user)
    flash(gettext("The article stands where it belongs by itself again."), "ok")
    return see_other("tuning.promotions")


def _save_synonyms(group: SynonymGroup | None) -> ResponseReturnValue:
    form, user = SynonymForm(), signed_in_user()
    if form.validate():
        try:
            if "try" in request.form:
                terms = services.check_terms(form.lines, except_group=group)
                now = current_rules()
                then = now.with_synonyms(terms, instead_of=group.id if group else None)
                return _synonym_page(form, group, tried=try_out(_sample(form, terms), user, now=now, then=then))
            services.save_synonyms(group, form.lines, note=form.note.data or "", actor=user)
            flash(gettext("Saved. Searches use it from now on."), "ok")
            return see_other("tuning.synonyms")
        except Refused as refusal:
            put_refusal(form, refusal)
    return _synonym_page(form, group, status=422)


def _save_promotion(promotion: PromotedAnswer | None) -> ResponseReturnValue:
    form, user = PromotionForm(), signed_in_user()
    if form.validate():
        article = queries.find_promotable(form.article_number, user)
        match = PromotionMatch(form.match.data)
        try:
            if "try" in request.form:
                phrases = services.check_phrases(form.lines)
                if article is None:
                    raise services.no_such_article()
                draft = Promotion(None, article.id, tuple(phrases), match, form.last_day.data)
                now = current_rules()
                then = now.with_promotion(draft, instead_of=promotion.id if promotion else None)
                return _promotion_page(form, promotion, tried=try_out(_sample(form, phrases), user, now=now, then=then))
            services.save_promotion(
                promotion,
                article,
                form.lines,
                match=match,
                last_day=form.last_day.data,
                note=form.note.data or "",
                actor=user,
            )
            flash(gettext("Saved. The article stands first from now on."), "ok")
            return see_other("tuning.promotions")
        except Refused as refusal:
            put_refusal(form, refusal)
    return _promotion_page(form, promotion, status=422)


def _synonym_page(
    form: SynonymForm, group: SynonymGroup | None, *, tried: Tried | None = None, status: int = 200
) -> ResponseReturnValue:
    return page("tuning/synonym.html", "form", form=form, group=group, tried=tried, status=status)


def _promotion_page(
    form: PromotionForm, promotion: PromotedAnswer | None, *, tried: Tried | None = None, status: int = 200
) -> ResponseReturnValue:
    return page("tuning/promotion.html", "form", form=form, promotion=promotion, tried=tried, status=status)


def _sample(form: TriedForm, lines: list[str]) -> str:
    return (form.sample.data or "").strip() or lines[0]


def _chosen() -> tuple[SearchList, int]:
    which, days = request.args.get("list", ""), request.args.get("days", "")
    return (
        SearchList(which) if which in list(SearchList) else SearchList.TOP,
        int(days) if days.isascii() and days.isdigit() and int(days[:4]) in PERIODS else 30,
    )
