"""The technical foundation. It knows no feature; every feature stands on it."""
