"""What every form of the portal does alike."""

from flask_wtf import FlaskForm

from portal.core.errors import Refused


def put_refusal(form: FlaskForm, refusal: Refused) -> None:
    """Show a service's refusal on the form: at the field it is about, else above the form."""
    if refusal.field and refusal.field in form:
        form[refusal.field].errors = [*form[refusal.field].errors, refusal.sentence]
    else:
        form.form_errors.append(refusal.sentence)
