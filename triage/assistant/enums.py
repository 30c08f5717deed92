from enum import StrEnum


class Event(StrEnum):
    """What the audit trail records about conversations."""

    SOLVED = "assistant.conversation.solved"
    HANDED_OVER = "assistant.conversation.handed_over"


class Outcome(StrEnum):
    """What came of a conversation. Solved is only what the person said; silence is never counted as success."""

    OPEN = "open"
    SOLVED = "solved"
    ABANDONED = "abandoned"
    HANDED_OVER = "handed_over"
