"""Messages to the outside: queued in the transaction of the change, sent after the commit by the worker."""
