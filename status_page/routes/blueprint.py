from flask import Blueprint

bp = Blueprint("status_page", __name__, template_folder="../templates")
