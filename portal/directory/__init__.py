"""The organisation: people, teams, roles, services and business calendars."""
