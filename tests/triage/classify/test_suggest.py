"""What a text is about: a small frozen set of judged cases on the demo organisation's services and categories."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from portal.core.db import db
from tests.factories.directory import make_service, make_team
from tests.factories.tickets import make_category
from triage.classify.api import suggest
from triage.classify.terms import terms_of
from triage.tickets.models import Category

# (text, category; None where abstaining is right)
JUDGED = [
    ("Outlook asks for my password every few minutes", "mail.mailbox"),
    ("The VPN drops every couple of minutes at home", "network.vpn"),
    ("Ich komme nicht mehr ins WLAN, kein Empfang im Lager", "network.wifi"),
    ("Papierstau am Drucker im zweiten Stock", "hardware.printer"),
    ("I forgot my password and my account is locked", "access.password"),
    ("New phone: how do I move my authenticator codes?", "access.mfa"),
    ("Neues Telefon, brauche den Code vom Authenticator", "access.mfa"),
    ("My docking station does not recognise the second monitor", "hardware.accessories"),
    ("Need a licence for the drawing program", "software.install"),
    ("I deleted a file by mistake, please restore it", "files.restore"),
    ("Gelöschte Datei wiederherstellen", "files.restore"),
    ("Suspicious mail, I clicked the link, phishing?", "security.incident"),
    ("Laptop does not start, blue screen", "hardware.laptop"),
    ("A new employee starts on Monday, onboarding", "people.joiner"),
    ("Others hear an echo in the video meeting", "calls.meetings"),
    ("Remote desktop session shows a black screen", "business.remote_desktop"),
    ("Bestand stimmt nach der Buchung nicht", "business.orders"),
    ("The invitation to the meeting is missing in my calendar", "mail.calendar"),
    ("Hello, can you please help me?", None),
    ("It does not work", None),
    ("asdf qwertz", None),
    ("Wann gibt es heute Mittagessen?", None),
]
LEAST_RIGHT = 0.8


@pytest.fixture
def demo_organisation(app: Flask, project_root: Path) -> None:
    data: dict[str, Any] = yaml.safe_load((project_root / "portal/demo/organisation.yaml").read_text())
    teams = {team["key"]: make_team(team["name"], key=team["key"]) for team in data["teams"]}

    def described(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "key": row["key"],
            "description": row["description"],
            "keywords": [*row["keywords"], *row["keywords_de"]],
            "translations": {"de": {"name": row["name_de"], "description": row["description_de"]}},
        }

    services = {
        row["key"]: make_service(row["name"], owner_team=teams[row["owner_team"]], **described(row))
        for row in data["services"]
    }
    made: dict[str, Any] = {}
    for row in data["categories"]:
        made[row["key"]] = make_category(
            row["name"], parent=made.get(row.get("parent")), service=services.get(row.get("service")), **described(row)
        )


@pytest.mark.usefixtures("demo_organisation")
def test_enough_judged_cases_are_right() -> None:
    wrong = []
    for text, wanted in JUDGED:
        found = suggest(text)
        key = found.category.key if found.category else None
        if key != wanted:
            wrong.append((text, wanted, key, round(found.confidence, 2), found.words))
    assert 1 - len(wrong) / len(JUDGED) >= LEAST_RIGHT, wrong


@pytest.mark.usefixtures("demo_organisation")
def test_it_abstains_rather_than_guess() -> None:
    for text, wanted in JUDGED:
        if wanted is None:
            assert suggest(text).category is None, text


@pytest.mark.usefixtures("demo_organisation")
def test_it_explains_itself_and_brings_the_service_along() -> None:
    found = suggest("The VPN drops every couple of minutes at home")
    assert found.service is not None and found.service.key == "vpn"
    assert found.words[0] == "VPN"
    assert 0.4 <= found.confidence < 1
    assert found.as_data()["by"] == "keywords"


@pytest.mark.usefixtures("demo_organisation")
def test_a_retired_category_is_not_suggested() -> None:
    found = suggest("The VPN drops every couple of minutes at home")
    assert found.category is not None
    db.session.get_one(Category, found.category.id).is_active = False
    again = suggest("The VPN drops every couple of minutes at home")
    assert again.category is None or again.category.key != "network.vpn"


def test_nothing_to_choose_from(app: Flask) -> None:
    assert suggest("vpn").confidence == 0
    assert suggest("").words == ()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Wi-Fi", ["wifi"]),
        ("WLAN-Empfang", ["wlanempfang", "wlan", "empfang"]),
        ("Geräte", ["gerat"]),
        ("printers printing", ["printer", "print"]),
        ("the and of", []),
        ("", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert list(terms_of(text)) == terms
