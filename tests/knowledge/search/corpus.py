"""A small corpus of the project's own."""

from __future__ import annotations

from datetime import UTC, datetime

from knowledge.search.document import SearchDocument


def document(number: int, title: str, body: str = "", **values: object) -> SearchDocument:
    day = datetime(2026, 1, 1 + number % 28, tzinfo=UTC)
    return SearchDocument(**{"id": number, "title": title, "body": body, "updated_at": day, **values})  # type: ignore[arg-type]


CORPUS = (
    document(
        1,
        "Reset your password",
        "## Before you start\n\nYou need your registered phone.\n\n## Steps\n\n1. Open the sign-in page.\n"
        "2. Choose *Forgot my password*.\n3. Enter the code that was sent to your phone.\n",
        section="Accounts",
        services=("Sign-in",),
    ),
    document(
        2,
        "Connect to the company network from home",
        "Install the VPN client, then sign in with your usual name.\n\n## Error 0x80040305\n\n"
        "The tunnel could not be opened because the clock of the laptop is wrong.\n",
        section="Network",
        services=("VPN",),
    ),
    document(
        3,
        "Printer shows offline",
        "Switch the printer off and on. Clear the print queue in the settings, then add the printer again.",
        section="Hardware",
        services=("Printing",),
    ),
    document(
        4,
        "Share a calendar with a colleague",
        "In the calendar choose *Share*, enter the name of the colleague and pick what they may see.",
        section="Mail",
        services=("Mail", "Calendar"),
    ),
    document(
        5,
        "Mailbox is full and cannot send messages",
        "Archive old mail or empty the deleted items. Administrators run `Set-Mailbox -ProhibitSendQuota 50GB`.",
        section="Mail",
        services=("Mail",),
    ),
    document(
        6,
        "Passwort zurücksetzen",
        "Öffnen Sie die Anmeldeseite und wählen Sie *Passwort vergessen*. Der Code kommt auf Ihr Telefon.",
        section="Accounts",
        services=("Sign-in",),
        language="de",
    ),
    document(
        7,
        "Drucker einrichten",
        "Wählen Sie in den Einstellungen *Drucker hinzufügen*. Die Druckerwarteschlange darf nicht angehalten sein.",
        section="Hardware",
        services=("Printing",),
        language="de",
    ),
    document(
        8,
        "Install PowerShell modules",
        "Run `Install-Module` in PowerShell. Behind the proxy set `$env:HTTPS_PROXY` first.",
        section="Tools",
    ),
    document(
        9,
        "Order a new laptop",
        "Laptops are ordered through the catalogue. Delivery takes five working days.",
        type="item",
        section="Catalogue",
        services=("Devices",),
    ),
    document(
        10,
        "Meeting room screen stays black",
        "Unplug the HDMI cable of the screen and plug it in again, then wake the screen from the panel.",
        section="Hardware",
        services=("Rooms",),
    ),
    document(
        11,
        "Microphone does not work in calls",
        "Allow the browser to use the microphone and choose the headset in the settings of the call.",
        section="Calls",
        services=("Calls",),
    ),
    document(
        12,
        "Encrypt a file before you send it",
        "Right-click the file, choose *Protect* and enter who may open it.",
        section="Security",
    ),
)
