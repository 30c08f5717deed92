from flask import Blueprint

bp = Blueprint("knowledge", __name__, template_folder="../templates")
