import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "portal" / "static"
TEMPLATES = ROOT / "portal" / "templates"


def test_stylesheet_is_what_its_parts_make_and_within_budget() -> None:
    done = subprocess.run(
        [sys.executable, "frontend/build.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_templates_name_only_icons_that_exist() -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text("utf-8")))
    used = {
        (template.relative_to(ROOT).as_posix(), name)
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r'\bicon\("([^"]+)"', template.read_text("utf-8"))
    }
    assert not {(where, name) for where, name in used if name not in known}


def test_every_token_in_use_is_decided() -> None:
    tokens = (STATIC / "css" / "tokens.css").read_text("utf-8")
    style = (STATIC / "css" / "portico.css").read_text("utf-8")
    decided = set(re.findall(r"(--[a-z0-9-]+)\s*:", tokens + style))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", tokens + style)) <= decided


def test_templates_carry_nothing_that_the_policy_refuses() -> None:
    pages = [page for page in TEMPLATES.rglob("*.html") if "email" not in page.parts]
    refused = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)")
    assert not [page.relative_to(ROOT).as_posix() for page in pages if refused.search(page.read_text("utf-8"))]
