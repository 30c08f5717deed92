"""Delivering what is due, so that a killed worker loses nothing and sends nothing twice.

A worker claims a batch and commits; only then it talks to the mail server. Right before the server is given the end
of a message, the message is committed as ``handed_over``. A worker killed before that has certainly not sent it, so
its claim ends and the message is sent again. One killed after that has most likely sent it: the message becomes
``uncertain``, is shown to people, and is not sent again by itself.
"""

from portal.core.outbox.delivery.claims import recover_abandoned
from portal.core.outbox.delivery.sending import deliver_due_messages

__all__ = ["deliver_due_messages", "recover_abandoned"]
