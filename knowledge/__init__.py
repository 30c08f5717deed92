"""Knowledge base: articles people can trust."""
