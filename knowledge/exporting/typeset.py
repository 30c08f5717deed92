"""The program that sets a PDF, run in a process of its own: its memory is given back and its time is limited.

It reads one JSON object (``html``, ``pictures``, ``target``) and tells the pages it has set on its output, one a line.
It needs WeasyPrint alone and nothing of ours, reads the named pictures and no other file, and calls no address.
"""

import json
import logging
import resource
import sys
from pathlib import Path
from typing import Any

LIBRARIES_MISSING = 3
_MOST_MEMORY = 2 * 1024 * 1024 * 1024
# A picture of more dots to the inch looks no better on paper.
_DOTS_PER_INCH = 180


class _Pages(logging.Handler):
    """Tells each page that the layout begins."""

    def emit(self, record: logging.LogRecord) -> None:
        _, found, number = record.getMessage().partition("- Page ")
        if found:
            print(number, flush=True)


def main() -> int:
    work = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    try:
        import weasyprint
    except OSError as error:
        print(error, file=sys.stderr)
        return LIBRARIES_MISSING
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    progress = logging.getLogger("weasyprint.progress")
    progress.setLevel(logging.INFO)
    progress.propagate = False
    progress.addHandler(_Pages())
    document = weasyprint.HTML(string=work["html"], base_url="https://portal.invalid", url_fetcher=_fetcher(work))
    document.write_pdf(work["target"], pdf_variant="pdf/ua-1", dpi=_DOTS_PER_INCH, optimize_images=False)
    return 0


def _fetcher(work: dict[str, Any]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFiles(URLFetcher):  # type: ignore[misc,unused-ignore]
        """Gives out the pictures that were named and refuses every other address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            path = work["pictures"].get(url.removeprefix("https://portal.invalid"))
            if path is None:
                raise ValueError("Only the portal's own pictures may stand in a PDF.")
            return URLFetcherResponse(url, Path(path).read_bytes())

    return OwnFiles()


if __name__ == "__main__":
    sys.exit(main())
