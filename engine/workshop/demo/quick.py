"""Small exercises with short answers: convert, sort, count, continue a sequence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from engine.workshop.demo.material import Task, joined
from engine.workshop.demo.measures import Problem
from engine.workshop.demo.seeded_random import Dice

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


WORDS = [
    "anchor",
    "bellows",
    "cedar",
    "dulcimer",
    "easel",
    "falcon",
    "goblet",
    "harvest",
    "island",
    "juniper",
    "kettle",
    "lantern",
    "meadow",
    "nectar",
    "orchard",
    "pebble",
    "quarry",
    "ribbon",
    "saddle",
    "thimble",
    "umbrella",
    "velvet",
    "willow",
    "yarn",
    "zenith",
    "almond",
    "basket",
    "compass",
    "drizzle",
    "ember",
    "feather",
    "glacier",
    "hazel",
    "ivory",
    "jasmine",
    "kiosk",
    "ladder",
    "marble",
    "needle",
    "oyster",
    "parsley",
    "quilt",
    "raven",
    "spindle",
    "timber",
    "urchin",
    "violin",
    "walnut",
]


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
    rest = step % 7
    weeks = f"{step // 7} weeks and {rest} day{'s' * (rest != 1)}"
    moves = f"moves on by {rest}" if rest else "stays the same"
    return text, (
        f"{step} days are {weeks if rest else f'exactly {step // 7} weeks'}, so the weekday "
        f"{moves}. It is {later:%A}, {later.day} {later:%B %Y}."
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
    parts = joined([f"{word} has {count}" for word, count in zip(words, counts, strict=True)])
    return text, f"{parts[0].upper()}{parts[1:]}, so it is {sum(counts)} in all."


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


def exercise(dice: Dice) -> Task:
    """A short calculation or ordering with a short answer."""
    make = dice.pick(QUICK)
    text, answer = make(dice)
    return Task("quick", make.__name__, text, "", answer)
