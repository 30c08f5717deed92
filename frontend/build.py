"""Build the front-end files that are kept in the repository: stylesheet, icon sprite, vendored scripts.

`css` needs nothing but Python; `vendor` needs `npm ci` in this folder first.
The results are committed, so that running the portal needs neither npm nor a network.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "portal" / "static"
STYLESHEET = STATIC / "css" / "portico.css"
SPRITE = STATIC / "img" / "icons.svg"
VENDOR = STATIC / "vendor"
MODULES = HERE / "node_modules"
TOOLBAR = "@github/markdown-toolbar-element"

CSS_BUDGET = JS_BUDGET = 40 * 1024


def stylesheet() -> str:
    """Join the parts in the order of their names; comments stay in the sources."""
    parts = [part.read_text("utf-8") for part in sorted((HERE / "css").glob("*.css"))]
    joined = re.sub(r"/\*.*?\*/\n?", "", "\n".join(parts), flags=re.DOTALL)
    joined = re.sub(r"^[ \t]+", "", joined, flags=re.MULTILINE)
    joined = re.sub(r"\n{2,}", "\n", joined)
    return "/* Made by `make css` from frontend/css: edit there. */\n" + joined.lstrip()


def sprite(names: list[str]) -> str:
    """One file with every icon of icons.txt and of icons/, stripped to its strokes; stroke and colour come from .icon."""
    sources = {name: MODULES / "@tabler/icons/icons/outline" / f"{name}.svg" for name in names}
    sources |= {own.stem: own for own in (HERE / "icons").glob("*.svg")}
    symbols = []
    for name, path in sorted(sources.items()):
        source = path.read_text("utf-8")
        body = re.sub(r"<svg[^>]*>|</svg>", "", source, flags=re.DOTALL)
        body = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", body)
        body = re.sub(r"\s+", " ", body).replace(" />", "/>").replace("> <", "><").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def icon_names() -> list[str]:
    lines = (HERE / "icons.txt").read_text("utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def version_of(package: str) -> str:
    return json.loads((MODULES / package / "package.json").read_text("utf-8"))["version"]


def vendor() -> None:
    icon_sprite = sprite(icon_names())
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in VENDOR.glob("*"):
        old.unlink()
    htmx, icons, toolbar = (version_of(name) for name in ("htmx.org", "@tabler/icons", TOOLBAR))
    shutil.copyfile(MODULES / "htmx.org/dist/htmx.min.js", VENDOR / f"htmx-{htmx}.min.js")
    shutil.copyfile(MODULES / "htmx.org/LICENSE", VENDOR / f"htmx-{htmx}.LICENSE.txt")
    shutil.copyfile(MODULES / TOOLBAR / "dist/index.js", VENDOR / f"markdown-toolbar-{toolbar}.js")
    shutil.copyfile(MODULES / TOOLBAR / "LICENSE", VENDOR / f"markdown-toolbar-{toolbar}.LICENSE.txt")
    shutil.copyfile(MODULES / "@tabler/icons/LICENSE", VENDOR / f"tabler-icons-{icons}.LICENSE.txt")
    SPRITE.parent.mkdir(parents=True, exist_ok=True)
    SPRITE.write_text(icon_sprite, "utf-8")


def gzipped(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def report_sizes() -> bool:
    css, js = sorted((STATIC / "css").glob("*.css")), [*(STATIC / "js").glob("*.js"), *VENDOR.glob("*.js")]
    for path in [*css, *sorted(js), SPRITE]:
        print(f"{gzipped([path]):7,} bytes gzip  {path.relative_to(STATIC)}")
    fits = gzipped(css) <= CSS_BUDGET and gzipped(js) <= JS_BUDGET
    print(f"css {gzipped(css):,} and js {gzipped(js):,} of {CSS_BUDGET:,} each: {'within' if fits else 'OVER'} budget")
    return fits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["css", "vendor", "check", "sizes"])
    what = parser.parse_args().what
    if what == "css":
        STYLESHEET.write_text(stylesheet(), "utf-8")
    elif what == "vendor":
        vendor()
    elif what == "check" and STYLESHEET.read_text("utf-8") != stylesheet():
        print("portal/static/css/portico.css is not what frontend/css makes: run `make css`.", file=sys.stderr)
        return 1
    return 0 if report_sizes() else 1


if __name__ == "__main__":
    sys.exit(main())
