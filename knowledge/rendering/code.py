"""Code with classes for its colours."""

import html
from functools import lru_cache

from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token, _TokenType
from pygments.util import ClassNotFound

# Some lexers slow down on very long texts, and nobody reads colours there.
LONGEST_HIGHLIGHTED = 50_000
_PLAIN = {"", "text", "output", "console-output", "none", "plaintext", "txt", "copy"}
_ALIASES = {
    "azurepowershell": "powershell",
    "azurecli": "bash",
    "cmd": "bat",
    "dos": "bat",
    "azure-powershell": "powershell",
}


def highlighted(code: str, language: str) -> str:
    """Return a code block; the colours are left to the style sheet."""
    lexer = _lexer(language.lower().strip("{}.")) if len(code) <= LONGEST_HIGHLIGHTED else None
    inner = html.escape(code) if lexer is None else "".join(_spans(code, lexer))
    # People who hear the page are told code blocks apart by it.
    named = f' data-language="{html.escape(lexer.name)}"' if lexer else ""
    return f'<div class="highlight"{named}><pre><code>{inner}</code></pre></div>\n'


def _spans(code: str, lexer: Lexer) -> list[str]:
    parts = []
    for kind, text in lex(code, lexer):
        name = _css_class(kind)
        escaped = html.escape(text)
        parts.append(f'<span class="{name}">{escaped}</span>' if name else escaped)
    return parts


def _css_class(kind: _TokenType) -> str:
    if kind.split()[1:2] in ([Token.Text], [Token.Punctuation]):
        return ""
    # A kind of its own that some lexer made looks like the nearest standard one.
    return next((STANDARD_TYPES[part] for part in reversed(kind.split()) if part in STANDARD_TYPES), "")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if language in _PLAIN:
        return None
    try:
        return get_lexer_by_name(_ALIASES.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
