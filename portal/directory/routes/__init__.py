"""Pages of the directory."""

from portal.directory.routes import account, services, sign_in
from portal.directory.routes.admin import bp as admin_bp
from portal.directory.routes.blueprint import bp

__all__ = ["account", "admin_bp", "bp", "services", "sign_in"]
