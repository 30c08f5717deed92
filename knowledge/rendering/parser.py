"""The Markdown that articles are written in: CommonMark with tables, task lists, footnotes and notices."""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from knowledge.rendering.code import highlighted
from knowledge.rendering.notices import KINDS, notice_title, turn_quotes_into_notices
from knowledge.search.passages import INCLUDE, PICTURE

_ATTRIBUTE = re.compile(r'([a-z-]+)\s*=\s*"([^"]*)"')


def make_parser() -> MarkdownIt:
    """Return a parser; a document's language travels in its environment as ``language``."""
    # Raw HTML is let through here because the sanitiser sees the whole page afterwards.
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 40})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(tasklists_plugin).use(gfm_autolink_plugin)
    for kind in KINDS:
        parser.use(container_plugin, name=kind, validate=_opens(kind), render=_container(kind))
    parser.inline.ruler.before("link", "picture_block", _picture)
    parser.inline.ruler.before("link", "include", _include)
    parser.core.ruler.after("block", "notices", turn_quotes_into_notices)
    parser.add_render_rule("footnote_ref", _footnote_ref)
    parser.add_render_rule("footnote_block_open", lambda *_: '<section class="footnotes"><ol>\n')
    parser.add_render_rule("footnote_open", _footnote_open)
    parser.add_render_rule("footnote_anchor", _footnote_anchor)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _code_block)
    return parser


def _opens(kind: str) -> Any:
    def validate(parameters: str, *_: Any) -> bool:
        return parameters.strip().split(" ", 1)[0].lower() == kind

    return validate


def _container(kind: str) -> Any:
    def render(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        if tokens[index].nesting != 1:
            return "</div>\n"
        given = tokens[index].info.strip()[len(kind) :].strip()
        return notice_title(kind, str(env.get("language", "en")), given)

    return render


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    words = tokens[index].info.split()
    return highlighted(tokens[index].content, words[0] if words else "")


def _code_block(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    return highlighted(tokens[index].content, "")


def _footnote_ref(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    number, again = tokens[index].meta["id"] + 1, tokens[index].meta.get("subId", 0)
    # The underscore keeps these ids apart from those of headings, which have none.
    name = f"ref_{number}_{again}"
    link = f'<a href="#note_{number}" id="{env["mark"]}{name}">{number}</a>'
    return f'<sup class="footnote-ref">{link}</sup>'


def _footnote_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    return f'<li id="{env["mark"]}note_{tokens[index].meta["id"] + 1}">'


def _footnote_anchor(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    number, again = tokens[index].meta["id"] + 1, tokens[index].meta.get("subId", 0)
    label = "Zurück zum Text" if str(env.get("language", "")).startswith("de") else "Back to the text"
    return f' <a href="#ref_{number}_{again}" class="footnote-backref" aria-label="{label}">↩</a>'


def _picture(state: StateInline, silent: bool) -> bool:
    """Read ``:::image source="..." alt-text="...":::``, the picture of Microsoft's documentation."""
    if not state.src.startswith(":::image", state.pos):
        return False
    found = PICTURE.match(state.src, state.pos)
    if found is None or found.end() > state.posMax:
        return False
    if not silent and found[1]:
        given = dict(_ATTRIBUTE.findall(found[1]))
        token = state.push("image", "img", 0)
        token.attrs = {"src": given.get("source", ""), "alt": ""}
        text = Token("text", "", 0)
        text.content = given.get("alt-text", "")
        token.children, token.content = [text], text.content
    state.pos = found.end()
    return True


def _include(state: StateInline, silent: bool) -> bool:
    """Leave out ``[!INCLUDE [...](...)]``: what it names was never part of the text."""
    if not state.src.startswith("[!", state.pos):
        return False
    found = INCLUDE.match(state.src, state.pos)
    if found is None or found.end() > state.posMax:
        return False
    state.pos = found.end()
    return True
