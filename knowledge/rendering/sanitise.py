"""The one list of what may stand in an article, whatever Markdown or HTML it came from."""

import re
from typing import Any

import nh3

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
TAGS = {
    *_HEADINGS, "p", "br", "hr", "blockquote", "div", "section", "figure", "figcaption", "details", "summary",
    "ul", "ol", "li", "dl", "dt", "dd", "input",
    "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
    "a", "img", "strong", "b", "em", "i", "u", "s", "del", "ins", "mark", "small", "sub", "sup",
    "code", "pre", "kbd", "samp", "var", "abbr", "q", "span",
}  # fmt: skip
# Their content goes with them: it was never meant to be read.
_DROPPED_WHOLE = {
    "script",
    "style",
    "template",
    "noscript",
    "title",
    "textarea",
    "select",
    "iframe",
    "object",
    "svg",
    "math",
}
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: {"id"} for tag in (*_HEADINGS, "sup")},
    "a": {"href", "title", "id", "aria-label"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"id", "value"},
    "ol": {"start", "reversed"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "col": {"span"},
    "details": {"open"},
    "div": {"data-language"},
    "input": {"checked"},
    "abbr": {"title"},
}
_NOTICES = {"admonition", "note", "tip", "important", "warning", "caution", "danger", "highlight"}
_ALIGNED = {"align-left", "align-center", "align-right"}
_CLASSES: dict[str, set[str]] = {
    "div": _NOTICES,
    "p": {"admonition-title"},
    "a": {"heading-anchor", "footnote-backref"},
    "sup": {"footnote-ref"},
    "section": {"footnotes"},
    "ol": {"steps"},
    "ul": {"contains-task-list"},
    "li": {"task-list-item"},
    "th": _ALIGNED,
    "td": _ALIGNED,
}
_LANGUAGE = re.compile(r"[\w+#./ ()-]{1,40}")
_NUMBERS = {"width", "height", "colspan", "rowspan", "span", "start", "value"}
_SCHEMES = {"http", "https", "mailto", "tel"}


def sanitised(html: str, *, mark: str, has_raw_html: bool) -> str:
    """Return well-formed HTML of allowed elements only; of ids only those that begin with ``mark``, without it.

    Removing an element can leave its content where it may not stand; a second pass puts that in order. It is spared
    when all elements are our own.
    """

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "id":
            return value.removeprefix(mark) if value.startswith(mark) else None
        if attribute in _NUMBERS:
            return value if value.isascii() and value.isdigit() and len(value) <= 5 else None
        if attribute == "data-language":
            return value if _LANGUAGE.fullmatch(value) else None
        if attribute == "scope":
            return value if value in ("row", "col", "rowgroup", "colgroup") else None
        return value

    clean = _clean(html, keep)
    if has_raw_html:
        clean = _clean(clean, _keep_all)
    return clean


def _keep_all(tag: str, attribute: str, value: str) -> str:
    return value


def _clean(html: str, attribute_filter: Any) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute_filter,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
        allowed_classes={**_CLASSES, "span": _highlight_classes()},
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _highlight_classes() -> set[str]:
    # Pygments' short names; there are about a hundred and all are harmless.
    from pygments.token import STANDARD_TYPES  # Read late: only a save renders.

    return {name for name in STANDARD_TYPES.values() if name} | {"missing-picture"}
