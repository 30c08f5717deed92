"""Refusals of the status page: each is raised with a sentence for people."""

from portal.core.errors import Refused


class KeyTaken(Refused):
    """Another component, group or template has this key."""


class DependencyCycle(Refused):
    """A component would need itself, over however many others."""


class AlreadyOver(Refused):
    """An incident that is over takes no update but its review."""


class WrongState(Refused):
    """The state does not belong to this kind of incident or cannot follow the present one."""


class CheckRefused(Refused):
    """The text cannot be checked by this person or now."""


class WrongTime(Refused):
    """A moment lies where it cannot."""


class OverlappingMaintenance(Refused):
    """Two windows cover the same component at the same time."""


class MissingVariable(Refused):
    """A template names something that was not filled in."""


class UnknownComponent(Refused):
    """There is no such component."""


class AddressRefused(Refused):
    """An address cannot be subscribed."""


class NotSwitchedOff(Refused):
    """Only an address that was switched off can be written to again."""


class TokenRefused(Refused):
    """A link of a message is not genuine or was used up."""


class ConfigurationRefused(Refused):
    """A file cannot be imported."""
