from portal.core.feature import Feature
from portal.design.routes import bp

FEATURE = Feature(name="design", blueprints=(bp,))
