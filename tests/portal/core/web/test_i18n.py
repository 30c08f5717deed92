"""The texts of templates: escaped as HTML needs it, in the language of the reader."""

from flask import Flask, render_template_string
from flask_babel import force_locale

from portal.core.web.security import SWEPT_EVERY, limiter


def test_texts_of_a_template_are_translated_and_their_values_escaped(app: Flask) -> None:
    template = '{{ _("Search") }} {{ _("Search: %(words)s", words="a <b> 5%") }} {{ _("100%% & <i>") }}'
    with app.test_request_context("/"):
        with force_locale("en"):
            assert render_template_string(template) == "Search Search: a &lt;b&gt; 5% 100% & <i>"
        with force_locale("de"):
            assert render_template_string(template).startswith("Suchen Suche: a &lt;b&gt;")


def test_texts_of_a_template_that_is_no_html_are_not_escaped(app: Flask) -> None:
    template = '{% autoescape false %}{{ _("Search: %(words)s", words="a & b") }} {{ _("Search") ~ " & more" }}{% endautoescape %}'
    with app.test_request_context("/"), force_locale("en"):
        assert render_template_string(template) == "Search: a & b Search & more"


def test_counts_of_requests_are_swept_now_and_then_and_not_at_each_request(app: Flask) -> None:
    client = app.test_client()
    client.get("/search")
    sweeping = limiter.storage.timer  # type: ignore[attr-defined]
    client.get("/search")
    assert limiter.storage.timer is sweeping  # type: ignore[attr-defined]
    assert (sweeping.interval, sweeping.daemon) == (SWEPT_EVERY, True)
