"""Tasks from the bank: explain, compare, list, code, translate, rewrite, summarise.

Each entry of the bank is used once, so no two of these tasks are alike.
"""

from __future__ import annotations

from engine.workshop.demo.material import Task, capital, joined, lines, snippets
from engine.workshop.demo.seeded_random import Dice


def explanations(dice: Dice) -> list[Task]:
    """One or two tasks for each card: what something is, and how to do the thing it is for."""
    tasks = []
    for domain, term, what, why, wish, how, avoid in lines("cards"):
        name = term.split(" ", 1)[1] if term.startswith(("a ", "an ", "the ")) else term
        if dice.chance(0.2):
            ask = dice.pick(
                (
                    "An introduction to {} for newcomers, please.",
                    "Give me everything that a beginner must know about {}.",
                    "Tell me all about {}, with a practical part at the end.",
                    "{}: what, why, how, and what to avoid.",
                    "Write half a page on {} for our club magazine.",
                    "I have to teach {} tomorrow. Draft my notes.",
                )
            ).format(term)
            text = f"{what} {why}\n\nA practical example: to {wish}, here is what to do. {how}\n\n{avoid}"
            tasks.append(Task("explain", domain, capital(ask), "", _neutral(text)))
            continue
        tasks.append(_what(dice, domain, term, name, what, why))
        tasks.append(_how(dice, domain, wish, how, avoid))
    return tasks


def handouts(dice: Dice) -> list[Task]:
    """A page on each domain that has three cards or more: longer than any single answer."""
    domains: dict[str, list[list[str]]] = {}
    for card in lines("cards"):
        domains.setdefault(card[0], []).append(card)
    tasks = []
    for domain, cards in domains.items():
        chosen = dice.some(cards, 3)
        points = "\n\n".join(
            f"{number}. {capital(term)}. {what} {_neutral(avoid)}"
            for number, (_, term, what, _, _, _, avoid) in enumerate(chosen, 1)
        )
        terms = joined([card[1] for card in chosen])
        ask = dice.pick(
            (
                f"Write a handout for a course on {domain} with a paragraph each on {terms}.",
                f"I teach {domain} on Saturday. Draft one page about {terms}.",
                f"Subject: {domain}. Cover {terms}, each with a definition and a warning.",
            )
        )
        text = f"{capital(domain)}: three things to know\n\n{points}"
        tasks.append(Task("handout", domain, ask, "", text))
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
    "formal": (
        "Make this message formal.",
        "Rewrite for a business letter.",
        "More formal, please.",
    ),
    "concise": ("Shorten this sentence.", "Say this in fewer words.", "Cut the padding."),
    "grammar": ("Correct the grammar.", "Find and fix the mistakes.", "Proofread this sentence."),
    "active": (
        "Change to the active voice.",
        "Rewrite this without the passive.",
        "Make it active.",
    ),
    "polite": ("Say this more politely.", "Soften the tone.", "Make this sound friendlier."),
    "plain": ("Put this into plain English.", "Translate this officialese.", "Say it simply."),
    "past": (
        "Put this into the past tense.",
        "Rewrite as if it happened yesterday.",
        "Past tense:",
    ),
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
