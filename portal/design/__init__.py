"""The design system's living page and the organisation's colour."""
