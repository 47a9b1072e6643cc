"""The chats of the demo: one to three exchanges, with or without a system prompt.

Three sorts: a help desk that asks back, a quiz on terms, and conversations strung together from
tasks of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.workshop.demo.material import Task, capital, lines
from engine.workshop.demo.names import NAMES, TOWNS
from engine.workshop.demo.seeded_random import Dice
from engine.workshop.demo.sorting import PRODUCTS

Turn = tuple[str, str]
"""Role and text."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation up to the last user turn, and the task whose response ends it."""

    before: tuple[Turn, ...]
    task: Task


def support(dice: Dice) -> Chat:
    """A customer, a question back, and a solution that uses the reply."""
    problem, question, reply, solution = dice.pick(lines("support"))
    product, who, town = dice.pick(PRODUCTS), dice.pick(NAMES), dice.pick(TOWNS)
    number = f"{dice.pick('ABCDEFGHKLMNPRST')}{dice.between(100, 9999)}"
    said = problem.format(product)
    start = dice.pick(
        (
            f"Hello, {who} speaking: {said}.",
            f"{capital(said)}. Can you help? – {who}",
            f"Good morning! My name is {who} and {said}.",
        )
    )
    system = dice.pick(
        (
            f"You are the help desk of a mail-order shop in {dice.pick(TOWNS)}.",
            f"You answer customers of {dice.pick(TOWNS)} Outfitters. Ask for the number first.",
            "",
        )
    )
    turns: list[Turn] = [("system", system)] if system else []
    turns += [("user", start), ("assistant", question), ("user", reply.format(number, town))]
    answer = solution.format(product, number, who)
    return Chat(tuple(turns), Task("support", problem, reply.format(number, town), "", answer))


def quiz(dice: Dice) -> Chat:
    """A tutor asks for a term; the pupil is right, or mixes it up with a neighbouring one."""
    cards = lines("cards")
    domain, term, what, why, *_ = dice.pick(cards)
    others = [card for card in cards if card[0] == domain and card[1] != term]
    wrong = dice.pick(others)
    system = dice.pick(
        (
            f"You are a tutor for {domain}. Put one question at a time.",
            f"Quiz master, subject: {domain}. Be kind about mistakes.",
        )
    )
    start = dice.pick(("Test me!", f"Ask me something about {domain}.", "I'm ready, go ahead."))
    question = dice.pick((f"What is {term}?", f"Here we go: explain {term}."))
    right = dice.chance(0.5)
    meant = what if right else wrong[2]
    guess = meant.split(" is ", 1)[-1].split(" means ", 1)[-1].split(" happens ", 1)[-1]
    guess = dice.pick(("My answer: {}", "Let me try: {}", "Hm, perhaps this: {}")).format(guess)
    if right:
        verdict = dice.pick(("That's right.", "Exactly.", "Correct, well done."))
        answer = f"{verdict} {why}"
    else:
        verdict = dice.pick(("Not quite: that describes", "Close, but you are thinking of"))
        answer = f"{verdict} {wrong[1]}. {what}"
    turns = (("system", system), ("user", start), ("assistant", question), ("user", guess))
    return Chat(turns, Task("quiz", term, guess, "", answer))


LINKS = (
    "Thanks! Next: ",
    "Good. ",
    "Something else: ",
    "And now: ",
    "Perfect, thank you. ",
    "One more thing. ",
    "",
    "That helps. ",
    "Now for a different matter. ",
)


def conversation(dice: Dice, tasks: list[Task]) -> Chat:
    """The tasks as one conversation; the last one's response is the sample's."""
    last = tasks[-1]
    turns: list[Turn] = []
    if dice.chance(0.35):
        kind = last.kind.replace(" ", "-")
        fitting = [
            text for kinds, text in lines("systems") if kinds == "*" or kind in kinds.split()
        ]
        turns.append(("system", dice.pick(fitting)))
    for index, task in enumerate(tasks):
        link = dice.pick(LINKS) if index else ""
        turns.append(("user", link + task.prompt))
        if task is not last:
            turns.append(("assistant", task.response))
    return Chat(tuple(turns), last)
