"""Prose tasks for the demo: explain, compare, list, classify, extract, summarise, rewrite and more.

Tasks from the bank come as a list, each entry used once; the others are built from parts, and
their answers from the same parts, so that an answer always fits its prompt.
"""

from __future__ import annotations

import json

from engine.demo.dice import Dice
from engine.demo.material import Task, capital, joined, lines, snippets
from engine.demo.sums import GOODS, NAMES

SURNAMES = (
    "Abbot Berg Castell Dumas Eriksen Farrow Gallo Hoang Imber Jansen Kovac Lindt Moreau Novak "
    "Okoro Petrov Quist Rossi Sato Tamm Urban Vidal Weiss Yilmaz Zuber"
).split()
TOWNS = (
    "Aldermere Brackwell Corrin Dunholt Eastry Fenwick Gorsley Harnbeck Ilsham Kelby Lorne "
    "Marwick Netherby Ottersea Penhallow Quorley Ravensford Stanmoor Tarnside Upwood"
).split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()


def explanations(dice: Dice) -> list[Task]:
    """One or two tasks for each card: what something is, and how to do the thing it is for."""
    tasks = []
    for domain, term, what, why, wish, how, avoid in lines("cards"):
        name = term.split(" ", 1)[1] if term.startswith(("a ", "an ", "the ")) else term
        if dice.chance(0.14):
            ask = dice.pick(
                (
                    "Write an introduction to {} for a newcomer: what it is, why it matters, what "
                    "to do and what to avoid.",
                    "I'm preparing a short course. Give me everything a beginner must know "
                    "about {}.",
                    "Tell me all about {}, with a practical part at the end.",
                )
            ).format(term)
            text = f"{what} {why}\n\nA practical example: to {wish}, here is what to do. {how}\n\n{avoid}"
            tasks.append(Task("explain", domain, ask, "", _neutral(text)))
            continue
        tasks.append(_what(dice, domain, term, name, what, why))
        tasks.append(_how(dice, domain, wish, how, avoid))
    return tasks


def _neutral(text: str) -> str:
    """`text` with first-person wishes turned to the reader."""
    return text.replace(" my ", " your ").replace(" I ", " you ").replace(" myself", " yourself")


def _what(dice: Dice, domain: str, term: str, name: str, what: str, why: str) -> Task:
    style = dice.between(0, 9)
    if style == 0:
        ask = dice.pick(("Define {} in one sentence.", "{}: one sentence, please."))
        return Task("explain", domain, capital(ask.format(term)), "", what)
    if style == 1:
        ask = dice.pick(("Make a flash card about {}.", "I need a question-and-answer card on {}."))
        return Task(
            "explain", domain, ask.format(name), "", f"Q: What is {term}?\nA: {what}\nNote: {why}"
        )
    ask = dice.pick(
        (
            "What is {}?",
            "Explain {} to someone who has never heard of it.",
            "What is {}, and why does it matter?",
            "Can you explain {} in a few plain words?",
            "I keep hearing about {}. What does it mean?",
            "Describe {} and the reason for it.",
            "Please tell me briefly what {} is.",
            "In two or three sentences: {}.",
        )
    ).format(term)
    text = f"{what} {why}" if style < 8 else f"{what}\n\nWhy it matters: {why}"
    return Task("explain", domain, ask, "", text)


def _how(dice: Dice, domain: str, wish: str, how: str, avoid: str) -> Task:
    ask = dice.pick(
        (
            "How do I {}?",
            "I want to {}. Any advice?",
            "Give me short instructions: {}.",
            "What is the best way to {}?",
            "Help me {}.",
            "Tips on how to {}, please.",
            "A friend asked me how to {}; what should I say?",
        )
    ).format(wish)
    style = dice.between(0, 3)
    if style == 0:
        text = f"{how}\n\nA common mistake: {avoid}"
    elif style == 1:
        text = f"{how} {avoid}"
    elif style == 2:
        text = f"- Do: {how}\n- Watch out: {avoid}"
    else:
        text = how
    return Task("how-to", domain, ask, "", text)


