import pytest
from flask import Flask

from portal.directory.models import Team, User
from tests.factories.directory import make_team, make_user
from tests.factories.tickets import make_agent


@pytest.fixture
def team(app: Flask) -> Team:
    return make_team("Network")


@pytest.fixture
def agent(team: Team) -> User:
    return make_agent(team, username="agent.network", display_name="Agent Network")


@pytest.fixture
def person(app: Flask) -> User:
    return make_user(username="user.sales", locale="en", display_name="User Sales")
