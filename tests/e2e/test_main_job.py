"""The main job end to end, with and without JavaScript: find an answer, ask, get a ticket, work it, confirm it."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import People, Portal
from tests.processes import wait_until

PROBLEM = "The label printer in the stock room prints every second label empty since this morning."


def test_a_visitor_finds_and_reads_an_answer(people: People) -> None:
    page = people.visitor()
    page.goto("/")
    page.locator("#hero-search").fill("outlook keeps asking for password")
    page.locator("#hero-search").press("Enter")
    first = page.locator(".result").first
    expect(first).to_contain_text("password")
    first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("password", re.IGNORECASE))
    expect(page.locator(".prose")).to_be_visible()


def test_an_article_solves_it(people: People) -> None:
    page = people.visitor()
    page.goto("/ask")
    page.get_by_label(re.compile("What")).fill("outlook keeps asking for my password")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="This solved it").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Good to hear that it works")


def test_an_agent_hands_an_article_on(people: People) -> None:
    """Its console is checked like every other: a picture leaves empty styles on fields, as extensions do."""
    agent = people.sign_in("agent.servicedesk")
    agent.goto("/tickets/1012")
    articles = agent.locator("#ticket-articles")
    if people.javascript:
        # The part replaces itself once it is seen, so nothing may hold on to what stands there first.
        agent.evaluate("document.getElementById('ticket-articles').scrollIntoView()")
    else:
        articles.get_by_role("link", name="Find articles that fit").click()
    expect(articles.get_by_role("button", name="Search")).to_be_visible()
    agent.screenshot(full_page=True)
    articles.get_by_role("button", name=re.compile("^Link")).first.click()
    expect(articles).to_contain_text("Linked")
    if people.javascript:
        expect(articles.get_by_text("The article is linked to the ticket.")).to_be_focused()
    articles.get_by_role("link", name="Insert link").first.click()
    expect(agent.locator("#write [name=body]")).to_have_value(re.compile("/articles/"))
    agent.locator("#ticket-articles").get_by_role("button", name=re.compile("^Unlink")).click()
    expect(agent.locator("#main")).not_to_contain_text("Unlink")


def test_articles_are_offered_while_somebody_writes(people: People) -> None:
    user = people.sign_in("user.finance")
    user.goto("/ask")
    user.get_by_label(re.compile("What")).fill("Something is strange with my screen")
    user.get_by_role("button", name="Continue").click()
    user.get_by_role("link", name="Ask a person").click()
    user.locator("#title").fill("")
    user.locator("#title").press_sequentially("The VPN keeps disconnecting")
    if people.javascript:
        expect(user.locator("#fitting")).to_contain_text("The VPN keeps disconnecting")
        expect(user.locator("#announcer")).to_contain_text("may already solve it")
        expect(user.locator("#title")).to_be_focused()
    user.locator("#description").fill("Every ten minutes, at home.")
    user.get_by_role("radio", name="Only me").check(force=True)
    user.get_by_role("radio", name="Yes, it can wait").check(force=True)
    user.get_by_role("button", name="Send").click()
    user.wait_for_url("**/sent")


def test_from_problem_to_confirmed_solution(people: People, portal: Portal) -> None:
    user = people.sign_in("user.finance")
    number = ask(user)
    subject = f"#{number}"
    wait_until(lambda: any(subject in mail for mail in portal.mails()), what="the receipt by e-mail")

    agent = people.sign_in("agent.workplace")
    agent.goto(f"/tickets/{number}")
    agent.get_by_role("button", name="Take").first.click()
    agent.get_by_role("radio", name=re.compile("Reply")).check()
    agent.locator("textarea[name=body]").first.fill("Please clean the sensor behind the flap. Is it better now?")
    agent.get_by_role("button", name="Send").first.click()
    expect(agent.locator("#main")).to_contain_text("Please clean the sensor")
    note(agent, "Sensor known to collect dust.")

    user.goto(f"/tickets/{number}")
    expect(user.locator("#main")).to_contain_text("Please clean the sensor")
    expect(user.locator("#main")).not_to_contain_text("collect dust")

    agent.goto(f"/tickets/{number}")
    agent.locator("summary", has_text="Mark as solved").click()
    agent.locator("textarea[name=resolve-resolution]").fill("Sensor cleaned, ten labels printed without a gap.")
    agent.get_by_role("button", name="Mark as solved").last.click()
    expect(agent.locator("#main")).to_contain_text("ten labels printed")

    user.goto(f"/tickets/{number}")
    user.get_by_role("button", name="Yes, it works now").click()
    expect(user.locator("#main")).to_contain_text("Closed")

    verified = portal.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_stranger_does_not_find_the_ticket(people: People) -> None:
    number = ask(people.sign_in("user.finance"))
    stranger = people.sign_in("user.warehouse", locale="en-GB")
    answer = stranger.goto(f"/tickets/{number}")
    assert answer is not None
    assert answer.status == 404


def ask(page: Page) -> int:
    """Describe a problem, pass the answers by, and send the ticket; returns its number."""
    page.goto("/ask")
    page.get_by_label(re.compile("What")).fill(PROBLEM)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Ask a person").click()
    page.get_by_role("radio").first.wait_for()
    for group in ("impact", "urgency"):
        page.locator(f"input[name={group}], select[name={group}]").first.wait_for()
        choice = page.locator(f"input[name={group}]")
        if choice.count():
            choice.last.check()
    page.locator("select[name=service]").select_option(label="Printing and scanning")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your ticket is on its way")
    found = re.search(r"#(\d+)", page.locator("#main").inner_text())
    assert found
    return int(found[1])


def note(page: Page, words: str) -> None:
    page.get_by_role("radio", name=re.compile("note", re.IGNORECASE)).check()
    page.locator("textarea[name=body]").first.fill(words)
    page.get_by_role("button", name="Send").first.click()
    expect(page.locator("#main")).to_contain_text(words)
