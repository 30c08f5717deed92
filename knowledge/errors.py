"""Why a change of the knowledge base is refused."""

from typing import TYPE_CHECKING

from portal.core.errors import Refused

if TYPE_CHECKING:
    from knowledge.models import ArticleVersion


class TitleMissing(Refused):
    """An article needs a title."""


class NobodyMayRead(Refused):
    """The chosen audience and that of the section have nobody in common."""


class UnknownAudience(Refused):
    """A token names no audience."""


class SectionInCircle(Refused):
    """A section cannot lie beneath itself."""


class SectionInUse(Refused):
    """Something lies in a section that is to be removed."""


class RuleRefused(Refused):
    """A rule for reviews is about everything or nothing."""


class NothingChanged(Refused):
    """The new version says the same as the one before."""


class WrongState(Refused):
    """The article's state does not allow this step."""


class NotEnoughReviewers(Refused):
    """Fewer people than the section asks for may review a change."""


class ArchiveRefused(Refused):
    """A zip cannot be unpacked safely."""


class UploadRefused(Refused):
    """Files that were sent cannot be imported."""


class PdfUnavailable(Refused):
    """The libraries that set text are not installed on this server."""


class PdfFailed(Refused):
    """A PDF could not be made."""


class LinkInvalid(Refused):
    """A link is none that the portal has sent."""


class TooManyArticles(Refused):
    """A PDF would hold more articles than can be set in reasonable time."""


class AlternativeTextMissing(Refused):
    """A picture needs words for those who cannot see it."""


class EditConflict(Refused):
    """Somebody else saved a newer version; ``version`` is theirs."""

    def __init__(self, sentence: str, *, version: "ArticleVersion") -> None:
        super().__init__(sentence)
        self.version = version