def comparisons(dice: Dice) -> list[Task]:
    """Pairs of things that get mixed up."""
    tasks = []
    for first, second, difference, choice in lines("compare"):
        ask = dice.pick(
            (
                "What is the difference between {} and {}?",
                "Compare {} with {}.",
                "{} or {}: when should I choose which?",
                "I mix up {} and {}. Can you tell them apart for me?",
            )
        ).format(first, second)
        text = f"{difference} {choice}" if dice.chance(0.6) else f"{difference}\n\n{choice}"
        tasks.append(Task("compare", first, capital(ask), "", text))
    return tasks


def listings(dice: Dice) -> list[Task]:
    """Two lists from each topic, which share no item."""
    tasks = []
    for noun, context, entries in lines("lists"):
        items = dice.shuffled([entry.strip().split(": ", 1) for entry in entries.split(";")])
        cut = dice.between(3, 5)
        first, second = items[:cut], items[cut:]
        count = ("three", "four", "five")[cut - 3]
        ask = dice.pick(
            (
                f"Name {count} {noun} for {context}, each with a short note.",
                f"List {count} {noun}: {context}.",
                f"I'm thinking of {context}. Suggest {count} {noun}.",
            )
        )
        tasks.append(Task("list", context, ask, "", _numbered(first)))
        rest = ("three", "four", "five")[len(second) - 3]
        known = joined([name for name, _ in first])
        follow = dice.pick(
            (
                f"For {context} I already have {known} on my list. What else? {rest.capitalize()} "
                f"more will do.",
                f"Add {rest} further {noun} to this list for {context}: {known}.",
            )
        )
        notes = [f"- {capital(name)} ({note})" for name, note in second]
        tasks.append(Task("list", context, follow, "", "\n".join(notes)))
    return tasks


def _numbered(items: list[list[str]]) -> str:
    return "\n".join(f"{n}. {capital(name)}: {note}." for n, (name, note) in enumerate(items, 1))


def programs(dice: Dice) -> list[Task]:
    """A Python function for each snippet, and a question about some of them."""
    tasks = []
    for wish, remark, code in snippets():
        block = f"```python\n{code}\n```"
        if dice.chance(0.25):
            ask = dice.pick(("What does this Python code do?", "Explain this code in a sentence."))
            tasks.append(Task("code", "reading", ask, code, f"It {wish}. {remark}"))
            continue
        ask = dice.pick(
            (
                "Write a Python function that {}.",
                "In Python, how do I write something that {}?",
                "I need code which {}. Python, please.",
            )
        ).format(wish)
        text = f"{block}\n\n{remark}" if dice.chance(0.6) else f"{remark}\n\n{block}"
        tasks.append(Task("code", "writing", ask, "", text))
    return tasks


def translations(dice: Dice) -> list[Task]:
    """Sentences into six languages, and some back into English."""
    tasks = []
    for language, english, foreign in lines("translations"):
        if dice.chance(0.25):
            ask = dice.pick(("Translate into English.", "What does this say in English?"))
            tasks.append(Task("translate", language, ask, foreign, english))
        else:
            ask = dice.pick(
                (
                    f"Translate into {language}.",
                    f"How would you say this in {language}?",
                    f"Put the sentence below into {language}.",
                )
            )
            tasks.append(Task("translate", language, ask, english, foreign))
    tasks += [Task("foreign", "foreign", ask, "", answer) for ask, answer in lines("foreign")]
    return tasks


REWRITE_ASKS = {
    "formal": ("Make this message formal.", "Rewrite for a business letter.", "More formal, please."),
    "concise": ("Shorten this sentence.", "Say this in fewer words.", "Cut the padding."),
    "grammar": ("Correct the grammar.", "Find and fix the mistakes.", "Proofread this sentence."),
    "active": ("Change to the active voice.", "Rewrite this without the passive.", "Make it active."),
    "polite": ("Say this more politely.", "Soften the tone.", "Make this sound friendlier."),
    "plain": ("Put this into plain English.", "Translate this officialese.", "Say it simply."),
    "past": ("Put this into the past tense.", "Rewrite as if it happened yesterday.", "Past tense:"),
}


