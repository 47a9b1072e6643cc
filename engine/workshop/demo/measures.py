"""Word problems on time, distance, amounts and people."""

from __future__ import annotations

from engine.workshop.demo.names import NAMES
from engine.workshop.demo.seeded_random import Dice

Problem = tuple[str, str]


def number(value: float) -> str:
    """At most two decimals, none that are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


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


def recipe(dice: Dice) -> Problem:
    """Scale a recipe."""
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


def journey(dice: Dice) -> Problem:
    """Time from distance and speed."""
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


def ages(dice: Dice) -> Problem:
    """Two ages from a sum and a factor."""
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


def work_rate(dice: Dice) -> Problem:
    """Two people at one job."""
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


def average(dice: Dice) -> Problem:
    """A mean and an outlier."""
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


def seats(dice: Dice) -> Problem:
    """Rows of seats."""
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


def knitting(dice: Dice) -> Problem:
    """Stitches from a gauge."""
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


def ratio(dice: Dice) -> Problem:
    """Parts of a mixture."""
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


def timetable(dice: Dice) -> Problem:
    """An arrival time."""
    start, ride = dice.between(6 * 12, 18 * 12) * 5, dice.between(7, 40) * 5
    wait, second = dice.between(2, 8) * 5, dice.between(4, 24) * 5
    total = ride + wait + second
    text = dice.pick(
        (
            f"A train leaves at {_clock(start)} and runs for {ride} minutes. After {wait} minutes' "
            f"wait the bus takes {second} more. When do I arrive?",
            f"Departure {_clock(start)}, {ride} minutes by train, {wait} minutes on the platform, "
            f"{second} minutes by bus: what is my arrival time?",
        )
    )
    return text, (
        f"The train arrives at {_clock(start + ride)}, the bus leaves at "
        f"{_clock(start + ride + wait)} and gets in at {_clock(start + total)}. The whole journey "
        f"takes {total // 60} h {total % 60} min."
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24}:{minutes % 60:02}"


def planting(dice: Dice) -> Problem:
    """Plants in rows."""
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


def tournament(dice: Dice) -> Problem:
    """Games of everybody against everybody."""
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


def tank(dice: Dice) -> Problem:
    """Filling something that leaks."""
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


def reading(dice: Dice) -> Problem:
    """Days to finish a book."""
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


def baking(dice: Dice) -> Problem:
    """Batches in an oven."""
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
