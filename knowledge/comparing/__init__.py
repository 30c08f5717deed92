"""What differs between two versions, and how two changes of one text come together."""
