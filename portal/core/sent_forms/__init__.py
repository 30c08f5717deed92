"""A form that is sent twice is taken once: after a double click, a reload, or a connection that broke."""
