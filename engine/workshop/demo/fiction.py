"""Plans, very short stories and poems."""

from __future__ import annotations

from engine.workshop.demo.material import Task, capital, joined
from engine.workshop.demo.names import NAMES, TOWNS
from engine.workshop.demo.seeded_random import Dice

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
    middle = dice.pick(
        ("There was only one thing to do:", "Without thinking twice,", "After a while")
    )
    subject = "our hero" if middle.endswith(("twice,", "while")) else "the hero of this story"
    last = dice.pick(
        ("And so", "In the end", "The odd thing is that", "Ever since, people say that")
    )
    return Task("story", hero, ask, "", f"{start} {middle} {subject} {reaction}. {last} {end}.")


def poems(dice: Dice) -> list[Task]:
    """A few small poems."""
    asks = dice.shuffled(
        (
            "Write a poem of three lines about {}.",
            "Give me a tiny poem that smells of {}.",
            "Something in verse for a {} postcard?",
            "{}, in three short lines, without rhyme.",
            "I collect short verse. Do you have any on {}?",
            "Three lines about {} for the notice board.",
            "Compose a miniature: {}.",
            "My pupils want to hear a poem set in {}; nothing long.",
        )
    )
    poems = [(season, three) for season in SEASONS for three in LINES[season]]
    return [
        Task("poem", season, capital(ask.format(season)), "", "\n".join(three))
        for ask, (season, three) in zip(asks, poems, strict=True)
    ]
