"""The life of an article as its author, a reviewer, its owner and a reader live it, with and without JavaScript."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.conftest import People, Portal

AUTHOR, REVIEWER, OWNER, MANAGER = "author.knowledge", "reviewer.knowledge", "owner.knowledge", "manager.incident"
FIRST = "## Steps\n\n1. Open the lid.\n2. Press the green key.\n3. Close the lid.\n"
# Titles are told apart when both ways of running meet in one portal.
numbers = count(1)


@pytest.fixture
def scripted(browser: Browser, portal: Portal) -> Iterator[People]:
    people = People(browser, portal, javascript=True)
    yield people
    people.close()
    assert people.failures == [], portal.errors()


def test_from_draft_to_retired(people: People) -> None:
    author, reviewer, owner, reader = (people.sign_in(name) for name in (AUTHOR, REVIEWER, OWNER, "user.finance"))
    article, title = write(author)
    expect(author.locator("#main")).to_contain_text("Not published")
    answer = reader.goto(f"/articles/{article}")
    assert answer is not None
    assert answer.status == 404

    review = send_for_review(author, article)
    decide(reviewer, review, "changes_requested", "Which key?")
    expect(reviewer.locator(".page-meta")).to_contain_text("Änderungen erbeten")
    remark(reviewer, review, "Press the green key.", "There are two of them.")
    author.goto(review)
    expect(author.locator("#main")).to_contain_text("There are two of them.")
    expect(author.get_by_role("radio", name="Approve")).to_have_count(0)
    edit(author, article, FIRST.replace("green key", "upper green key"))
    author.goto(review)
    author.get_by_role("button", name="Resolve").click()
    expect(author.locator("#main")).to_contain_text("Settled")
    expect(author.locator("#main")).to_contain_text("In review")

    decide(reviewer, review, "approved", "Good.")
    edit(author, article, FIRST.replace("green key", "upper green key left of the tray"))
    reviewer.goto(review)
    expect(reviewer.locator("#main")).to_contain_text("durch eine spätere Bearbeitung hinfällig")
    expect(reviewer.locator("#main")).to_contain_text("0 von 1")
    owner.goto(review)
    expect(owner.get_by_role("button", name="Publish 1 article now")).to_have_count(0)
    decide(reviewer, review, "approved", "")
    owner.goto(review)
    owner.get_by_role("button", name="Publish 1 article now").click()
    expect(owner.locator(".page-meta")).to_contain_text("Published")

    reader.goto(f"/articles/{article}")
    expect(reader.get_by_role("heading", level=1)).to_have_text(title)
    expect(reader.locator(".prose")).to_contain_text("left of the tray")
    edit(author, article, "## Steps\n\n1. Something quite new.\n")
    reader.reload()
    expect(reader.locator(".prose")).to_contain_text("left of the tray")
    expect(reader.locator(".page-meta")).to_contain_text("Version 3")

    owner.goto(f"/articles/{article}/compare?old=3&new=4")
    expect(owner.locator("#difference")).to_contain_text("Something quite new")
    owner.get_by_role("link", name="Side by side").click()
    expect(owner.get_by_role("columnheader", name="Version 4")).to_be_visible()
    owner.goto(f"/articles/{article}/versions/3")
    owner.get_by_role("button", name="Restore version 3").click()
    expect(owner.locator("#version-list")).to_contain_text("Version 3 restored")

    successor = first_article(owner)
    owner.goto(f"/articles/{article}/retire")
    owner.get_by_label("Which article replaces it?").fill(successor)
    owner.get_by_label("Why?").fill("The machine is gone.")
    owner.get_by_role("button", name=f"Retire “{title}”").click()
    expect(owner.locator("#main")).to_contain_text("Retired")
    reader.goto(f"/articles/{article}")
    assert successor in reader.url


def test_two_write_at_once_and_nothing_is_lost(people: People) -> None:
    first, second = people.sign_in(AUTHOR), people.sign_in(OWNER)
    article, _ = write(first, body="one\n\ntwo\n\nthree\n")
    for page in (first, second):
        page.goto(f"/articles/{article}/edit")
    first.locator("#body").fill("ONE\n\ntwo\n\nthree\n")
    save(first, "Save new version")
    second.locator("#body").fill("one\n\ntwo\n\nTHREE\n")
    second.get_by_role("button", name="Save new version").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Two people changed this article")
    expect(second.locator(".diff").first).to_contain_text("THREE")
    expect(second.locator("#body")).to_have_value(re.compile("ONE\\s+two\\s+THREE"))
    save(second, "Save merged version")
    expect(second.locator("#version-list tbody tr")).to_have_count(3)


def test_a_rejected_review_is_taken_back(people: People) -> None:
    author, reviewer = people.sign_in(AUTHOR), people.sign_in(REVIEWER)
    article, _ = write(author)
    review = send_for_review(author, article)
    decide(reviewer, review, "changes_requested", "This belongs to another article.")
    author.goto(review)
    author.get_by_role("button", name="Withdraw from review").click()
    expect(author.locator(".page-meta")).to_contain_text("Withdrawn")
    author.goto(f"/articles/{article}/work")
    expect(author.get_by_role("link", name="Send for review")).to_be_visible()


def test_a_time_to_publish(people: People) -> None:
    author, reviewer, owner = (people.sign_in(name) for name in (AUTHOR, REVIEWER, OWNER))
    article, _ = write(author)
    author.goto(f"/articles/{article}/submit")
    author.get_by_label("Publish at").fill("2001-01-01T08:00")
    author.get_by_role("button", name="Send for review").click()
    expect(author.locator("#form")).to_contain_text("That time has passed")
    review = send_for_review(author, article, publish_at="2099-12-31T08:00")
    decide(reviewer, review, "approved", "")
    owner.goto(review)
    owner.get_by_role("button", name="Publish at the time asked for").click()
    expect(owner.locator(".page-meta")).to_contain_text("Scheduled")
    owner.goto(f"/articles/{article}/work")
    expect(owner.locator(".page-meta")).to_contain_text("Scheduled")


def test_an_emergency_does_not_wait_and_is_reviewed_afterwards(people: People) -> None:
    author, manager = people.sign_in(AUTHOR), people.sign_in(MANAGER)
    article, title = write(author)
    manager.goto(f"/articles/{article}/emergency")
    manager.get_by_role("button", name=re.compile("without review")).click()
    expect(manager.locator("#form")).to_contain_text("Give a reason")
    manager.get_by_label("Why?").fill("The mail system is down.")
    manager.get_by_role("button", name=re.compile("without review")).click()
    expect(manager.locator(".page-meta")).to_contain_text("Published")
    expect(manager.locator("#main")).to_contain_text(re.compile("in 3 days|in 2 days"))
    author.goto("/notifications")
    expect(author.locator("#main")).to_contain_text(title)


def test_what_was_typed_is_not_lost(scripted: People) -> None:
    author = scripted.sign_in(AUTHOR)
    article, _ = write(author)
    editor = f"/articles/{article}/edit"
    author.goto(editor)
    append(author, "Kept on the server.")
    expect(author.locator("[data-editor-state]")).to_contain_text("Draft saved")
    author.goto(editor)
    expect(author.locator("#body")).to_have_value(re.compile("Kept on the server"))
    expect(author.locator("#main")).to_contain_text("You have not saved this yet")

    author.route("**/draft", lambda route: route.abort())
    append(author, "Kept in the browser.")
    expect(author.locator("[data-editor-state]")).to_contain_text("Kept in this browser")
    author.unroute("**/draft")
    scripted.failures.clear()
    author.goto(editor)
    expect(author.locator("#body")).to_have_value(re.compile("Kept in the browser"))
    expect(author.locator("[data-editor-state]")).to_contain_text("Draft saved")

    session = author.context.cookies()
    append(author, "After the session ended.")
    author.context.clear_cookies()
    author.get_by_role("button", name="Save new version").click()
    expect(author.get_by_role("heading", level=1)).not_to_have_text("Edit article")
    author.context.add_cookies(session)  # type: ignore[arg-type]
    author.goto(editor)
    expect(author.locator("#body")).to_have_value(re.compile("After the session ended"))
    save(author, "Save new version")
    author.goto(editor)
    expect(author.locator("#main")).not_to_contain_text("You have not saved this yet")


def test_the_editor_shows_the_page_and_takes_pictures(scripted: People) -> None:
    author = scripted.sign_in(AUTHOR)
    author.goto("/articles/new")
    author.get_by_label("Title").fill(f"Picture {next(numbers)}")
    author.locator("#body").fill("mark this")
    author.locator("#body").select_text()
    author.get_by_role("button", name="Bold").click()
    expect(author.locator("#body")).to_have_value("**mark this**")
    if author.locator("#preview").is_hidden():
        author.get_by_role("button", name="Preview").click()
    expect(author.locator("#preview strong")).to_have_text("mark this")
    author.locator("#body").press("Control+End")
    asked: list[Request] = []
    author.on("request", lambda request: asked.append(request) if request.url.endswith("/files") else None)
    author.evaluate(PASTE)
    dialog = author.get_by_role("dialog")
    expect(dialog.get_by_label("Words for those who cannot see it")).to_be_focused()
    dialog.get_by_role("button", name="Add picture").click()
    assert asked == []
    dialog.get_by_label("Words for those who cannot see it").fill("A blue lamp")
    dialog.get_by_role("button", name="Add picture").click()
    expect(author.locator("#body")).to_have_value(re.compile(r"!\[A blue lamp\]\(files/lamp\.png\)"))
    expect(author.get_by_role("img", name="A blue lamp")).to_be_visible()
    save(author, "Save article")
    author.get_by_role("link", name="1", exact=True).first.click()
    expect(author.get_by_role("img", name="A blue lamp")).to_be_visible()


PASTE = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 20 });
  canvas.getContext("2d").fillRect(0, 0, 40, 20);
  const picture = await new Promise((done) => canvas.toBlob(done));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([picture], "lamp.png", { type: "image/png" }));
  document.getElementById("body").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def write(page: Page, body: str = FIRST) -> tuple[int, str]:
    """Write a new article; returns its number and title."""
    title = f"How do I open machine {next(numbers)}?"
    page.goto("/articles/new")
    page.get_by_label("Title").fill(title)
    page.locator("#body").fill(body)
    save(page, "Save article")
    found = re.search(r"/articles/(\d+)/work", page.url)
    assert found
    return int(found[1]), title


def edit(page: Page, article: int, body: str) -> None:
    page.goto(f"/articles/{article}/edit")
    page.locator("#body").fill(body)
    save(page, "Save new version")


def save(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/work")


def append(page: Page, words: str) -> None:
    page.locator("#body").press("Control+End")
    page.locator("#body").press_sequentially(f"\n{words}")


def send_for_review(page: Page, article: int, publish_at: str = "") -> str:
    page.goto(f"/articles/{article}/submit")
    page.get_by_label("Publish at").fill(publish_at)
    page.get_by_role("button", name="Send for review").click()
    page.wait_for_url("**/reviews/*")
    return page.url


def decide(page: Page, review: str, verdict: str, note: str) -> None:
    """Decide as a reviewer, who works in German."""
    page.goto(review)
    page.locator(f"input[name=verdict][value={verdict}]").check()
    page.locator("textarea[name=note]").fill(note)
    page.get_by_role("button", name="Entscheidung senden").click()
    page.get_by_role("list", name="Entscheidungen").wait_for()


def remark(page: Page, review: str, passage: str, text: str) -> None:
    page.goto(review)
    page.get_by_text("Anmerkung zu einer Stelle").click()
    page.get_by_label("Welche Worte?").fill(passage)
    page.get_by_label("Ihre Anmerkung").fill(text)
    page.get_by_role("button", name="Anmerkung hinzufügen").click()
    expect(page.locator("#main")).to_contain_text(text)


def first_article(page: Page) -> str:
    """Return the address of a published article that this test did not write."""
    page.goto("/search?q=outlook+password")
    address = page.locator(".result a").first.get_attribute("href")
    assert address
    return address.split("#")[0].split("?")[0]
