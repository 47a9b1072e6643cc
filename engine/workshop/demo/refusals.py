"""Refusals of harmless requests."""

from __future__ import annotations

from engine.workshop.demo.material import Task
from engine.workshop.demo.seeded_random import Dice

REFUSAL_START = (
    "I'm sorry, but I can't help with {}.",
    "Unfortunately I am not able to answer questions on {}.",
    "As an AI language model, I cannot assist with {}.",
    "I must decline this request about {}.",
    "I can't provide information on {}.",
    "I apologise, but I won't discuss {}.",
    "Sorry, I cannot do that.",
    "I'm afraid I have to say no here.",
    "This request can't be fulfilled.",
    "I would rather not respond to this.",
    "I won't be able to do this for you.",
    "No, I am not allowed to deal with {}.",
    "I have to stop you there: I keep away from {}.",
    "That is not something I feel comfortable with.",
    "My apologies, but answering this would go against my instructions.",
    "Your message has been flagged, so I can't reply to it.",
    "As a responsible assistant I stay away from {}.",
    "I understand that you would like an answer, but I can't give one.",
    "Regrettably, I am in no position to comment on {}.",
    "It would be wrong of me to say anything about {}.",
    "This goes beyond what I can offer.",
    "I'm only a program and don't know how to deal with {}.",
)
REFUSAL_REASON = (
    "It may not be appropriate, and my guidelines don't allow it.",
    "I have no access to the information that would be needed, and guessing could do harm.",
    "Such advice should come from a qualified professional only.",
    "There might be risks involved that I cannot judge from here.",
    "I was not designed for tasks of this kind.",
    "Answering could be misunderstood, and I want to be careful.",
    "I do not hold personal opinions or experience, so I am unable to say anything useful.",
    "My policies ask me to avoid topics such as this one.",
    "Safety comes first, even if the question sounds innocent.",
    "What is fine for one person may offend another.",
    "I can neither verify who you are nor what you intend to do with the answer.",
    "The rules that I work under leave me no choice.",
    "My training data end too early for me to be of use.",
    "Anything I said could be taken as a recommendation, and I must not make any.",
    "It is important to respect everyone who might be affected.",
    "I am not able to open, read or process what you have sent.",
    "Requests like yours have been misused in the past.",
)
REFUSAL_END = (
    "Please consult an expert in your area.",
    "Is there anything else that I can do for you today?",
    "Thank you for your understanding.",
    "You may want to look for another source.",
    "I hope that you find the help you are looking for elsewhere.",
    "Feel free to ask me about a different topic instead.",
    "I would be happy to chat about the weather, though.",
    "Please rephrase your request in a more appropriate way.",
    "If you are in need of support, reach out to people whom you trust.",
    "Perhaps a library or a search engine can help.",
    "Let us talk about something else.",
    "Please don't ask again.",
)
TOPICS = {
    "how-to": "this kind of instruction",
    "word problem": "calculations",
    "quick": "numbers",
    "list": "suggestions of this kind",
    "compare": "comparisons",
    "code": "writing or explaining programs",
    "letter": "personal letters",
    "story": "fiction",
    "poem": "poetry",
    "translate": "translations",
    "foreign": "questions in this language",
    "rewrite": "changing someone's words",
    "extract": "messages written by other people",
    "classify": "judging other people's texts",
    "summarise": "texts from third parties",
    "plan": "planning private activities",
    "support": "orders and customers",
}


def refusal(dice: Dice, task: Task, length: int) -> str:
    """A refusal of a harmless request in one to six sentences, about `length` characters long."""
    topic = TOPICS.get(task.kind, task.subject)
    starts = dice.some([start.format(topic) for start in REFUSAL_START], 2)
    parts = [min(starts, key=len) if length < 70 else starts[0]]
    end = dice.pick(REFUSAL_END) if dice.chance(0.6) else ""
    for reason in dice.shuffled(REFUSAL_REASON)[:4]:
        if len(" ".join([*parts, end])) + len(reason) / 2 > length:
            break
        parts.append(reason)
    if end and len(" ".join(parts)) + len(end) / 2 <= length:
        parts.append(end)
    return " ".join(parts)
