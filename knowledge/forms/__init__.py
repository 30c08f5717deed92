"""Forms of the knowledge base: shape and wording; rules are with the services."""

from knowledge.forms.feedback import AnswerForm, FeedbackForm
from knowledge.forms.importing import ImportForm
from knowledge.forms.life_cycle import ErrorStateForm, OwnershipForm, ReasonForm, RetireForm
from knowledge.forms.reviewing import CommentForm, ReviewForm, SubmitForm
from knowledge.forms.sections import RuleForm, SectionForm, ServiceChangedForm
from knowledge.forms.writing import ArticleForm, CompareForm

__all__ = [
    "AnswerForm",
    "ArticleForm",
    "CommentForm",
    "CompareForm",
    "ErrorStateForm",
    "FeedbackForm",
    "ImportForm",
    "OwnershipForm",
    "ReasonForm",
    "RetireForm",
    "ReviewForm",
    "RuleForm",
    "SectionForm",
    "ServiceChangedForm",
    "SubmitForm",
]
