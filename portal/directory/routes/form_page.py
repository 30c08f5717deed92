from collections.abc import Sequence
from typing import Any

from flask import Response, request
from flask_wtf import FlaskForm

from portal.core.web import page


def form_page(
    form: FlaskForm,
    *,
    title: str,
    submit: str,
    cancel: str,
    trail: Sequence[tuple[str, str]] = (),
    lede: str = "",
    dangerous: bool = False,
    template: str = "directory/form.html",
    **context: Any,
) -> Response:
    """Answer a page that is one form: empty for GET, with its errors and 422 after an attempt."""
    names = getattr(form, "field_order", None)
    return page(
        template,
        "form",
        status=200 if request.method == "GET" else 422,
        form=form,
        fields=[form[name] for name in names] if names else [f for f in form if f.name != "csrf_token"],
        title=title,
        submit_label=submit,
        cancel_url=cancel,
        trail=trail,
        lede=lede,
        kind="danger" if dangerous else "primary",
        **context,
    )