def rewrites(dice: Dice) -> list[Task]:
    """A sentence to improve in a stated way."""
    tasks = []
    for kind, before, after, remark in lines("rewrites"):
        ask = dice.pick(REWRITE_ASKS[kind])
        text = f"{after}\n\n{remark}" if remark and dice.chance(0.7) else after
        tasks.append(Task("rewrite", kind, ask, before, text))
    return tasks


def summaries(dice: Dice) -> list[Task]:
    """News passages to sum up, and some that need a headline instead."""
    tasks = []
    for _, passage, summary, headline in lines("passages"):
        if dice.chance(0.3):
            ask = dice.pick(("Find a headline for this text.", "Suggest a title."))
            tasks.append(Task("summarise", "headline", ask, passage, headline))
        else:
            ask = dice.pick(
                ("Summarise in one sentence.", "What is this about? One sentence.", "Sum this up.")
            )
            tasks.append(Task("summarise", "passage", ask, passage, summary))
    return tasks


# --- reviews to classify ---------------------------------------------------------------------

GOOD = (
    ("the delivery", "arrived a day early"),
    ("the stitching", "is neat all over"),
    ("the battery", "lasts a whole weekend"),
    ("the sound", "is clear even at low volume"),
    ("the handle", "sits well in the hand"),
    ("the staff", "answered within the hour"),
    ("the manual", "explains everything on two pages"),
    ("the colour", "is exactly as pictured"),
    ("the price", "was more than fair"),
    ("the lid", "closes with a satisfying click"),
    ("the motor", "hums so quietly that the cat stays"),
    ("the fabric", "still looks new after ten washes"),
    ("the room", "was spotless and smelled of pine"),
    ("the breakfast", "had warm bread and real butter"),
)
BAD = (
    ("the zip", "broke on the second day"),
    ("the parcel", "came two weeks late and dented"),
    ("the instructions", "are for another model"),
    ("the paint", "peels off at the edges"),
    ("the hotline", "let me wait for fifty minutes"),
    ("the seams", "let water in at once"),
    ("the screws", "were missing altogether"),
    ("the charger", "gets far too hot"),
    ("the sole", "came off on a short walk"),
    ("the smell", "won't go away, even after airing"),
    ("the display", "can't be read in daylight"),
    ("the wheels", "squeak like a gate"),
    ("the mattress", "had a valley in the middle"),
    ("the coffee", "was lukewarm on all three mornings"),
)
PRODUCTS = (
    "rucksack", "food processor", "bike lamp", "raincoat", "garden hose", "music stand", "kettle",
    "tent", "sewing kit", "desk chair", "telescope", "hand blender", "pair of boots", "travel cot",
    "bird feeder", "thermos", "guest room", "headphones set", "pottery wheel", "tea set",
)  # fmt: skip


def review(dice: Dice) -> Task:
    """A customer's review and its sentiment, with the reason."""
    product = dice.pick(PRODUCTS)
    mood = dice.pick(("positive", "negative", "mixed"))
    good, bad = dice.some(GOOD, 2), dice.some(BAD, 2)
    if mood == "positive":
        said = good
    elif mood == "negative":
        said = bad
    else:
        said = dice.shuffled([good[0], bad[0]])
    (a, b), (c, d) = said
    link = {"positive": "and", "negative": "and", "mixed": "but"}[mood]
    start = dice.pick(
        (
            f"Bought the {product} in {dice.pick(MONTHS)}.",
            f"My {dice.pick(('sister', 'neighbour', 'son', 'wife', 'uncle'))} recommended this "
            f"{product}.",
            f"{capital(dice.pick(('three weeks', 'two months', 'half a year')))} with the {product} "
            f"now.",
            f"We needed a {product} for {dice.pick(TOWNS)}.",
            f"About the {product}:",
        )
    )
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
    ("string instruments", "violin cello harp lute viola banjo zither".split()),
    ("trees", "oak larch alder poplar yew beech rowan".split()),
    ("metals", "copper zinc tin nickel lead iron silver".split()),
    ("birds", "heron wren jackdaw plover osprey siskin bunting".split()),
    ("fabrics", "linen denim felt tweed corduroy muslin satin".split()),
    ("kitchen tools", "whisk ladle colander grater peeler spatula sieve".split()),
    ("planets", "Mars Venus Saturn Neptune Jupiter Uranus Mercury".split()),
    ("dances", "waltz polka tango foxtrot mazurka samba minuet".split()),
    ("cheeses", "brie gouda feta cheddar ricotta gruyere halloumi".split()),
    ("parts of a ship", "keel mast rudder hull deck bow stern".split()),
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


