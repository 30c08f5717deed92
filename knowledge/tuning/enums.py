from enum import StrEnum


class Permission(StrEnum):
    """Rights on the search as a whole."""

    READ = "knowledge.search.read"
    MANAGE = "knowledge.search.manage"


class Event(StrEnum):
    """What the audit trail records about the search."""

    SYNONYMS_CREATED = "knowledge.synonyms.created"
    SYNONYMS_CHANGED = "knowledge.synonyms.changed"
    SYNONYMS_REMOVED = "knowledge.synonyms.removed"
    PROMOTION_CREATED = "knowledge.promotion.created"
    PROMOTION_CHANGED = "knowledge.promotion.changed"
    PROMOTION_REMOVED = "knowledge.promotion.removed"
    LOG_EXPORTED = "knowledge.search_log.exported"


class PromotionMatch(StrEnum):
    """Which searches a promoted answer is for."""

    WHOLE = "whole"
    CONTAINS = "contains"


class SearchOutcome(StrEnum):
    """What came of a search."""

    OPENED = "opened"
    SOLVED = "solved"
    ASKED = "asked"
