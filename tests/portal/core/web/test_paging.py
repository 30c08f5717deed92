"""Paging and sorting by URL: in range whatever the URL says."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.web import paginate, sort_choice
from portal.directory.models import User
from tests.client import count_queries
from tests.factories.directory import make_user


@pytest.mark.parametrize(
    ("query", "number"), [("", 1), ("page=2", 2), ("page=99", 2), ("page=0", 1), ("page=x", 1), ("page=²", 1)]
)
def test_page_of_the_url_stays_in_range(app: Flask, query: str, number: int) -> None:
    for _ in range(3):
        make_user()
    with app.test_request_context(f"/?{query}"):
        page = paginate(sa.select(User).order_by(User.id), per_page=2)
    assert (page.page, page.pages, page.total) == (number, 2, 3)
    assert (page.first, page.last) == ((1, 2) if number == 1 else (3, 3))


def test_empty_list_has_one_empty_page(app: Flask) -> None:
    with app.test_request_context("/"):
        page = paginate(sa.select(User).order_by(User.id))
    assert (page.pages, page.first, page.last, list(page.items)) == (1, 0, 0, [])


def test_a_page_is_two_queries(app: Flask) -> None:
    make_user()
    with app.test_request_context("/"), count_queries() as counted:
        paginate(sa.select(User).order_by(User.id))
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("query", "chosen"), [("sort=name", "name"), ("sort=-name", "-name"), ("sort=password_hash", "-age"), ("", "-age")]
)
def test_only_named_columns_sort(app: Flask, query: str, chosen: str) -> None:
    with app.test_request_context(f"/?{query}"):
        wanted, _ = sort_choice({"name": User.display_name, "age": User.created_at}, default="-age")
    assert wanted == chosen
