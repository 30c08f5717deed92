"""Errors that are sentences for people."""


class PorticoError(Exception):
    """Something a person can understand and act on; its text says what happened and what to do next."""

    @property
    def sentence(self) -> str:
        return str(self)


class Refused(PorticoError):
    """A service refused a change because a rule of the domain does not allow it now.

    ``field`` names the field of a form the sentence is about, when it is about one.
    """

    def __init__(self, sentence: str = "", *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class NotAllowed(PorticoError):
    """The actor lacks the right for this object."""


class Conflict(PorticoError):
    """Somebody else changed the same thing first."""


class ConfigurationError(PorticoError):
    """Portico cannot start or continue with these settings."""
