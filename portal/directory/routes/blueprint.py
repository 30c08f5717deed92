from flask import Blueprint

bp = Blueprint("directory", "portal.directory", template_folder="templates")