# --- facts to extract ------------------------------------------------------------------------

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
            ("Turn the order into a table of items and quantities.", "Make a table of what is ordered.")
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


# --- letters ---------------------------------------------------------------------------------

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


# --- plans -----------------------------------------------------------------------------------

PLANS = (
    (
        "a birthday picnic",
        ("choose a spot with shade and a tap", "write to everyone and ask who brings what",
         "bake the evening before", "pack blankets, a knife and a bag for rubbish",
         "arrive half an hour early and mark the place", "collect the cups before it gets dark"),
    ),
    (
        "spring-cleaning a flat",
        ("open all windows", "sort what can be given away", "dust from top to bottom",
         "wash the windows on a cloudy day", "vacuum under the beds", "mop towards the door"),
    ),
    (
        "a first weekend in the vegetable garden",
        ("draw the beds on paper", "lift the turf", "loosen the soil with a fork",
         "rake in compost", "set onions and sow radishes", "water and label everything"),
    ),
    (
        "a school play",
        ("pick a text with many small roles", "cast by reading aloud", "rehearse scene by scene",
         "paint the set in one afternoon", "run through with costumes", "leave a day free before the opening"),
    ),
    (
        "moving house with a van",
        ("measure the sofa and the stairs", "collect boxes for a month", "label two sides of each",
         "load heavy things first and low", "keep the kettle within reach", "read both meters"),
    ),
    (
        "learning a song on the guitar",
        ("listen to it three times", "find the chords and their order", "practise each change slowly",
         "add the strumming on muted strings", "play along at half speed", "perform it for one person"),
    ),
    (
        "a bicycle tour of three days",
        ("choose stages of fifty kilometres", "book the beds", "service brakes and chain",
         "pack a tube, a pump and rain clothes", "start early and rest at noon", "send the route to a friend"),
    ),
    (
        "an exhibition of photographs",
        ("agree on a theme", "choose twenty pictures out of a hundred", "print one as a test",
         "frame them alike", "hang the centre at eye height", "invite people with a small card"),
    ),
    (
        "a jumble sale for the swimming club",
        ("reserve the hall", "ask members for things in good order", "sort by kind the night before",
         "price with round numbers", "put the books near the cake", "count the money in pairs"),
    ),
    (
        "a night of stargazing with children",
        ("check the Moon and the clouds", "wrap torches in red paper", "begin with the brightest stars",
         "tell one story for each constellation", "pass the binoculars around", "finish with cocoa"),
    ),
)  # fmt: skip


def plan(dice: Dice) -> Task:
    """Some of the steps of an undertaking, in their order, with times."""
    what, steps = dice.pick(PLANS)
    count = dice.between(3, 6)
    keep = sorted(dice.some(range(len(steps)), count))
    who = dice.pick(NAMES)
    word = ("three", "four", "five", "six")[count - 3]
    style = dice.between(0, 2)
    if style == 0:
        ask = dice.pick((f"Plan {what} in {word} steps.", f"{capital(word)} steps towards {what}?"))
        body = "\n".join(f"{n}. {capital(steps[i])}." for n, i in enumerate(keep, 1))
    elif style == 1:
        ask = f"{who} has {word} days to prepare {what}. One task a day, please."
        body = "\n".join(f"Day {n}: {steps[i]}" for n, i in enumerate(keep, 1))
    else:
        ask = f"Remind {who} in a short paragraph of {word} things to do for {what}."
        first, *rest = [steps[i] for i in keep]
        body = f"{who}, first {first}. Then {joined(rest)}. That is all it takes."
    return Task("plan", what, ask, "", body)


# --- stories and small verse -----------------------------------------------------------------

