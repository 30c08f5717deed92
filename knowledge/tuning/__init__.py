"""What knowledge owners know of the search and do about it: synonyms, promoted answers, what people ask."""
