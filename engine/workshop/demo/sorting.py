"""Texts to classify: reviews, tickets for a help desk, words that belong together."""

from __future__ import annotations

from engine.workshop.demo.material import Task, capital
from engine.workshop.demo.names import MONTHS, NAMES, SURNAMES, TOWNS
from engine.workshop.demo.seeded_random import Dice

GOOD = {
    "any": (
        ("the delivery", "arrived a day early"),
        ("the price", "was more than fair"),
        ("the staff", "answered within the hour"),
        ("the quality", "is better than the pictures promise"),
    ),
    "device": (
        ("the battery", "lasts a whole weekend"),
        ("the handle", "sits well in the hand"),
        ("the manual", "explains everything on two pages"),
        ("the motor", "hums so quietly that the cat stays"),
        ("the lid", "closes with a satisfying click"),
        ("the switch", "can be found in the dark"),
        ("the box", "contained a spare fuse"),
    ),
    "cloth": (
        ("the stitching", "is neat all over"),
        ("the colour", "is exactly as pictured"),
        ("the fabric", "still looks new after ten washes"),
        ("the pockets", "are where one's hands expect them"),
        ("the size", "was right at the first try"),
        ("the lining", "dries within an hour"),
    ),
    "stay": (
        ("the room", "was spotless and smelled of pine"),
        ("the breakfast", "had warm bread and real butter"),
        ("the view", "went all the way to the islands"),
        ("the host", "lent us bicycles for nothing"),
        ("the bed", "was long enough for my husband"),
        ("the garden", "had a hammock and a friendly hen"),
    ),
}
BAD = {
    "any": (
        ("the bill", "was higher than agreed"),
        ("the hotline", "let me wait for fifty minutes"),
        ("the smell", "won't go away, even after airing"),
        ("the confirmation", "never came"),
    ),
    "device": (
        ("the instructions", "are for another model"),
        ("the charger", "gets far too hot"),
        ("the display", "can't be read in daylight"),
        ("the screws", "were missing altogether"),
        ("the paint", "peels off at the edges"),
        ("the button", "stuck after a week"),
        ("the fan", "whines like a gnat"),
    ),
    "cloth": (
        ("the zip", "broke on the second day"),
        ("the seams", "let water in at once"),
        ("the dye", "came off on a white shirt"),
        ("the label", "scratches all day"),
        ("the buttons", "hang by a single thread"),
        ("the sleeves", "differ by a finger's width"),
    ),
    "stay": (
        ("the mattress", "had a valley in the middle"),
        ("the coffee", "was lukewarm on all three mornings"),
        ("the walls", "are so thin that one hears a page turn"),
        ("the shower", "ran cold after a minute"),
        ("the window", "faced a bottle bank"),
        ("the key", "had to be fetched from another street"),
    ),
}
THINGS = {
    "device": ("food processor", "bike lamp", "kettle", "telescope", "hand blender", "radio",
               "record player", "air pump", "sewing machine", "label printer", "coffee mill"),
    "cloth": ("raincoat", "rucksack", "winter jacket", "apron", "sleeping bag", "travel blanket",
              "work trousers", "woollen hat", "fleece", "picnic rug"),
    "stay": ("guest room", "holiday flat", "mountain inn", "houseboat", "farm stay",
             "old-town hotel", "cabin by the lake", "pension", "tree house", "hostel"),
}  # fmt: skip
PRODUCTS = (*THINGS["device"], "desk chair", "music stand", "bird feeder", "garden hose", "tea set")


def review(dice: Dice) -> Task:
    """A customer's review and its sentiment, with the reason."""
    sort = dice.pick(("device", "cloth", "stay"))
    product = dice.pick(THINGS[sort])
    mood = dice.pick(("positive", "negative", "mixed"))
    good = dice.some((*GOOD["any"], *GOOD[sort]), 2)
    bad = dice.some((*BAD["any"], *BAD[sort]), 2)
    if mood == "positive":
        said = good
    elif mood == "negative":
        said = bad
    else:
        said = dice.shuffled([good[0], bad[0]])
    (a, b), (c, d) = said
    link = {"positive": "and", "negative": "and", "mixed": "but"}[mood]
    when = dice.pick(MONTHS)
    relative = dice.pick(("sister", "neighbour", "son", "wife", "uncle"))
    while_ = dice.pick(("three nights in", "a week in", "ten days in"))
    starts = (
        f"My {relative} recommended this {product}.",
        f"A {product} of which I expected little.",
        f"About the {product}:",
        f"{capital(while_)} the {product}."
        if sort == "stay"
        else f"Bought the {product} in {when}.",
        f"Booked the {product} for {when}." if sort == "stay" else f"The {product} was a present.",
    )
    start = dice.pick(starts)
    text = f"{start} {capital(a)} {b}, {link} {c} {d}."
    ask = dice.pick(
        (
            "Is this review positive, negative or mixed? Give a reason.",
            "Classify the sentiment (positive, negative, mixed) and justify it.",
            "Sentiment of this customer comment?",
        )
    )
    because = dice.pick(
        (
            f"{capital(mood)}. The customer says that {a} {b} {link} that {c} {d}.",
            f"The sentiment is {mood}: {a} {b}, {link} {c} {d}.",
            f"{capital(mood)}, because of two remarks: {a} {b}; {c} {d}.",
        )
    )
    return Task("classify", "review", ask, text, because)


