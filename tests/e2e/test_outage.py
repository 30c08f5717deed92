"""An outage from start to review: a communicator, a checker, a subscriber and a passer-by, each in a browser."""

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import People, Portal
from tests.processes import wait_until

BROKEN, NEEDS_IT = "Mail and calendar", "Video meetings"


@pytest.fixture
def second_check(people: People) -> Iterator[None]:
    """A second person reads each text that everyone can read."""
    admin = people.sign_in("admin.portal")
    set_rule(admin, "When everyone can read it")
    yield
    set_rule(admin, "Never")


def set_rule(admin: Page, choice: str) -> None:
    admin.goto("/status/manage/rules")
    admin.locator("[name=second_check]").select_option(label=choice)
    admin.locator("#main form").get_by_role("button", name="Save").click()
    expect(admin.locator("[name=second_check] option:checked")).to_have_text(choice)


def test_an_outage_from_start_to_review(people: People, portal: Portal, second_check: None) -> None:
    mode = "script" if people.javascript else "noscript"
    title, address = f"Nobody gets mail ({mode})", f"reader.{mode}@portico.example"
    passer_by = people.visitor(viewport="phone")
    leave = subscribe(passer_by, portal, address)

    writer, checker = people.sign_in("manager.incident"), people.sign_in("lead.network")
    open_incident(writer, title)
    record = writer.url
    passer_by.goto("/status/en/")
    expect(passer_by.locator("body")).not_to_contain_text(title)

    publish(checker, title)
    page = page_with(passer_by, "/status/en/", title)
    expect(page.get_by_role("heading", level=1)).to_contain_text(BROKEN)
    expect(page.locator("body")).to_contain_text("We look into it.")
    expect(page.locator("li", has_text=NEEDS_IT).first).to_contain_text(BROKEN)
    page_with(passer_by, "/status/de/", f"Niemand erhält E-Mails ({mode})")
    passer_by.goto("/")
    expect(passer_by.locator("body")).to_contain_text(BROKEN)
    [told] = wait_for_mails(portal, address, 1, title)
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert BROKEN in text_of(told)

    in_an_emergency(writer, record)
    page_with(passer_by, "/status/en/", "A full disk.")
    by_hand(writer, record)

    update(writer, record, "Resolved", "All mail has arrived.")
    publish(checker, title)
    page = page_with(passer_by, "/status/en/", "All systems work")
    expect(page.locator("body")).to_contain_text("All mail has arrived.")

    update(writer, record, "Review", "The disk was full. We now watch it.")
    publish(checker, title)
    correct(writer, record)
    passer_by.goto("/status/en/")
    passer_by.get_by_role("link", name=title).first.click()
    story = page_with(passer_by, passer_by.url, "Corrected")
    for words in ("We now watch it.", "A full disk.", "Review"):
        expect(story.locator("body")).to_contain_text(words)

    assert len(wait_for_mails(portal, address, 4, title)) == 4
    passer_by.goto(leave)
    passer_by.get_by_role("button", name="Stop all messages").click()
    expect(passer_by.get_by_role("heading", level=1)).to_have_text("You have left")
    verified = portal.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def subscribe(page: Page, portal: Portal, address: str) -> str:
    """Ask for messages, say yes by the link in the mail; returns the address of the subscription."""
    page.goto("/status/en/")
    page.get_by_role("link", name="Get e-mails").first.click()
    page.locator("[name=address]").fill(address)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    [question] = wait_for_mails(portal, address, 1)
    found = re.search(r"/status/confirm/\S+", text_of(question))
    assert found
    page.goto(found[0])
    page.get_by_role("button", name="Yes, write to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your subscription")
    return page.url


def open_incident(page: Page, title: str) -> None:
    page.goto("/status/manage")
    page.get_by_role("link", name="Open an incident").first.click()
    page.locator("[name=title]").fill(title)
    page.locator("[name=title_de]").fill(title.replace("Nobody gets mail", "Niemand erhält E-Mails"))
    page.locator("[name=body]").fill("{service} does not answer. We look into it.")
    page.locator("[name=body_de]").fill("Wir suchen die Ursache.")
    page.get_by_label(BROKEN, exact=True).select_option(label="Down")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text(f"{BROKEN} does not answer.")
    expect(page.locator("#preview")).to_contain_text("Wir suchen die Ursache.")
    page.get_by_role("button", name="Send for a check").click()
    expect(page.locator("#main")).to_contain_text("Waits for a check")


def publish(checker: Page, title: str) -> None:
    checker.goto("/status/manage")
    row = checker.locator("li", has_text=title).filter(has_text="Waits for a check")
    row.get_by_role("link", name=title).click()
    checker.get_by_role("complementary").get_by_role("button", name="Publish").click()
    expect(checker.locator("body")).to_contain_text("The update is published.")


def update(page: Page, record: str, state: str, text: str, *, bypass: str = "") -> None:
    page.goto(record)
    page.locator("[name=state]").select_option(label=state)
    page.locator("[name=body]").fill(text)
    if bypass:
        page.locator("[name=bypass_reason]").fill(bypass)
    page.get_by_role("button", name="Send for a check").click()
    expect(page.locator("#main")).to_contain_text(text)


def in_an_emergency(page: Page, record: str) -> None:
    update(page, record, "Cause found", "A full disk.", bypass="Everybody is calling.")
    expect(page.locator("#main")).to_contain_text("Without a check")
    expect(page.locator("#main")).to_contain_text("Everybody is calling.")


def by_hand(page: Page, record: str) -> None:
    page.goto(record)
    page.get_by_role("link", name="Record a message").click()
    page.locator("[name=channel]").select_option(label="Phone call")
    page.locator("[name=audience]").fill("All branches")
    page.locator("[name=text]").fill("Use the phone until noon.")
    page.get_by_role("button", name="Put into the record").click()
    told = page.locator("#messages")
    expect(told).to_contain_text("All branches")
    expect(told).to_contain_text("1 subscriber")


def correct(page: Page, record: str) -> None:
    page.goto(record)
    page.get_by_role("complementary").get_by_role("link", name="Correct").last.click()
    page.locator("[name=reason]").fill("It began earlier.")
    page.get_by_role("button", name="Publish the correction").click()
    expect(page.locator("#main")).to_contain_text("It began earlier.")


def page_with(page: Page, url: str, words: str) -> Page:
    """Read a page again until it says something: finished pages follow a change within moments."""

    def says_it() -> bool:
        page.goto(url)
        return words in page.locator("body").inner_text()

    wait_until(says_it, what=f"“{words}” on {url}")
    return page


def wait_for_mails(portal: Portal, address: str, count: int, title: str = "") -> list[EmailMessage]:
    """Return the mails to an address about something, once there are that many."""

    def found() -> list[EmailMessage]:
        mails = [email.message_from_string(text, policy=default) for text in portal.mails()]
        return [mail for mail in mails if address in str(mail["To"]) and title in str(mail["Subject"])]

    wait_until(lambda: len(found()) >= count, what=f"{count} mails to {address}")
    return found()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
