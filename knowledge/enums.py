from enum import StrEnum


class Permission(StrEnum):
    """Rights on sections and articles; held for everything or for the articles of one team."""

    DESK_READ = "knowledge.desk.read"
    ARTICLE_WRITE = "knowledge.article.write"
    ARTICLE_REVIEW = "knowledge.article.review"
    ARTICLE_PUBLISH = "knowledge.article.publish"
    ARTICLE_EXPORT = "knowledge.article.export"
    ARTICLE_IMPORT = "knowledge.article.import"
    ARTICLE_PUBLISH_EMERGENCY = "knowledge.article.publish_emergency"
    SECTION_MANAGE = "knowledge.section.manage"
    SUBSCRIBE = "knowledge.own.subscribe"


class Event(StrEnum):
    """What the audit trail records about knowledge."""

    SECTION_CREATED = "knowledge.section.created"
    SECTION_CHANGED = "knowledge.section.changed"
    SECTION_REMOVED = "knowledge.section.removed"
    RULE_ADDED = "knowledge.review_rule.added"
    RULE_REMOVED = "knowledge.review_rule.removed"
    ARTICLE_CREATED = "knowledge.article.created"
    ARTICLE_CHANGED = "knowledge.article.changed"
    ARTICLE_PUBLISHED = "knowledge.article.published"
    ARTICLE_IMPORTED = "knowledge.article.imported"
    ERROR_STATE_SET = "knowledge.article.error_state_set"
    ARTICLE_RETIRED = "knowledge.article.retired"
    ARTICLE_REVIVED = "knowledge.article.revived"
    ARTICLES_EXPORTED = "knowledge.article.exported"
    IMPORT_ASKED = "knowledge.import.asked"
    IMPORT_DONE = "knowledge.import.done"
    ARTICLE_MOVED = "knowledge.article.moved"
    DRAFT_BEGUN = "knowledge.draft.begun"
    DRAFT_DISCARDED = "knowledge.draft.discarded"
    FILE_ATTACHED = "knowledge.article.file_attached"
    REVIEW_DUE = "knowledge.article.review_due"
    ARTICLE_EXPIRED = "knowledge.article.expired"
    ARTICLE_REVIEWED = "knowledge.article.reviewed"
    ARTICLE_REASSIGNED = "knowledge.article.reassigned"
    EMERGENCY_PUBLISHED = "knowledge.article.emergency_published"
    REVIEW_REQUESTED = "knowledge.change_request.submitted"
    REVIEW_APPROVED = "knowledge.change_request.approved"
    CHANGES_REQUESTED = "knowledge.change_request.changes_requested"
    APPROVALS_WITHDRAWN = "knowledge.change_request.approvals_withdrawn"
    REQUEST_SCHEDULED = "knowledge.change_request.scheduled"
    REQUEST_UNSCHEDULED = "knowledge.change_request.unscheduled"
    REQUEST_PUBLISHED = "knowledge.change_request.published"
    REQUEST_WITHDRAWN = "knowledge.change_request.withdrawn"
    COMMENT_ADDED = "knowledge.comment.added"
    COMMENT_RESOLVED = "knowledge.comment.resolved"
    TOLD_APART = "knowledge.article.told_apart"
    TOLD_APART_UNDONE = "knowledge.article.told_apart_undone"
    FEEDBACK_GIVEN = "knowledge.feedback.given"
    FEEDBACK_ANSWERED = "knowledge.feedback.answered"
    SUBSCRIBED = "knowledge.subscription.begun"
    UNSUBSCRIBED = "knowledge.subscription.ended"


class ArticleType(StrEnum):
    """What kind of answer an article gives; each has a template of its own."""

    HOW_TO = "how_to"
    TROUBLESHOOTING = "troubleshooting"
    KNOWN_ERROR = "known_error"
    FAQ = "faq"
    PROCEDURE = "procedure"


class ArticleState(StrEnum):
    """What readers get: nothing yet, the published version, the same with a warning, or a page that says it is gone."""

    DRAFT = "draft"
    PUBLISHED = "published"
    EXPIRED = "expired"
    RETIRED = "retired"


class WorkState(StrEnum):
    """How far the newest version is that readers do not see yet."""

    NONE = "none"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"


class ErrorState(StrEnum):
    """How far a known error is: nothing helps yet, people can get by, or it is mended."""

    OPEN = "open"
    WORKAROUND = "workaround"
    RESOLVED = "resolved"


class RequestState(StrEnum):
    """Where a change request is on its way."""

    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a reviewer decided."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


class FeedbackReason(StrEnum):
    """Why an article did not help."""

    DID_NOT_WORK = "did_not_work"
    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    OTHER = "other"


class FeedbackState(StrEnum):
    """What became of a reader's complaint."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class TransferKind(StrEnum):
    """What the worker makes of articles or files."""

    PDF = "pdf"
    MARKDOWN = "markdown"
    IMPORT_PREVIEW = "import_preview"
    IMPORT = "import"


class TransferState(StrEnum):
    """How far the worker is with it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """What came of an article for somebody."""

    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    # The same person had the same problem again within 7 days after it was called solved.
    CAME_BACK = "came_back"
    # An agent put the article into a ticket.
    LINKED = "linked"


OPEN_REQUESTS = (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED, RequestState.SCHEDULED)
READABLE_STATES = (ArticleState.PUBLISHED, ArticleState.EXPIRED)
