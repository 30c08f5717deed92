"""The own account: profile, password and sessions."""

from flask import current_app, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter.util import get_remote_address

from portal.core.auth import requires
from portal.core.db import db
from portal.core.feature import registered_features
from portal.core.web import commits, page, see_other
from portal.core.web.i18n import LOCALE_COOKIE
from portal.core.web.kept_forms import kept_form_page, unseal
from portal.core.web.security import limiter
from portal.directory import passwords
from portal.directory.enums import Permission
from portal.directory.forms.account import NewPasswordForm, ProfileForm
from portal.directory.passwords import PasswordRefused
from portal.directory.routes.blueprint import bp
from portal.directory.services import accounts, password_change, sign_in
from portal.directory.services.password_change import CurrentPasswordWrong
from portal.directory.session import signed_in_user, start_session


@bp.get("/account")
@requires(Permission.OWN_PROFILE)
def profile() -> ResponseReturnValue:
    return _profile_page(ProfileForm(obj=signed_in_user()))


@bp.post("/account")
@requires(Permission.OWN_PROFILE)
@commits
def change_profile() -> ResponseReturnValue:
    form = ProfileForm()
    if form.validate():
        accounts.change_profile(
            signed_in_user(),
            display_name=form.display_name.data or "",
            locale=form.locale.data,
            time_zone=form.time_zone.data,
            actor=signed_in_user(),
        )
        flash(gettext("Your profile is saved."), "success")
        response = see_other("directory.profile")
        response.delete_cookie(LOCALE_COOKIE)
        return response
    return _profile_page(form, status=422)


@bp.get("/account/password")
@requires(Permission.OWN_PROFILE)
def own_password() -> ResponseReturnValue:
    return page("directory/password.html", "password", form=NewPasswordForm())


@bp.post("/account/password")
@requires(Permission.OWN_PROFILE)
@commits
@limiter.limit("20 per 15 minutes", key_func=get_remote_address)
def change_own_password() -> ResponseReturnValue:
    form = NewPasswordForm()
    if form.validate():
        username, email = signed_in_user().username, signed_in_user().email
        # Comparing and hashing take their time; the place among the writers is given up meanwhile.
        db.session.rollback()
        check = sign_in.check_password(username, form.current.data or "")
        try:
            chosen = passwords.choose(form.password.data or "", username=username, email=email)
            password_change.change_password(signed_in_user(), check, password=chosen)
        except CurrentPasswordWrong as refusal:
            form.current.errors = [refusal.sentence]
        except PasswordRefused as refusal:
            form.password.errors = [refusal.sentence]
        else:
            start_session(signed_in_user())
            flash(gettext("Your password is changed. You are signed out on every other device."), "success")
            kept = unseal(request.form.get("kept"))
            return kept_form_page(kept, status=200) if kept else see_other("directory.profile")
    return page("directory/password.html", "password", status=422, form=form)


@bp.post("/account/sign-out-everywhere")
@requires(Permission.OWN_PROFILE)
@commits
def sign_out_everywhere() -> ResponseReturnValue:
    sign_in.sign_out_everywhere(signed_in_user(), actor=signed_in_user())
    start_session(signed_in_user())
    flash(gettext("You are signed out on every other device."), "success")
    return see_other("directory.profile")


def _profile_page(form: ProfileForm, *, status: int = 200) -> ResponseReturnValue:
    user = signed_in_user()
    entries = [entry for feature in registered_features(current_app) for entry in feature.account]
    own = [entry for entry in entries if entry.permission is None or user.can(entry.permission)]
    return page("directory/profile.html", "profile", status=status, form=form, user=user, own=own)
