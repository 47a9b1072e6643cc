"""Arithmetic for the demo: word problems with worked answers, and quick calculations.

Every number in an answer is computed here, so the clean rows are right by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from engine.demo.dice import Dice
from engine.demo.material import Task, joined

NAMES = (
    "Ada Amir Bea Bruno Carla Dario Edith Elif Farid Greta Hana Hugo Ines Ivo Jana Jonas Kaito "
    "Klara Lea Liam Mara Mateo Nadia Nils Oda Omar Paula Piotr Rosa Ruben Sana Sven Tara Theo "
    "Uma Vera Viktor Wanda Yara Zoltan"
).split()
GOODS = (
    ("jar of honey", "jars of honey"),
    ("ball of wool", "balls of wool"),
    ("notebook", "notebooks"),
    ("tray of pansies", "trays of pansies"),
    ("reel of thread", "reels of thread"),
    ("bag of flour", "bags of flour"),
    ("guitar string", "guitar strings"),
    ("bicycle tube", "bicycle tubes"),
    ("tube of paint", "tubes of paint"),
    ("packet of seeds", "packets of seeds"),
    ("chess clock", "chess clocks"),
    ("beeswax candle", "beeswax candles"),
    ("map", "maps"),
    ("tin of tea", "tins of tea"),
    ("wooden spoon", "wooden spoons"),
    ("pane of glass", "panes of glass"),
)
PLACES = (
    "the lake",
    "the old mill",
    "the coast",
    "an aunt's farm",
    "the observatory",
    "the mountain hut",
    "the harbour",
    "the county fair",
    "the lighthouse",
    "the next village",
)
Problem = tuple[str, str]


def money(cents: int) -> str:
    """Cents as euros, without decimals where there are none."""
    return f"{cents // 100} euros" if cents % 100 == 0 else f"{cents / 100:.2f} euros"


def number(value: float) -> str:
    """At most two decimals, none that are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _shopping(dice: Dice) -> Problem:
    who, (_, first), (_, second) = dice.pick(NAMES), *dice.some(GOODS, 2)
    a, b = dice.between(2, 6), dice.between(2, 5)
    p, q = dice.between(5, 24) * 25, dice.between(4, 20) * 50
    total = a * p + b * q
    paid = (total // 1000 + 1) * 1000
    text = dice.pick(
        (
            f"{who} buys {a} {first} at {money(p)} each and {b} {second} at {money(q)} each. How "
            f"much change comes back from {money(paid)}?",
            f"At the market {first} cost {money(p)} apiece and {second} {money(q)}. {who} takes "
            f"{a} of the first and {b} of the second and hands over {money(paid)}. What is left?",
            f"Work out the change: {b} {second} ({money(q)} each), {a} {first} ({money(p)} each), "
            f"paid with {money(paid)} by {who}.",
        )
    )
    answer = (
        f"The {first} cost {a} × {money(p)} = {money(a * p)}, and the {second} cost {b} × "
        f"{money(q)} = {money(b * q)}. Together that is {money(total)}. From {money(paid)} the "
        f"change is {money(paid - total)}."
    )
    return text, answer


def _unit_price(dice: Dice) -> Problem:
    thing = dice.pick(("rice", "olive oil", "potting soil", "oats", "bird seed", "wood glue"))
    unit = "litres" if thing in {"olive oil", "potting soil"} else "kilograms"
    small, large = dice.between(2, 4), dice.between(5, 9)
    p, q = dice.between(20, 48) * 10 * small, dice.between(20, 48) * 10 * large
    text = dice.pick(
        (
            f"A bag of {thing} with {small} {unit} costs {money(p)}, one with {large} {unit} costs "
            f"{money(q)}. Which is the better value?",
            f"I can get {thing} as {large} {unit} for {money(q)} or as {small} {unit} for "
            f"{money(p)}. Which pack is cheaper per unit, and by how much?",
        )
    )
    one, two = p // small, q // large
    if one == two:
        verdict = "so they are equally good value."
    else:
        verdict = (
            f"so the {'small' if one < two else 'large'} pack is cheaper by "
            f"{money(abs(one - two))} per {unit[:-1]}."
        )
    return text, (
        f"Per {unit[:-1]} the small pack costs {money(p)} ÷ {small} = {money(one)} and the large "
        f"one {money(q)} ÷ {large} = {money(two)}, {verdict}"
    )


def _recipe(dice: Dice) -> Problem:
    dish, item = dice.pick(
        (
            ("pancakes", "millilitres of milk"),
            ("lentil soup", "grams of lentils"),
            ("plum cake", "grams of plums"),
            ("dumplings", "grams of flour"),
            ("risotto", "grams of rice"),
            ("apple crumble", "grams of oats"),
        )
    )
    serves, guests = dice.pick((4, 5, 6, 8)), dice.between(9, 26)
    each = dice.between(4, 24) * 10
    text = dice.pick(
        (
            f"A recipe for {dish} uses {each * serves} {item} for {serves} people. How much do I "
            f"need for {guests}?",
            f"{guests} guests are coming and my {dish} recipe, made for {serves}, asks for "
            f"{each * serves} {item}. Please scale it up.",
            f"Scale this: {dish}, {serves} servings, {each * serves} {item}. I want {guests} "
            f"servings.",
        )
    )
    return text, (
        f"One serving takes {each * serves} ÷ {serves} = {each} {item}. For {guests} people you "
        f"need {guests} × {each} = {guests * each} {item}."
    )


def _journey(dice: Dice) -> Problem:
    who, place = dice.pick(NAMES), dice.pick(PLACES)
    how, speed = dice.pick(
        (("cycles", 16), ("cycles", 18), ("walks", 5), ("drives", 60), ("rides a moped", 40))
    )
    minutes = dice.between(3, 16) * 15
    km = speed * minutes / 60
    time = f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    text = dice.pick(
        (
            f"{who} {how} to {place}, {number(km)} km away, at a steady {speed} km/h. How long "
            f"does it take?",
            f"The way to {place} is {number(km)} km. If {who} {how} at {speed} km/h without a "
            f"stop, how many hours and minutes is that?",
            f"How long is {who} on the road to {place} ({number(km)} km) at {speed} km/h?",
        )
    )
    return text, (
        f"Time is distance divided by speed: {number(km)} ÷ {speed} = {number(km / speed)} hours, "
        f"which is {time if minutes >= 60 else f'{minutes} min'}."
    )


def _rectangle(dice: Dice) -> Problem:
    what, use = dice.pick(
        (
            ("vegetable bed", "fence"),
            ("chicken run", "wire netting"),
            ("sand pit", "wooden edging"),
            ("meadow", "electric tape"),
            ("patio", "edging stone"),
        )
    )
    a, b, price = dice.between(3, 18), dice.between(4, 25), dice.between(3, 14)
    around = 2 * (a + b)
    text = dice.pick(
        (
            f"A rectangular {what} measures {a} m by {b} m. What area is it, and what does {use} "
            f"all the way round cost at {price} euros a metre?",
            f"How many metres of {use} go around a {what} that is {b} m long and {a} m wide, and "
            f"what is the bill at {price} euros per metre? Give the area as well.",
        )
    )
    return text, (
        f"The area is {a} × {b} = {a * b} square metres. The perimeter is 2 × ({a} + {b}) = "
        f"{around} m, so the {use} costs {around} × {price} = {around * price} euros."
    )


def _ages(dice: Dice) -> Problem:
    a, b = dice.some(NAMES, 2)
    young, factor, later = dice.between(4, 15), dice.between(2, 5), dice.between(3, 12)
    total = young + young * factor + 2 * later
    text = dice.pick(
        (
            f"{a} is {factor} times as old as {b}. In {later} years their ages will add up to "
            f"{total}. How old are they now?",
            f"Together {a} and {b} will be {total} years old in {later} years, and today {a} is "
            f"{factor} times as old as {b}. Find both ages.",
        )
    )
    return text, (
        f"In {later} years both are {later} years older, so today their ages add up to {total} - "
        f"2 × {later} = {total - 2 * later}. {b} has one part of {factor + 1}: {total - 2 * later} "
        f"÷ {factor + 1} = {young}. So {b} is {young} and {a} is {factor} × {young} = "
        f"{factor * young}."
    )


def _sharing(dice: Dice) -> Problem:
    who, (_, goods) = dice.pick(NAMES), dice.pick(GOODS)
    people, each, rest = dice.between(3, 9), dice.between(4, 14), dice.between(1, 2)
    total = people * each + rest
    left = "1 is" if rest == 1 else f"{rest} are"
    text = dice.pick(
        (
            f"{who} divides {total} {goods} equally among {people} friends. How many does each "
            f"get, and how many are left over?",
            f"There are {total} {goods} for {people} club members. What does everyone receive if "
            f"{who} keeps the remainder?",
        )
    )
    return text, (
        f"{total} ÷ {people} = {each} with a remainder of {rest}, because {people} × {each} = "
        f"{people * each}. Each gets {each} {goods}, and {left} left over."
    )


def _discount(dice: Dice) -> Problem:
    thing, low = dice.pick(
        (
            ("pair of walking boots", 80),
            ("sewing machine", 160),
            ("telescope", 240),
            ("cello bow", 120),
            ("tent", 140),
            ("coffee grinder", 60),
            ("drawing tablet", 100),
            ("kayak paddle", 60),
        )
    )
    price, off = low + dice.between(0, 9) * 20, dice.pick((5, 10, 15, 20, 25, 30, 35, 40))
    saved = price * off // 100 if price * off % 100 == 0 else price * off / 100
    text = dice.pick(
        (
            f"A {thing} costs {price} euros. In the sale it is {off}% cheaper. What do I pay?",
            f"The shop takes {off}% off a {thing} marked at {price} euros. What is the new price, "
            f"and how much is saved?",
            f"What does a {thing} of {price} euros come to after a reduction of {off}%?",
        )
    )
    return text, (
        f"{off}% of {price} is {price} × {number(off / 100)} = {number(saved)}. So you save "
        f"{number(saved)} euros and pay {price} - {number(saved)} = {number(price - saved)} euros."
    )


def _work_rate(dice: Dice) -> Problem:
    a, b = dice.some(NAMES, 2)
    one, two = dice.pick(((3, 6), (4, 12), (6, 12), (6, 3), (10, 15), (12, 4), (20, 30), (5, 20)))
    job = dice.pick(("paint a shed", "pick the cherries", "set the type", "weed the long border"))
    together = one * two / (one + two)
    text = dice.pick(
        (
            f"{a} needs {one} hours to {job}, {b} needs {two}. How long do they take together?",
            f"Working alone, {b} would {job} in {two} hours and {a} in {one}. If both start at "
            f"once, when are they done?",
        )
    )
    return text, (
        f"In one hour {a} does 1/{one} of the job and {b} 1/{two}. Together that is 1/{one} + "
        f"1/{two} = 1/{number(together)}, so they need {number(together)} hours."
    )


def _average(dice: Dice) -> Problem:
    what, unit = dice.pick(
        (
            ("The kilometres that I ran this week", "km"),
            ("The eggs collected on five days", "eggs"),
            ("My last five piano practice sessions", "minutes"),
            ("Rainfall in five weeks", "mm"),
            ("Visitors at the small museum from Tuesday to Saturday", "visitors"),
            ("The weights of five pumpkins", "kg"),
        )
    )
    values = [dice.between(6, 48) for _ in range(4)]
    values.append(70 + -sum(values) % 5)
    listed = ", ".join(map(str, values))
    text = dice.pick(
        (
            f"{what} were {listed}. What is the average, and which value is furthest from it?",
            f"Find the mean of these five numbers and say which lies furthest off ({what.lower()}):"
            f" {listed}.",
        )
    )
    mean = sum(values) / 5
    far = max(values, key=lambda value: abs(value - mean))
    return text, (
        f"The sum is {' + '.join(map(str, values))} = {sum(values)}, and {sum(values)} ÷ 5 = "
        f"{number(mean)} {unit}. The value furthest from it is {far}."
    )


def _interest(dice: Dice) -> Problem:
    who, sum_, rate, years = (
        dice.pick(NAMES),
        dice.between(4, 40) * 200,
        dice.between(2, 6),
        dice.between(2, 5),
    )
    yearly = sum_ * rate // 100
    text = dice.pick(
        (
            f"{who} lends a friend {sum_} euros at {rate}% simple interest a year. What is owed "
            f"after {years} years?",
            f"How much does {who} get back on {sum_} euros after {years} years with {rate}% "
            f"simple interest?",
        )
    )
    return text, (
        f"Each year brings {rate}% of {sum_} euros, which is {yearly} euros. Over {years} years "
        f"that is {years} × {yearly} = {years * yearly} euros, so the total is {sum_} + "
        f"{years * yearly} = {sum_ + years * yearly} euros."
    )


def _seats(dice: Dice) -> Problem:
    hall = dice.pick(("village hall", "school theatre", "circus tent", "chapel", "open-air stage"))
    rows, seats, taken = dice.between(8, 22), dice.between(9, 24), dice.between(20, 70)
    text = dice.pick(
        (
            f"A {hall} has {rows} rows of {seats} seats. For the concert {taken} places stay "
            f"empty. How many people came?",
            f"All but {taken} seats in the {hall} are sold; there are {rows} rows with {seats} "
            f"each. How many tickets is that?",
        )
    )
    return text, (
        f"There are {rows} × {seats} = {rows * seats} seats. With {taken} empty, "
        f"{rows * seats} - {taken} = {rows * seats - taken} people have a ticket."
    )


def _knitting(dice: Dice) -> Problem:
    who, per_ten, width = dice.pick(NAMES), dice.pick((18, 20, 22, 24, 26, 28)), dice.between(4, 13)
    what = dice.pick(("scarf", "baby blanket", "shawl", "cushion cover", "jumper front"))
    text = dice.pick(
        (
            f"{who}'s swatch shows {per_ten} stitches to 10 cm. How many must be cast on for a "
            f"{what} {width * 5} cm wide, plus one edge stitch on each side?",
            f"With a gauge of {per_ten} stitches per 10 cm, what is the stitch count for a {what} "
            f"of {width * 5} cm if two edge stitches are added?",
        )
    )
    stitches = per_ten * width * 5 // 10
    return text, (
        f"{width * 5} cm is {number(width * 5 / 10)} times 10 cm, so the width takes "
        f"{number(width * 5 / 10)} × {per_ten} = {stitches} stitches. With the two edge stitches "
        f"cast on {stitches + 2}."
    )


def _ratio(dice: Dice) -> Problem:
    a, b, x, y = dice.pick(
        (
            ("blue", "yellow", 2, 3),
            ("cement", "sand", 1, 4),
            ("syrup", "water", 1, 7),
            ("oil", "vinegar", 3, 1),
            ("compost", "grit", 5, 2),
            ("plaster", "water", 3, 2),
        )
    )
    part = dice.between(3, 18)
    total = part * (x + y)
    text = dice.pick(
        (
            f"{a.capitalize()} and {b} are mixed {x} to {y}. How much of each goes into {total} "
            f"litres of the mixture?",
            f"I need {total} litres made of {x} parts {a} and {y} parts {b}. What are the amounts?",
        )
    )
    return text, (
        f"There are {x} + {y} = {x + y} parts, and one part is {total} ÷ {x + y} = {part} litres. "
        f"So take {x * part} litres of {a} and {y * part} litres of {b}."
    )


def _timetable(dice: Dice) -> Problem:
    start, ride = dice.between(6 * 12, 18 * 12) * 5, dice.between(7, 40) * 5
    wait, second = dice.between(2, 8) * 5, dice.between(4, 24) * 5
    clock = lambda minutes: f"{minutes // 60 % 24}:{minutes % 60:02}"  # noqa: E731 - local notation
    total = ride + wait + second
    text = dice.pick(
        (
            f"A train leaves at {clock(start)} and runs for {ride} minutes. After {wait} minutes' "
            f"wait the bus takes {second} more. When do I arrive?",
            f"Departure {clock(start)}, {ride} minutes by train, {wait} minutes on the platform, "
            f"{second} minutes by bus: what is my arrival time?",
        )
    )
    return text, (
        f"The train arrives at {clock(start + ride)}, the bus leaves at "
        f"{clock(start + ride + wait)} and gets in at {clock(start + total)}. The whole journey "
        f"takes {total // 60} h {total % 60} min."
    )


def _saving(dice: Dice) -> Problem:
    who = dice.pick(NAMES)
    dream, price = dice.pick(
        (
            ("a second-hand piano", 900),
            ("a sailing course", 480),
            ("a potter's wheel", 720),
            ("a rail trip", 360),
            ("a loom", 640),
            ("a racing bike", 1200),
        )
    )
    had, weekly = dice.between(2, 9) * 20, dice.pick((15, 20, 24, 25, 30, 40))
    weeks = -(-(price - had) // weekly)
    text = dice.pick(
        (
            f"{who} wants {dream} for {price} euros, has {had} and saves {weekly} a week. After "
            f"how many weeks is it enough?",
            f"With {had} euros in the tin and {weekly} euros added every week, how long must {who} "
            f"save for {dream} at {price} euros?",
        )
    )
    return text, (
        f"{price} - {had} = {price - had} euros are missing. {price - had} ÷ {weekly} = "
        f"{number((price - had) / weekly)}, so it takes {weeks} weeks; by then there are {had} + "
        f"{weeks} × {weekly} = {had + weeks * weekly} euros."
    )


def _planting(dice: Dice) -> Problem:
    plant, gap = dice.pick((("leeks", 15), ("beans", 20), ("tulips", 10), ("hazels", 50)))
    rows, spaces = dice.between(2, 7), dice.between(8, 30)
    length = gap * spaces
    text = dice.pick(
        (
            f"{plant.capitalize()} are set {gap} cm apart, starting and ending exactly at the ends "
            f"of rows of {number(length / 100)} m. How many fit into {rows} rows?",
            f"How many {plant} go into {rows} rows, each {number(length / 100)} m long, with one "
            f"at either end and {gap} cm between neighbours?",
        )
    )
    return text, (
        f"A row of {length} cm has {length} ÷ {gap} = {spaces} gaps, and one more plant than gaps: "
        f"{spaces + 1}. In {rows} rows that makes {rows} × {spaces + 1} = "
        f"{rows * (spaces + 1)} {plant}."
    )


def _tournament(dice: Dice) -> Problem:
    sport = dice.pick(("chess", "table tennis", "draughts", "badminton", "fencing"))
    players, tables = dice.between(6, 18), dice.pick((2, 3))
    games = players * (players - 1) // 2
    rounds = -(-games // tables)
    text = dice.pick(
        (
            f"In a {sport} tournament each of {players} players meets every other once. How many "
            f"games are there, and how many sittings on {tables} tables at the least?",
            f"{players} people play {sport}, everybody against everybody. Count the games, and the "
            f"sittings that {tables} tables need at minimum.",
        )
    )
    return text, (
        f"Each of the {players} players has {players - 1} opponents, and every game is counted "
        f"twice that way: {players} × {players - 1} ÷ 2 = {games} games. On {tables} tables that "
        f"is {games} ÷ {tables}, rounded up: {rounds} sittings."
    )


def _profit(dice: Dice) -> Problem:
    who, (one, many) = dice.pick(NAMES), dice.pick(GOODS)
    made, cost, price = dice.between(20, 90), dice.between(2, 7), dice.between(9, 16)
    sold, fee = made - dice.between(2, 15), dice.between(3, 9) * 5
    text = dice.pick(
        (
            f"{who} gets {made} {many} at {cost} euros each and sells {sold} of them at {price} "
            f"euros. The stall costs {fee} euros. What is the profit?",
            f"Stall fee {fee} euros, {made} {many} bought for {cost} euros apiece, {sold} sold for "
            f"{price} euros per {one}: did {who} make money?",
        )
    )
    gain = sold * price - made * cost - fee
    return text, (
        f"Income: {sold} × {price} = {sold * price} euros. Costs: {made} × {cost} + {fee} = "
        f"{made * cost + fee} euros. The difference is {sold * price} - {made * cost + fee} = "
        f"{gain} euros, {'a profit' if gain > 0 else 'no profit at all'}."
    )


def _tank(dice: Dice) -> Problem:
    what = dice.pick(("rain barrel", "pond", "aquarium", "cattle trough", "hot tub"))
    rate, leak, minutes = dice.between(9, 25), dice.between(1, 4), dice.between(12, 60)
    size = (rate - leak) * minutes
    text = dice.pick(
        (
            f"A hose puts {rate} litres a minute into a {what} of {size} litres that leaks {leak} "
            f"litres a minute. When is it full?",
            f"How many minutes does it take to fill a {what} holding {size} litres at {rate} "
            f"litres per minute if {leak} litres per minute run out again?",
        )
    )
    return text, (
        f"Each minute {rate} - {leak} = {rate - leak} litres stay in the {what}. "
        f"{size} ÷ {rate - leak} = {minutes}, so it is full after {minutes} minutes."
    )


def _reading(dice: Dice) -> Problem:
    who, pages, day = dice.pick(NAMES), dice.between(180, 620), dice.between(14, 45)
    read = dice.between(2, 5) * day
    days = -(-(pages - read) // day)
    text = dice.pick(
        (
            f"{who} reads {day} pages a day and has finished {read} of a novel's {pages} pages. "
            f"How many days are still to go?",
            f"A book has {pages} pages and {who} is on page {read}. At {day} pages a day, how many "
            f"more days does it take?",
        )
    )
    return text, (
        f"{pages} - {read} = {pages - read} pages are left. {pages - read} ÷ {day} = "
        f"{number((pages - read) / day)}, rounded up to {days} more days."
    )


def _baking(dice: Dice) -> Problem:
    what = dice.pick(("rolls", "ginger biscuits", "scones", "pretzels", "meringues"))
    per_tray, trays, minutes = dice.between(9, 24), dice.pick((1, 2, 3)), dice.between(9, 24)
    wanted = dice.between(70, 260)
    batches = -(-wanted // (per_tray * trays))
    text = dice.pick(
        (
            f"{trays} {'tray fits' if trays == 1 else 'trays fit'} into the oven, each with "
            f"{per_tray} {what}, for {minutes} minutes. How long do {wanted} {what} take?",
            f"I have to bake {wanted} {what}: {per_tray} on a tray, {trays} at a time in the oven, "
            f"{minutes} minutes a batch. What is the pure baking time?",
        )
    )
    return text, (
        f"One batch holds {trays} × {per_tray} = {trays * per_tray} {what}. {wanted} ÷ "
        f"{trays * per_tray} rounds up to {batches} batches, and {batches} × {minutes} = "
        f"{batches * minutes} minutes."
    )


WORD_PROBLEMS: tuple[Callable[[Dice], Problem], ...] = (
    _shopping,
    _unit_price,
    _recipe,
    _journey,
    _rectangle,
    _ages,
    _sharing,
    _discount,
    _work_rate,
    _average,
    _interest,
    _seats,
    _knitting,
    _ratio,
    _timetable,
    _saving,
    _planting,
    _tournament,
    _profit,
    _tank,
    _reading,
    _baking,
)


def word_problem(dice: Dice) -> Task:
    """A word problem with its worked answer."""
    make = dice.pick(WORD_PROBLEMS)
    text, answer = make(dice)
    lead = dice.pick(("", "", "", "Solve this step by step.", "Show your working.", "Please solve."))
    if lead and dice.chance(0.5):
        return Task("word problem", make.__name__, lead, text, answer)
    return Task("word problem", make.__name__, f"{lead} {text}".strip(), "", answer)


UNITS = (
    ("miles", "kilometres", 1.609, "walking holiday"),
    ("pounds", "kilograms", 0.4536, "sack of potatoes"),
    ("inches", "centimetres", 2.54, "picture frame"),
    ("feet", "metres", 0.3048, "sailing boat"),
    ("ounces", "grams", 28.35, "knitting pattern"),
    ("gallons (US)", "litres", 3.785, "fish tank"),
    ("acres", "hectares", 0.4047, "orchard"),
    ("yards", "metres", 0.9144, "roll of curtain fabric"),
    ("knots", "kilometres per hour", 1.852, "gust at sea"),
    ("fluid ounces (US)", "millilitres", 29.57, "bottle of ink"),
)


def _convert(dice: Dice) -> Problem:
    source, target, factor, context = dice.pick(UNITS)
    amount = dice.between(3, 95)
    text = dice.pick(
        (
            f"Convert {amount} {source} to {target}.",
            f"How many {target} are {amount} {source}? It is for a {context}.",
            f"My {context} is given as {amount} {source}; what is that in {target}?",
        )
    )
    result = amount * factor
    return text, f"{amount} {source} × {factor:g} ≈ {result:.1f} {target}."


WORDS = (
    "anchor bellows cedar dulcimer easel falcon goblet harvest island juniper kettle lantern "
    "meadow nectar orchard pebble quarry ribbon saddle thimble umbrella velvet willow yarn zenith "
    "almond basket compass drizzle ember feather glacier hazel ivory jasmine kiosk ladder marble "
    "needle oyster parsley quilt raven spindle timber urchin violin walnut"
).split()


def _sort(dice: Dice) -> Problem:
    words = dice.some(WORDS, dice.between(5, 8))
    listed = ", ".join(words)
    if dice.chance(0.5):
        text = dice.pick(
            (
                f"Sort these words alphabetically: {listed}.",
                f"Put the following into the order of a dictionary: {listed}",
            )
        )
        return text, ", ".join(sorted(words)) + "."
    text = dice.pick(
        (
            f"Order these words from shortest to longest: {listed}. Equal lengths go by alphabet.",
            f"Arrange by number of letters, then by alphabet: {listed}",
        )
    )
    return text, ", ".join(sorted(words, key=lambda word: (len(word), word))) + "."


def _sequence(dice: Dice) -> Problem:
    start, step = dice.between(2, 40), dice.between(3, 17)
    kind = dice.between(0, 2)
    if kind == 0:
        values = [start + step * i for i in range(7)]
        rule = f"Each number is {step} more than the one before"
    elif kind == 1:
        factor = dice.pick((2, 3))
        values = [start * factor**i for i in range(7)]
        rule = f"Each number is {factor} times the one before"
    else:
        values = [start]
        for i in range(6):
            values.append(values[-1] + step + i)
        rule = f"The steps grow by one: {step}, {step + 1}, {step + 2} and so on"
    shown = ", ".join(map(str, values[:5]))
    text = dice.pick(
        (
            f"What are the next two numbers in {shown}, …?",
            f"Continue the sequence {shown} with two more terms and state the rule.",
            f"Find the pattern: {shown}, ?, ?",
        )
    )
    return text, f"{rule}, so the sequence goes on with {values[5]} and {values[6]}."


def _weekday(dice: Dice) -> Problem:
    day = date(2020, 1, 1) + timedelta(days=dice.between(0, 2900))
    step = dice.between(15, 140)
    later = day + timedelta(days=step)
    text = dice.pick(
        (
            f"Which date, and which day of the week, is {step} days after {day:%A}, {day.day} "
            f"{day:%B %Y}?",
            f"The glaze needs {step} days from {day:%A} {day.day} {day:%B %Y}. When is it ready?",
            f"Count {step} days on from {day.day} {day:%B %Y}, a {day:%A}.",
        )
    )
    return text, (
        f"{step} days are {step // 7} weeks and {step % 7} days, so the weekday moves on by "
        f"{step % 7}. It is {later:%A}, {later.day} {later:%B %Y}."
    )


def _letters(dice: Dice) -> Problem:
    words = dice.some(WORDS, 3)
    letter = dice.pick(words[0])
    counts = [word.count(letter) for word in words]
    text = dice.pick(
        (
            f'How often does the letter "{letter}" occur in "{" ".join(words)}"?',
            f'Count every "{letter}" in the words {joined(words)}.',
        )
    )
    parts = joined([f"{count} in {word}" for word, count in zip(words, counts, strict=True)])
    return text, f"There are {parts}, so {sum(counts)} in all."


def _roman(dice: Dice) -> Problem:
    value = dice.between(40, 2400)
    rest, numeral = value, ""
    for size, sign in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
        (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        numeral += sign * (rest // size)
        rest %= size
    if dice.chance(0.5):
        text = dice.pick(
            (
                f"Write {value} in Roman numerals.",
                f"A gravestone should show {value} the Roman way. What do I carve?",
            )
        )
        return text, f"{value} is {numeral} in Roman numerals."
    text = dice.pick(
        (
            f"What number is {numeral}?",
            f"The stone over the door says {numeral}. Which number is that in ordinary digits?",
        )
    )
    return text, f"{numeral} is {value}."


def _factors(dice: Dice) -> Problem:
    value = dice.between(24, 330)
    rest, factors, divisor = value, [], 2
    while rest > 1:
        while rest % divisor == 0:
            factors.append(divisor)
            rest //= divisor
        divisor += 1
    text = dice.pick(
        (
            f"Is {value} a prime number? If not, give its prime factors.",
            f"Break {value} down into primes.",
        )
    )
    if len(factors) == 1:
        return text, f"{value} is prime: nothing but 1 and itself divides it."
    return text, f"{value} = {' × '.join(map(str, factors))}, so it is not prime."


def _minutes(dice: Dice) -> Problem:
    first, second, third = (dice.between(35, 160) for _ in range(3))
    what = dice.pick(("films", "rehearsals", "walks", "lessons", "recordings"))
    text = dice.pick(
        (
            f"Three {what} last {first}, {second} and {third} minutes. What is that in hours and "
            f"minutes?",
            f"Add up {first} min, {second} min and {third} min of {what}, please.",
        )
    )
    total = first + second + third
    return text, f"The sum is {total} minutes, which is {total // 60} h {total % 60} min."


QUICK: tuple[Callable[[Dice], Problem], ...] = (
    _convert,
    _sort,
    _sequence,
    _weekday,
    _letters,
    _roman,
    _factors,
    _minutes,
)


def quick(dice: Dice) -> Task:
    """A short calculation or ordering with a short answer."""
    make = dice.pick(QUICK)
    text, answer = make(dice)
    return Task("quick", make.__name__, text, "", answer)
