"""Letters for a dozen occasions."""

from __future__ import annotations

from engine.workshop.demo.material import Task, capital
from engine.workshop.demo.names import MONTHS, NAMES, SURNAMES
from engine.workshop.demo.seeded_random import Dice

OCCASIONS = (
    (
        "ask the landlord to repair {0}",
        ("the dripping tap", "the front door lock", "the hall light", "the cracked pane", "the roof gutter"),
        "{1} has been out of order since {2}. We have put up with it so far, but it is getting "
        "worse. Could you send someone to repair it? I am at home on most {3}s.",
    ),
    (
        "thank {0} for help with a move",
        ("the neighbours", "the rowing crew", "two cousins", "the choir", "the chess friends"),
        "Without you I would still be carrying boxes. It was the second of {2}, it rained, and you "
        "came all the same. Please let me cook for you next {3}; the new stove already works.",
    ),
    (
        "invite {0} to a house concert",
        ("an old teacher", "the whole street", "colleagues", "the book club", "my godmother"),
        "On the last {3} in {2} we are moving the sofa aside for music: a trio, a cake and as many "
        "chairs as we can borrow. It begins at six. It would be lovely to see you; bring a cushion.",
    ),
    (
        "apologise to {0} for missing an appointment",
        ("the dentist", "the piano tuner", "a customer", "the school head", "my accountant"),
        "I am sorry that I did not come on {3}. I had written the appointment down for the wrong "
        "week, and there is no better excuse. May I ask for a new date in {2}? Of course I will pay "
        "for the lost time.",
    ),
    (
        "cancel a membership in {0}",
        ("the gym", "the sailing club", "the film club", "the language school", "the wine circle"),
        "I would like to end my membership as of the end of {2}. I have enjoyed the {3} evenings, "
        "but my working hours have changed. Please confirm the date in writing.",
    ),
    (
        "apply for a weekend job at {0}",
        ("a bakery", "the bicycle shop", "the botanical garden", "the museum desk", "a bookshop"),
        "I read that you are looking for help on {3}s. I am punctual, good with people and free "
        "from {2} on. Last year I worked at a market stall, where I also did the till. I would be "
        "glad to come for a trial day.",
    ),
    (
        "complain to {0} about a late delivery",
        ("a furniture shop", "a seed merchant", "a printer", "a wool mill", "a lamp maker"),
        "My order was promised for the first {3} in {2} and has not come. Two e-mails went "
        "unanswered. Please tell me by the end of the week when I can expect it, or return the "
        "payment.",
    ),
    (
        "recommend a pupil to {0}",
        ("a music college", "a summer school", "a carpentry workshop", "an observatory", "a chef"),
        "I have taught this pupil every {3} since {2} and have rarely met such patience. Mistakes "
        "are looked at with curiosity instead of shame, and the work is done before anyone asks. I "
        "recommend the application without reservation.",
    ),
    (
        "tell {0} about a change of date",
        ("the hiking group", "the parents", "the orchestra", "all exhibitors", "the volunteers"),
        "Our meeting moves from Monday to {3}, because the hall is being painted. Time and place "
        "stay the same, and the next one in {2} is not affected. Please pass this on.",
    ),
    (
        "ask {0} for a quotation",
        ("a roofer", "a caterer", "a bus company", "a bookbinder", "a piano carrier"),
        "We are planning something for {2} and would like to know what your work would cost. It "
        "concerns about forty people, most likely on a {3}. An answer with and without tax would "
        "help us to compare.",
    ),
    (
        "decline an offer from {0} politely",
        ("a kitchen salesman", "a rival club", "a publisher", "an estate agent", "a travel firm"),
        "Thank you for your offer of last {3}. It was clear and fair, but we have decided to wait "
        "until {2} before we spend anything. I will keep your address for that time.",
    ),
    (
        "welcome {0}",
        ("a new tenant", "an exchange student", "the new gardener", "a junior colleague", "the trainee"),
        "We are glad that you are coming in {2}. Ask whatever you like, above all in the first "
        "weeks. Every {3} we have lunch together, and your place is already laid.",
    ),
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def letter(dice: Dice) -> Task:
    """A letter or e-mail for one of a dozen occasions."""
    purpose, targets, body = dice.pick(OCCASIONS)
    target, sender, to = dice.pick(targets), dice.pick(NAMES), dice.pick(SURNAMES)
    month, day = dice.pick(MONTHS), dice.pick(DAYS)
    form = dice.pick(("e-mail", "letter", "note", "message"))
    ask = dice.pick(
        (
            f"Write a short {form} to {purpose.format(target)}. Mention {month} and {day}, and sign "
            f"it {sender}.",
            f"Draft for me ({sender}): a {form} to {purpose.format(target)}. Points: {day}, {month}.",
            f"I have to {purpose.format(target)}. Please write the {form}; {month} and {day} should "
            f"appear, the name is {sender}.",
        )
    )
    text = body.format(target, capital(target), month, day)
    hello = dice.pick(("Hello", "Good morning", f"Dear Mr or Ms {to}"))
    if to in hello:
        ask = f"{ask} Address it to {to}."
    bye = dice.pick(("Kind regards", "Best wishes", "With thanks", "Yours"))
    return Task("letter", purpose, ask, "", f"{hello},\n\n{text}\n\n{bye}\n{sender}")
