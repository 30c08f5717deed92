"""Signing in and out."""

from flask import Response, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter.util import get_remote_address
from flask_login import current_user

from portal.core.auth import public
from portal.core.web import commits, own_path, page
from portal.core.web.i18n import LOCALE_COOKIE
from portal.core.web.kept_forms import kept_form_page, unseal
from portal.core.web.redirects import go_to, wanted_path
from portal.core.web.security import limiter
from portal.directory.forms.account import NewPasswordForm, SignInForm
from portal.directory.routes.blueprint import bp
from portal.directory.services import sign_in as services
from portal.directory.session import end_session, signed_in_user, start_session


def _name_tried() -> str:
    return f"sign-in:{request.form.get('username', '').strip().lower()[:320]}"


def _failed(response: Response) -> bool:
    return response.status_code >= 400


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return go_to(own_path(wanted_path()))
    return page("directory/sign_in.html", "sign_in", form=SignInForm())


@bp.post("/sign-in")
@public
@commits(also_on={422})
@limiter.limit("30 per minute", key_func=get_remote_address, deduct_when=_failed)
@limiter.limit("20 per 15 minutes", key_func=_name_tried, deduct_when=_failed)
def try_sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if form.validate():
        check = services.check_password(form.username.data or "", form.password.data or "")
        try:
            user = services.sign_in(check)
        except services.SignInRefused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            start_session(user)
            kept = unseal(request.form.get("kept"))
            if kept is None:
                response = go_to(own_path(wanted_path()))
            elif user.must_change_password:
                # Every other page would lead there, and what was written would be gone.
                response = page("directory/password.html", "password", form=NewPasswordForm(formdata=None))
            else:
                response = kept_form_page(kept, status=200)
            # What was picked here by whoever used this device before gives way to the person's own language.
            response.delete_cookie(LOCALE_COOKIE)
            return response
    return page("directory/sign_in.html", "sign_in", status=422, form=form)


@bp.post("/sign-in/first")
@public
@commits
def sign_in_first() -> ResponseReturnValue:
    """Show the sign-in form with what a form sent meanwhile; signing in shows it again, to be sent."""
    return page("directory/sign_in.html", "sign_in", form=SignInForm(formdata=None))


@bp.post("/sign-out")
@public
@commits
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        services.sign_out(signed_in_user())
    end_session()
    flash(gettext("You are signed out."), "success")
    return go_to("/")
