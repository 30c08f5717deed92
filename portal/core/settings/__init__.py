"""Every setting of Portico: what there is (``model``), what a value must be (``checks``), how they are read (``loading``)."""

from portal.core.settings.loading import load_settings
from portal.core.settings.model import CONFIG_FILE, LOCALES, PREFIX, Settings, choices, limits

__all__ = ["CONFIG_FILE", "LOCALES", "PREFIX", "Settings", "choices", "limits", "load_settings"]
