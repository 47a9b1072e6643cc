"""Texts to extract from or to sum up: notices, orders, repair logs."""

from __future__ import annotations

import json

from engine.workshop.demo.material import Task, capital, joined
from engine.workshop.demo.names import GOODS, MONTHS, NAMES, SURNAMES, TOWNS
from engine.workshop.demo.seeded_random import Dice

EVENTS = (
    "pottery evening", "bat walk", "accordion concert", "repair café", "plant swap", "chess night",
    "lantern parade", "baking contest", "book launch", "star party", "choir rehearsal", "bike tour",
    "puppet show", "mushroom talk", "quilting bee", "boat christening",
)  # fmt: skip
VENUES = (
    "in the old fire station", "behind the library", "at the boathouse", "in the church hall",
    "on the market square", "in the greenhouse", "at platform one", "in the school gymnasium",
    "on the castle lawn", "in the mill loft",
)  # fmt: skip


def notice(dice: Dice) -> Task:
    """An announcement and its facts, as JSON or as a list."""
    event, town, who = dice.pick(EVENTS), dice.pick(TOWNS), dice.pick(SURNAMES)
    venue = dice.pick(VENUES)
    day, month = dice.between(1, 28), dice.pick(MONTHS)
    hour, half, price = dice.between(9, 20), dice.pick(("00", "30")), dice.pick((0, 3, 5, 8, 12))
    cost = "free of charge" if price == 0 else f"{price} euros at the door"
    extra = dice.pick(
        (
            "Dogs are welcome on a lead.",
            "Please bring a cushion.",
            "In heavy rain it is called off.",
            "Cake is provided.",
            "Children need an adult with them.",
            "Last year it was full by noon.",
        )
    )
    text = dice.pick(
        (
            f"The {event} of {town} takes place {venue} on {day} {month} at {hour}:{half}, "
            f"{cost}. {extra} Questions go to {who}.",
            f"{who} writes: join us for a {event} {venue} in {town}! We start at {hour}:{half} on "
            f"{day} {month}; entry is {cost}. {extra}",
            f"{month} {day}, {hour}:{half}: {event}, {town}, {venue}. {capital(cost)}. {extra} "
            f"Contact: {who}.",
        )
    )
    facts: dict[str, object] = {
        "event": event,
        "town": town,
        "date": f"{day} {month}",
        "time": f"{hour}:{half}",
        "price": price,
        "contact": who,
    }
    keys = dice.some(list(facts), dice.between(3, 5))
    if dice.chance(0.5):
        ask = dice.pick(("Return as JSON with the keys {}.", "Extract {} as a JSON object."))
        body = json.dumps({key: facts[key] for key in keys}, ensure_ascii=False)
    else:
        ask = dice.pick(("Extract {}, one per line.", "List these facts from the text: {}."))
        body = "\n".join(
            f"{capital(key)}: {cost if key == 'price' else facts[key]}" for key in keys
        )
    return Task("extract", "notice", ask.format(joined(keys)), text, body)


def order(dice: Dice) -> Task:
    """An order in running text, to be turned into a table or a total of pieces."""
    who, town = f"{dice.pick(NAMES)} {dice.pick(SURNAMES)}", dice.pick(TOWNS)
    goods = [(many, dice.between(2, 40)) for _, many in dice.some(GOODS, dice.between(2, 4))]
    said = joined([f"{count} {many}" for many, count in goods])
    text = dice.pick(
        (
            f"Hello, {who} here from {town}. Could you send me {said} before the {dice.pick(MONTHS)}"
            f" fair? Thank you.",
            f"For the shop in {town} we need {said}. Please address the parcel to {who}.",
            f"{who} phoned at {dice.between(8, 17)}:{dice.between(10, 59)} and ordered {said}, to "
            f"be left with the neighbour in {town}.",
        )
    )
    if dice.chance(0.6):
        rows = "\n".join(f"| {many} | {count} |" for many, count in goods)
        ask = dice.pick(
            (
                "Turn the order into a table of items and quantities.",
                "Make a table of what is ordered.",
            )
        )
        return Task("extract", "order", ask, text, f"| Item | Quantity |\n|---|---|\n{rows}")
    ask = dice.pick(
        (
            "Who ordered, where do they live, and how many pieces is it in total?",
            "Give me the customer, the town and the total number of pieces.",
        )
    )
    total = sum(count for _, count in goods)
    return Task(
        "extract",
        "order",
        ask,
        text,
        f"Customer: {who}. Town: {town}. Pieces in total: "
        f"{' + '.join(str(count) for _, count in goods)} = {total}.",
    )


SICK = (
    ("the boiler", "lost pressure", "tightened a valve"),
    ("the organ", "wheezed in the low notes", "patched the bellows"),
    ("the ferry's ramp", "jammed", "replaced a sheared pin"),
    ("the greenhouse heating", "failed at night", "swapped the thermostat"),
    ("the stage lift", "stopped halfway", "cleaned the rails"),
    ("the school bell", "rang at random", "found a mouse nest in the relay"),
    ("the ticket machine", "gave no change", "emptied a bent coin from the chute"),
    ("the telescope drive", "ran too slowly", "changed the belt"),
    ("the kiln", "stayed cold", "renewed a blown fuse"),
    ("the mill wheel", "shuddered", "took out a wedged log"),
)


def report(dice: Dice) -> Task:
    """A log of a repair to sum up in one sentence."""
    what, fault, cure = dice.pick(SICK)
    who, town = dice.pick(SURNAMES), dice.pick(TOWNS)
    month, day = dice.pick(MONTHS), dice.between(1, 28)
    hours, cost = dice.between(2, 9), dice.between(4, 48) * 10
    first = dice.pick(
        (
            "The first guess was the wiring, and an hour went into that.",
            "Nobody could find the manual, so a photocopy came from another town.",
            "A spare part had to be fetched by bicycle.",
            "Two volunteers held the lamp.",
            "A previous repair with tape had made it worse.",
        )
    )
    text = (
        f"On {day} {month} {what} in {town} {fault}. {first} {who} {cure} after {hours} hours of "
        f"work. The bill came to {cost} euros, and a check is planned for "
        f"{dice.pick(('the spring', 'next year', 'the holidays', 'the autumn'))}."
    )
    ask = dice.pick(
        (
            "Summarise this log entry in one sentence.",
            "Shorten to the essentials.",
            "One line for the yearly report, please.",
        )
    )
    answer = dice.pick(
        (
            f"After {what} in {town} {fault} on {day} {month}, {who} {cure} in {hours} hours, for "
            f"{cost} euros.",
            f"{who} spent {hours} hours on {what} in {town}, which {fault}, and {cure}; cost: "
            f"{cost} euros.",
        )
    )
    return Task("summarise", "report", ask, text, answer)
