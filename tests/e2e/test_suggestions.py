"""Suggestions while typing: by keyboard alone, read out, and gone without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People


@pytest.mark.parametrize("viewport", ["wide", "phone"])
def test_the_list_is_used_by_keyboard(people: People, viewport: str) -> None:
    page = people.visitor(viewport=viewport)
    page.goto("/")
    field = page.locator("#hero-search")
    field.press_sequentially("pass")
    if not people.javascript:
        expect(page.get_by_role("listbox")).to_have_count(0)
        field.press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?q=pass"))
        return
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    # The first to ask waits until the server has read the index.
    expect(box).to_have_attribute("aria-expanded", "true", timeout=30_000)
    count = options.count()
    assert count > 1
    expect(page.locator("#announcer")).to_contain_text(f"Suggestions: {count}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    field.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("ArrowUp")
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")

    field.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("pass")

    field.press("ArrowDown")
    title = options.first.locator("span").first.inner_text()
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


@pytest.mark.parametrize("people", [True], ids=["script"], indirect=True)
def test_enter_without_a_choice_searches_and_a_click_opens(people: People) -> None:
    page = people.visitor()
    page.goto("/search?q=printer")
    field = page.locator("#page-search")
    field.fill("vpn")
    expect(page.get_by_role("option").first).to_be_visible(timeout=30_000)
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=vpn"))
    page.locator("#page-search").fill("vpn")
    page.get_by_role("option").first.click()
    expect(page).to_have_url(re.compile(r"/articles/\d+"))
