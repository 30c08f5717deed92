"""What an article says, as a value: what forms and imports hand to the services."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Self

from knowledge.enums import ArticleType
from knowledge.models import ArticleVersion

LONGEST_TITLE = 300
LONGEST_SLUG = 100


@dataclass(frozen=True)
class ArticleContent:
    """Words and fields of one version."""

    title: str
    body: str
    summary: str = ""
    type: ArticleType = ArticleType.HOW_TO
    language: str = "en"
    tags: tuple[str, ...] = ()
    # Keys of services of the directory.
    services: tuple[str, ...] = ()
    # Tokens; none means as in the section.
    audience: tuple[str, ...] = ()

    @classmethod
    def of(cls, version: ArticleVersion) -> Self:
        return cls(
            title=version.title,
            body=version.body_markdown,
            summary=version.summary,
            type=version.type,
            language=version.language,
            tags=tuple(version.tags),
            services=tuple(version.services),
            audience=tuple(version.audience),
        )

    def tidied(self) -> Self:
        """Return the same with white space, line ends and order made one, so that equal content is equal."""
        return replace(
            self,
            title=" ".join(self.title.split())[:LONGEST_TITLE],
            summary=" ".join(self.summary.split()),
            body=self.body.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n",
            tags=tuple(sorted({" ".join(tag.split())[:80] for tag in self.tags if tag.strip()}, key=str.casefold)),
            services=tuple(sorted(set(self.services))),
            audience=tuple(sorted(set(self.audience))),
        )

    def digest(self) -> str:
        """Return the SHA-256 over words and fields, as 64 hexadecimal digits."""
        values = [
            self.title,
            self.summary,
            self.body,
            self.type.value,
            self.language,
            self.tags,
            self.services,
            self.audience,
        ]
        return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()

    def text_digest(self) -> str:
        """Return the SHA-256 over title and text alone."""
        return hashlib.sha256(f"{self.title}\n{self.body}".encode("utf-8", "surrogatepass")).hexdigest()


def slugified(text: str) -> str:
    """Return the words of an address: lower case, plain letters, at most ``LONGEST_SLUG`` characters, never empty."""
    plain = text.replace("ß", "ss")
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue")):
        plain = plain.replace(umlaut, letters)
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")
    if len(words) > LONGEST_SLUG:
        words = words[:LONGEST_SLUG].rsplit("-", 1)[0]
    return words or "article"