HEROES = (
    ("a clockmaker", "wound the tower clock"), ("a lighthouse keeper", "polished the lens"),
    ("a young baker", "lit the oven"), ("a retired sailor", "rowed across the bay"),
    ("a librarian", "locked the reading room"), ("a beekeeper", "counted the hives"),
    ("a night porter", "sorted the keys"), ("a cellist", "practised by the window"),
    ("a postman", "walked the cliff path"), ("a gardener", "closed the glasshouse"),
)  # fmt: skip
FINDS = (
    ("a letter without a stamp", "read it aloud to an empty street", "the street answered with a light in every window"),
    ("a fox asleep on the doormat", "stepped around it on tiptoe", "it came back every evening at the same minute"),
    ("a key that fitted nothing", "tried it in every lock in town", "the last lock belonged to a box of old songs"),
    ("a small blue umbrella", "hung it on the nearest fence", "by Friday there were forty umbrellas and nobody got wet"),
    ("a map drawn on a napkin", "followed it as far as the bridge", "under the bridge someone was waiting with soup"),
    ("a violin string in a pocket", "asked every player in the café", "the owner turned out to be the quietest of them"),
    ("a bell that made no sound", "hung it by the door", "the dog always knew when it rang"),
    ("a chess piece made of bread", "put it back on the board", "the game was won by the sparrows"),
    ("a photograph of tomorrow", "looked only at the sky in it", "it rained, just as promised, at noon"),
    ("a seed as large as a fist", "planted it beside the bench", "years later the bench stood in the shade"),
)  # fmt: skip
SEASONS = ("spring", "summer", "autumn", "winter")
LINES = {
    "spring": (("Mud on every boot,", "the blackbird tries out a song", "nobody asked for."), ("Thin rain on tin roofs:", "the snails go to the market", "without an umbrella.")),
    "summer": (("Heat over the rails,", "a cricket rehearses scales", "for the evening train."), ("One plum on the sill", "gives its warm smell to the room", "and takes it away.")),
    "autumn": (("Fog lifts off the field;", "a tractor comes out of it", "with its lamps still on."), ("The last bus is late:", "leaves gather at the stop and", "wait along with me.")),
    "winter": (("Snow on the clothes line,", "a row of forgotten pegs", "each wearing a hat."), ("Ice along the quay.", "The boats knock against the wall", "to be let inside.")),
}  # fmt: skip


def story(dice: Dice) -> Task:
    """A story in three sentences, with a stated hero, find and season."""
    (hero, did), (find, reaction, end) = dice.pick(HEROES), dice.pick(FINDS)
    season, town = dice.pick(SEASONS), dice.pick(TOWNS)
    ask = dice.pick(
        (
            f"Write a very short story about {hero} in {town} who finds {find}.",
            f"Three sentences of fiction: {season}, {hero}, {find}. It is set in {town}.",
            f"Tell a bedtime story with {hero}, {find} and a kind ending. Season: {season}; place: "
            f"{town}.",
        )
    )
    start = dice.pick(
        (
            f"One {season} evening in {town}, {hero} {did} and found {find}.",
            f"It was {season} in {town}. When {hero} had {did} as usual, there lay {find}.",
            f"Nobody in {town} expected anything that {season}, least of all {hero}, who {did} and "
            f"then saw {find}.",
        )
    )
    middle = dice.pick(("There was only one thing to do:", "Without thinking twice,", "After a while"))
    subject = "our hero" if middle.endswith(("twice,", "while")) else "the hero of this story"
    last = dice.pick(("And so", "In the end", "The odd thing is that", "Ever since, people say that"))
    return Task("story", hero, ask, "", f"{start} {middle} {subject} {reaction}. {last} {end}.")


def poems(dice: Dice) -> list[Task]:
    """A few small poems."""
    asks = dice.shuffled(
        (
            "Write a poem of three lines about {}.",
            "Give me a tiny poem that smells of {}.",
            "Something in verse for a {} postcard?",
            "{}, in three short lines, without rhyme.",
        )
    )
    return [
        Task("poem", season, capital(asks[(n + shift) % 4].format(season)), "", "\n".join(three))
        for shift, season in enumerate(SEASONS)
        for n, three in enumerate(LINES[season])
    ]
