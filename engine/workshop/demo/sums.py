"""Arithmetic word problems with worked answers.

Every number in an answer is computed here, so the sound rows are right by construction.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.workshop.demo import measures
from engine.workshop.demo.material import Task
from engine.workshop.demo.measures import Problem, number
from engine.workshop.demo.names import GOODS, NAMES
from engine.workshop.demo.seeded_random import Dice


def money(cents: int) -> str:
    """Cents as euros, without decimals where there are none."""
    return f"{cents // 100} euros" if cents % 100 == 0 else f"{cents / 100:.2f} euros"


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


WORD_PROBLEMS: tuple[Callable[[Dice], Problem], ...] = (
    _shopping,
    _unit_price,
    measures.recipe,
    measures.journey,
    _rectangle,
    measures.ages,
    _sharing,
    _discount,
    measures.work_rate,
    measures.average,
    _interest,
    measures.seats,
    measures.knitting,
    measures.ratio,
    measures.timetable,
    _saving,
    measures.planting,
    measures.tournament,
    _profit,
    measures.tank,
    measures.reading,
    measures.baking,
)


def word_problem(dice: Dice) -> Task:
    """A word problem with its worked answer."""
    make = dice.pick(WORD_PROBLEMS)
    text, answer = make(dice)
    lead = dice.pick(
        ("", "", "", "Solve this step by step.", "Show your working.", "Please solve.")
    )
    if lead and dice.chance(0.5):
        return Task("word problem", make.__name__, lead, text, answer)
    return Task("word problem", make.__name__, f"{lead} {text}".strip(), "", answer)
