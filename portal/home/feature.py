from portal.core.feature import Feature
from portal.home.routes import bp

FEATURE = Feature(name="home", blueprints=(bp,))
