"""People, teams, services and calendars of the demo organisation, and how its desk sorts tickets."""

from datetime import date
from typing import Any

from portal.directory.api import (
    BusinessCalendar,
    CalendarFacts,
    Criticality,
    Service,
    ServiceFacts,
    Team,
    User,
    add_member,
    change_organisation,
    choose,
    create_calendar,
    create_service,
    create_team,
    create_user,
    find_role,
    find_service,
    find_team,
    get_user_by_name,
    grant_role,
)
from triage.tickets.api import Category, Impact, Urgency, change_desk, change_matrix, create_category

PASSWORD = "portico-demo"
FIRST_DESK = "service-desk"
REOPEN_DAYS = 7
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Facts = dict[str, Any]


def load_organisation(facts: Facts) -> None:
    """Make calendars, teams, people with their roles, and services."""
    change_organisation(name=facts["organisation"]["name"], accent="", actor=None)
    calendars = {item["key"]: _calendar(item) for item in facts["calendars"]}
    teams = {item["key"]: _team(item, calendars) for item in facts["teams"]}
    people = {item["username"]: _person(item) for item in facts["users"]}
    for item in facts["users"]:
        _rights(people[item["username"]], item, teams, people, facts["teams"])
    services: dict[str, Service] = {}
    for item in facts["services"]:
        services[item["key"]] = _service(item, teams, people, services)


def load_desk(facts: Facts) -> dict[str, int]:
    """Make the categories and the priority matrix, and say which team receives what nobody answers for.

    Returns the ids of the categories by their keys.
    """
    administrator = _administrator(facts)
    categories: dict[str, Category] = {}
    for item in facts["categories"]:
        categories[item["key"]] = create_category(
            actor=administrator,
            key=item["key"],
            name=item["name"],
            description=item.get("description", ""),
            parent=categories[item["parent"]] if item.get("parent") else None,
            service=find_service(item["service"]) if item.get("service") else None,
            keywords=[*item.get("keywords", ()), *item.get("keywords_de", ())],
            translations=_german(item),
        )
    matrix = facts["priority_matrix"]
    change_matrix(
        {
            (Impact(impact), Urgency(urgency)): priority
            for impact, row in matrix.items()
            for urgency, priority in row.items()
        },
        actor=administrator,
    )
    change_desk(actor=administrator, default_team=find_team(FIRST_DESK), reopen_days=REOPEN_DAYS)
    return {key: category.id for key, category in categories.items()}


def _administrator(facts: Facts) -> User:
    names = [item["username"] for item in facts["users"] if {"role": "administrator"} in item["roles"]]
    return get_user_by_name(names[0])


def _calendar(item: Facts) -> BusinessCalendar:
    week = [
        [(_minutes(opens), _minutes(closes)) for opens, closes in item["weekly_hours"].get(day, ())] for day in DAYS
    ]
    holidays: list[tuple[date, str]] = [(day["date"], day["name"]) for day in item.get("holidays", ())]
    return create_calendar(item["key"], CalendarFacts(item["name"], item["time_zone"], week, holidays), actor=None)


def _minutes(clock_time: str) -> int:
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)


def _team(item: Facts, calendars: dict[str, BusinessCalendar]) -> Team:
    return create_team(
        item["key"],
        name=item["name"],
        description=item["description"],
        calendar=calendars[item["calendar"]],
        actor=None,
    )


def _person(item: Facts) -> User:
    return create_user(
        item["username"],
        email=item["email"],
        display_name=item["display_name"],
        password=choose(PASSWORD, username=item["username"]),
        locale=item["locale"],
        time_zone=item["time_zone"],
        actor=None,
    )


def _rights(user: User, item: Facts, teams: dict[str, Team], people: dict[str, User], team_facts: list[Facts]) -> None:
    for given in item["roles"]:
        role = find_role(given["role"])
        # Everybody is an end user without being told so.
        if role is not None and not role.is_default:
            grant_role(user, role, team=teams.get(given.get("team", "")), actor=None, reason="")
    if "team" in item:
        leads = {fact["key"] for fact in team_facts if fact["lead"] == user.username}
        add_member(teams[item["team"]], user, tier=item.get("tier"), is_lead=item["team"] in leads, actor=None)
    if "manager" in item:
        user.manager = people[item["manager"]]


def _service(item: Facts, teams: dict[str, Team], people: dict[str, User], services: dict[str, Service]) -> Service:
    facts = ServiceFacts(
        name=item["name"],
        owner_team=teams[item["owner_team"]],
        description=item["description"],
        criticality=Criticality(item["criticality"]),
        primary_owner=people[item["primary_owner"]],
        secondary_owner=people[item["secondary_owner"]],
        keywords=[*item["keywords"], *item.get("keywords_de", ())],
        needs=[services[key] for key in item["depends_on"]],
        translations=_german(item),
    )
    return create_service(item["key"], facts, actor=None)


def _german(item: Facts) -> dict[str, dict[str, str]]:
    texts = {name: item[f"{name}_de"] for name in ("name", "description") if item.get(f"{name}_de")}
    return {"de": texts} if texts else {}
