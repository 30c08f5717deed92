"""The YAML at the head of a Markdown file."""

from typing import Any

import yaml
from flask_babel import gettext

from portal.core.errors import Refused

_LARGEST = 64 * 1024
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FileRefused(Refused):
    """A file of an import cannot become an article; the sentence says why."""


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter and the text after it; a file without one has an empty front matter.

    Raises:
        FileRefused: the front matter is not closed, not valid YAML, or not a list of names and values.
    """
    if not text.startswith("---\n"):
        return {}, text
    end = text.find("\n---", 3)
    while end != -1 and text[end + 4 : end + 5] not in ("\n", "", " "):
        end = text.find("\n---", end + 4)
    if end == -1:
        raise FileRefused(gettext("The front matter is not closed: a line with --- is missing after it."))
    head, body = text[4 : end + 1], text[end + 4 :].partition("\n")[2]
    if len(head) > _LARGEST:
        raise FileRefused(gettext("The front matter is larger than 64 kB."))
    try:
        # The safe loader makes plain values only; aliases are refused because they can unfold without bound.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(head, Loader=_Loader)):
            raise FileRefused(gettext("The front matter uses YAML aliases, which are not accepted."))
        found = yaml.load(head, Loader=_Loader)  # noqa: S506 (it is the safe loader, in C when there is one)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FileRefused(
            gettext("The front matter is not valid YAML: %(problem)s.", problem=_problem(error))
        ) from None
    if found is None:
        return {}, body
    if not isinstance(found, dict):
        raise FileRefused(gettext("The front matter is not a list of names and values."))
    return {str(name).strip().lower(): value for name, value in found.items()}, body


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    words = getattr(error, "problem", None) or type(error).__name__
    return f"line {mark.line + 2}: {words}" if mark else str(words)