DESKS = (
    ("billing", "money or an invoice", ("was charged twice for order", "can't match the invoice for order")),
    ("shipping", "where the goods are", ("has heard nothing since paying for order", "got someone else's box instead of order")),
    ("technical support", "a device that doesn't work", ("sees only a blinking light on the device from order", "can't pair the phone with the unit from order")),
    ("returns", "sending something back", ("would like to swap the size in order", "wants to send back the whole of order")),
    ("accounts", "the login or personal data", ("can't log in to look at order", "needs a new postal address on order")),
)  # fmt: skip


def ticket(dice: Dice) -> Task:
    """A message to a help desk and the department that should get it."""
    desk, about, problems = dice.pick(DESKS)
    who, order = f"{dice.pick(NAMES)} {dice.pick(SURNAMES)}", dice.between(1000, 9999)
    calm = dice.pick(("is patient", "is rather upset", "leaves on a trip tomorrow", "called twice"))
    text = f"{who} from {dice.pick(TOWNS)} {dice.pick(problems)} {order} and {calm}."
    ask = (
        dice.pick(
            ("Route this ticket to one of these desks: ", "Which department should handle this? ")
        )
        + "billing, shipping, technical support, returns, accounts."
    )
    return Task(
        "classify",
        "ticket",
        ask,
        text,
        dice.pick(
            (
                f"{capital(desk)}. The message is about {about}.",
                f"It belongs to {desk}, since order {order} raises a question about {about}.",
            )
        ),
    )


GROUPS = (
    ("string instruments", ["violin", "cello", "harp", "lute", "viola", "banjo", "zither"]),
    ("trees", ["oak", "larch", "alder", "poplar", "yew", "beech", "rowan"]),
    ("metals", ["copper", "zinc", "tin", "nickel", "lead", "iron", "silver"]),
    ("birds", ["heron", "wren", "jackdaw", "plover", "osprey", "siskin", "bunting"]),
    ("fabrics", ["linen", "denim", "felt", "tweed", "corduroy", "muslin", "satin"]),
    ("kitchen tools", ["whisk", "ladle", "colander", "grater", "peeler", "spatula", "sieve"]),
    ("planets", ["Mars", "Venus", "Saturn", "Neptune", "Jupiter", "Uranus", "Mercury"]),
    ("dances", ["waltz", "polka", "tango", "foxtrot", "mazurka", "samba", "minuet"]),
    ("cheeses", ["brie", "gouda", "feta", "cheddar", "ricotta", "gruyere", "halloumi"]),
    ("parts of a ship", ["keel", "mast", "rudder", "hull", "deck", "bow", "stern"]),
)


def odd_one(dice: Dice) -> Task:
    """Four words, one of which belongs elsewhere; or several to be sorted into two groups."""
    (first, many), (second, few) = dice.some(GROUPS, 2)
    if dice.chance(0.5):
        intruder = dice.pick(few)
        members = dice.some(many, dice.between(3, 5))
        words = ", ".join(dice.shuffled([*members, intruder]))
        ask = dice.pick((f"Which word doesn't belong: {words}?", f"Find the odd one out: {words}"))
        return Task(
            "classify",
            "odd one out",
            ask,
            "",
            f'"{intruder}" doesn\'t belong: it is one of the {second}, the others are {first}.',
        )
    a, b = dice.some(many, 3), dice.some(few, 3)
    ask = dice.pick(("Sort these into two groups with a heading.", "Group the words below."))
    return Task(
        "classify",
        "groups",
        ask,
        ", ".join(dice.shuffled([*a, *b])),
        f"{capital(first)}: {', '.join(a)}\n{capital(second)}: {', '.join(b)}",
    )
