"""What other packages may use of the classifier."""

from triage.classify.services import NOTHING, Suggestion, suggest

__all__ = ["NOTHING", "Suggestion", "suggest"]
