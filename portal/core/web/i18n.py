"""Languages, and times as people say them."""

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.support import Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import (
    Babel,
    format_date,
    format_datetime,
    format_timedelta,
    get_locale,
    get_timezone,
    get_translations,
    gettext,
)
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from portal.core import clock
from portal.core.settings import LOCALES, Settings

LOCALE_COOKIE = "portico_locale"
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch"}

babel = Babel()


def init_app(app: Flask, settings: Settings) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = settings.default_locale
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.default_time_zone
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    babel.init_app(app, locale_selector=chosen_locale, timezone_selector=chosen_time_zone)
    # Flask-Babel finds the catalogue anew for each text, and a list shows hundreds: here once for each language.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, number: _catalogue().unpgettext(context, one, many, number),
    )
    app.jinja_env.globals["_"] = _text
    app.jinja_env.filters |= {
        "relative_time": relative_time,
        "datetime": exact_time,
        "date": plain_date,
        "filesize": file_size,
    }
    app.jinja_env.globals |= {"language_names": LANGUAGE_NAMES, "current_locale": lambda: str(get_locale())}


def chosen_locale() -> str:
    """Return the language picked on this device, else that of the person's profile, else the browser's.

    Signing in and saving the profile clear the pick, so the profile counts until a language is picked again.
    """
    if not has_request_context():
        # A command or a job speaks the portal's language until `force_locale` names a person's.
        return str(current_app.config["BABEL_DEFAULT_LOCALE"])
    for preferred in (request.cookies.get(LOCALE_COOKIE), getattr(current_user, "locale", None)):
        if preferred in LOCALES:
            return str(preferred)
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    return request.accept_languages.best_match(LOCALES, default) or default


def chosen_time_zone() -> str:
    zone = getattr(current_user, "time_zone", None) or current_app.config["BABEL_DEFAULT_TIMEZONE"]
    return str(zone)


def remember_locale(response: WerkzeugResponse, locale: str) -> None:
    """Keep the language somebody picked in this browser for a year; it comes before the profile's language."""
    response.set_cookie(
        LOCALE_COOKIE, locale, max_age=31_536_000, httponly=True, samesite="Lax", secure=request.is_secure
    )


def relative_time(moment: datetime | None) -> Markup:
    """Return a moment as people say it, with the exact time on hover and in the markup."""
    if moment is None:
        return Markup("")
    difference = moment - clock.now()
    if abs(difference) < timedelta(minutes=1):
        words = gettext("just now")
    elif abs(difference) < timedelta(days=7):
        words = _distance(int(difference.total_seconds() / 60), _reader()[0])
    else:
        words = _moment(moment, "date", *_reader())
    return _time_element(moment, words, *_reader())


def exact_time(moment: datetime | None) -> Markup:
    """Return a moment with date and minute in the reader's time zone."""
    return Markup("") if moment is None else _time_element(moment, _moment(moment, "medium", *_reader()), *_reader())


def plain_date(day: date | None) -> str:
    return "" if day is None else format_date(day, format="medium", rebase=isinstance(day, datetime))


def file_size(size: int) -> str:
    """Return a number of bytes in the unit people use."""
    amount, units = float(size), ["B", "kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" or amount >= 10 else f"{amount:.1f} {units[0]}"


@pass_eval_context
def _text(context: EvalContext, text: str, **values: object) -> str:
    """Return a text in the language spoken now, as Jinja's own "_" does, which takes four times as long.

    A page has about a hundred of them.
    """
    if not context.autoescape:
        return str(_catalogue().ugettext(text)) % values
    return Markup(_catalogue().ugettext(text)) % values if values else _plain(_catalogue(), str(text))  # noqa: S704 (ours)


@lru_cache(maxsize=8192)
def _plain(catalogue: Translations, text: str) -> Markup:
    """Return a text without values; a percent sign stands doubled in it, as in those with values."""
    return Markup(catalogue.ugettext(text)) % {}  # noqa: S704 (the texts are ours)


def _catalogue() -> Translations:
    """Return the texts of the language spoken now; Flask-Babel forgets the slot whenever that changes."""
    spoken = g.get("_flask_babel")
    kept: Translations | None = getattr(spoken, "babel_translations", None)
    if kept is None:
        kept = get_translations()
        if "_flask_babel" in g:
            g._flask_babel.babel_translations = kept  # noqa: SLF001 (where Flask-Babel keeps what it speaks)
    return kept


def _reader() -> tuple[str, str]:
    return _names(get_locale(), get_timezone())


@lru_cache(maxsize=64)
def _names(locale: Locale | None, time_zone: tzinfo | None) -> tuple[str, str]:
    return str(locale), str(time_zone)


# A list shows a hundred times, and asks for the same ones again each half minute; formatting one takes longer than
# reading its row. Language and time zone are those of the request, and stand in the key.
@lru_cache(maxsize=8192)
def _moment(moment: datetime, shape: str, locale: str, time_zone: str) -> str:
    if shape == "iso":
        return moment.astimezone(get_timezone() or moment.tzinfo).isoformat(timespec="seconds")
    return str(format_date(moment, format="medium") if shape == "date" else format_datetime(moment, format=shape))


@lru_cache(maxsize=8192)
def _time_element(moment: datetime, words: str, locale: str, time_zone: str) -> Markup:
    exact, machine = _moment(moment, "full", locale, time_zone), _moment(moment, "iso", locale, time_zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, exact, words)


@lru_cache(maxsize=4096)
def _distance(minutes: int, locale: str) -> str:
    return str(format_timedelta(timedelta(minutes=minutes), add_direction=True, threshold=1))


def own_zone() -> ZoneInfo:
    """Return the time zone of whoever is asking.

    The zone that Babel gives knows its offset only together with a moment; put onto a local time as it is, it would
    mean the offset of the nineteenth century.
    """
    return ZoneInfo(str(get_timezone() or "UTC"))
