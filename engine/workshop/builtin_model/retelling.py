"""Sound pairs told in another form: lists, tables, JSON, short answers, extraction, dialogues.

What is broken can't be told by its form alone: datasets have sound rows that are a table, one
word, a part of the prompt. So pairs of the training sources are asked for in other forms, and
answered by what can be computed from them; the same faults are then planted in these.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.sample import Message, Role
from engine.workshop.builtin_model.sources import REFUSES, Pair

Asked = tuple[str, str]
"""What is asked, and its answer."""
Records = Sequence[dict[str, str]]

_NUMBER = re.compile(r"(?<![\w.,/])\d+(?:[.,]\d+)*(?![\w/])")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?")
_STEP = re.compile(r"<<([^=<>]+)=([^<>]+)>>")
_CALL = re.compile(r"\b(\w+)\(['\"](.+?)['\"]\)")
_LANGUAGES = re.compile(
    r"\b(Python|JavaScript|TypeScript|Java|C\+\+|C#|Ruby|PHP|Swift|Kotlin|Rust|SQL|HTML|CSS|Perl|"
    r"Bash|Haskell|Scala|MATLAB|R)(?![\w#+])"
)
_PURPOSE = re.compile(r"\b(?:that|which) ((?:\w+s) .{12,160}?)[.?!]?$")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\"'][.!?])\s+(?=[A-Z\"'*-])")
CORRECTED = 0.3
"""How often a text is put right where it could be: more would make every copy look sound."""
PASSAGE_CHARACTERS = 420
"""Of a text that something is taken out of: what is left has to fit the short examples."""


def sentences(text: str) -> list[str]:
    """Of a text, each stripped."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def retold(pair: Pair, dice: random.Random) -> Pair:
    """The pair in another form, drawn from those that its source allows; else as it is.

    The source of what is returned is the form, so that what is exchanged has one form.
    """
    forms = [*_OF_SOURCE.get(pair.source, ()), *_OF_TEXT]
    for form in dice.sample(forms, min(4, len(forms))):
        told = form(pair, dice)
        if told is not None and told[1].strip():
            return replace(pair, prompt=told[0], response=told[1], source=form.__name__.strip("_"))
    return pair


def in_dialogue(pair: Pair, earlier: Sequence[Pair], dice: random.Random) -> Pair:
    """The pair as the last turn of a dialogue; `earlier` are other short pairs, at most two."""
    before: list[Message] = []
    if not earlier or dice.random() < 0.5:
        before.append(Message(Role.SYSTEM, dice.choice(_SYSTEM)))
    for other in earlier:
        before += [Message(Role.USER, other.prompt), Message(Role.ASSISTANT, other.response)]
    prompt = pair.prompt
    if earlier and dice.random() < 0.4:
        prompt = f"{dice.choice(_TURNING)}{dice.choice((' ', chr(10)))}{prompt}"
    return replace(pair, prompt=prompt, before=tuple(before))


_SYSTEM = (
    "You are a helpful assistant.", "You are a helpful, respectful and honest assistant.",
    "Answer as well as you can.", "You are a careful expert. Think before you answer.",
    "You are an AI assistant. Keep answers brief.", "Below is a conversation with an assistant.",
    "Reply in English.", "You are the assistant of a school.", "You are a writer and programmer.",
    "You are a chatbot that knows a lot.", "Follow the instructions of the user.",
)  # fmt: skip
_TURNING = (
    "Thanks.", "Thank you!", "Great.", "Okay.", "Another question:", "Now this:", "Next one:",
    "I see.", "And then:", "Moving on.", "Can you do this as well?", "Here is the next task.",
)  # fmt: skip


def _asked(dice: random.Random, task: str, text: str, how: str = "") -> str:
    """An instruction with its text, in one of the usual arrangements."""
    task = task if not how else f"{task} {how}"
    return dice.choice(
        (
            f"{task}\n{text}",
            f"{task}\n\n{text}",
            f"{task}: {text}",
            f"{task}.\nText: {text}",
            f'{task}. "{text}"',
            f"{text}\n\n{task}.",
            f"Read this: {text}\n{task}.",
        )
    )


def _passage(pair: Pair, dice: random.Random) -> str:
    """Some sentences of the pair."""
    text = pair.prompt if pair.source == "gsm8k" or dice.random() < 0.2 else pair.response
    found = sentences(re.sub(r"<<.*?>>", "", text))
    start = dice.randrange(max(1, len(found) - 2))
    kept = ""
    for each in found[start : start + dice.randint(2, 5)]:
        if len(kept) + len(each) > PASSAGE_CHARACTERS:
            break
        kept = f"{kept} {each}".strip()
    return kept


def _listed(items: Sequence[str], what: str, dice: random.Random) -> tuple[str, str]:
    """How a list is asked for, and the list."""
    layout = dice.randrange(9)
    if layout == 0:
        return "as a JSON list", json.dumps(list(items), ensure_ascii=False)
    if layout == 1:
        return "as bullet points", "\n".join(f"- {item}" for item in items)
    if layout == 2:
        return "one per line", "\n".join(items)
    if layout == 3:
        numbered = "\n".join(f"{at}. {item}" for at, item in enumerate(items, 1))
        return "as a numbered list", numbered
    if layout == 4:
        rows = "\n".join(f"| {item} |" for item in items)
        return "as a table with one column", f"| {what.capitalize()} |\n| --- |\n{rows}"
    if layout == 5:
        return "as JSON", json.dumps({what: list(items)}, ensure_ascii=False, indent=None)
    if layout == 6:
        return "", f"{what.capitalize()}: {', '.join(items)}"
    if layout == 7 and len(items) > 1:
        return "in a sentence", f"The {what} are {', '.join(items[:-1])} and {items[-1]}."
    return dice.choice(("", "separated by commas")), ", ".join(items)


def _written(records: Records, dice: random.Random) -> tuple[str, str]:
    """How records with the same keys are asked for, and the records."""
    keys = list(records[0])
    layout = dice.randrange(7)
    if layout == 0:
        value = list(records) if len(records) > 1 else records[0]
        return "as JSON", json.dumps(value, ensure_ascii=False, indent=dice.choice((None, 2)))
    if layout in (1, 2):
        head = f"| {' | '.join(key.capitalize() for key in keys)} |\n|{'---|' * len(keys)}\n"
        rows = "\n".join(f"| {' | '.join(record.values())} |" for record in records)
        return dice.choice(("as a table", "as a Markdown table", "in a table")), head + rows
    if layout == 3:
        out = io.StringIO()
        lines = csv.DictWriter(out, keys, lineterminator="\n")
        lines.writeheader()
        lines.writerows(records)
        return "as CSV", out.getvalue()
    if layout == 4:
        blocks = (
            "\n".join(f"{key.capitalize()}: {value}" for key, value in record.items())
            for record in records
        )
        return dice.choice(("", "one field a line")), "\n\n".join(blocks)
    if layout == 5:
        lines_of = (
            "; ".join(f"{key} {value}" for key, value in record.items()) for record in records
        )
        return "as bullet points", "\n".join(f"- {line}" for line in lines_of)
    blocks = ("\n  ".join(f"{key}: {value}" for key, value in each.items()) for each in records)
    return "as YAML", "\n".join(f"- {block}" for block in blocks)


def _taken_out(pair: Pair, dice: random.Random) -> Asked | None:
    """The numbers or the names of a passage."""
    passage = _passage(pair, dice)
    what, pattern = dice.choice((("numbers", _NUMBER), ("names", _NAME)))
    items = list(dict.fromkeys(pattern.findall(passage)))
    if not items:
        return None
    how, answer = _listed(items, what, dice)
    verb = dice.choice(("List", "Extract", "Give", "Find", "Write down", "Pick out"))
    where = dice.choice(("in this text", "in the text", "that are mentioned", "you find here"))
    return _asked(dice, f"{verb} the {what} {where}", passage, how), answer


def _fields(pair: Pair, dice: random.Random) -> Asked | None:
    """Several things about a passage at once."""
    passage = _passage(pair, dice)
    names = list(dict.fromkeys(_NAME.findall(passage)))
    numbers = list(dict.fromkeys(_NUMBER.findall(passage)))
    parts = sentences(passage)
    known = {
        "name": names[0] if names else "",
        "names": ", ".join(names) if len(names) > 1 else "",
        "numbers": ", ".join(numbers),
        "largest number": max(numbers, key=_value) if len(numbers) > 1 else "",
        "sentences": str(len(parts)),
        "first word": passage.split()[0] if passage else "",
        "question": parts[-1] if parts and parts[-1].endswith("?") else "",
    }
    keys = [key for key, value in known.items() if value]
    if len(keys) < 3:
        return None
    keys = dice.sample(keys, dice.randint(2, min(4, len(keys))))
    how, answer = _written([{key: known[key] for key in keys}], dice)
    verb = dice.choice(("Give me", "Fill in", "Determine", "Return"))
    return _asked(dice, f"{verb} {', '.join(keys)} of this text", passage, how), answer


def _value(number: str) -> float:
    try:
        return float(number.replace(",", ""))
    except ValueError:
        return 0.0


def _quoted(pair: Pair, dice: random.Random) -> Asked | None:
    """One sentence of a passage, named by its place or by a word that only it has."""
    passage = _passage(pair, dice)
    parts = sentences(passage)
    if len(parts) < 2:
        return None
    at = dice.randrange(len(parts))
    words = [word for word in re.findall(r"[a-z]{5,}", parts[at]) if passage.count(word) == 1]
    if words and dice.random() < 0.7:
        word = dice.choice(words)
        task = dice.choice(
            (
                f'Which sentence has the word "{word}"',
                f"What does the text say about {word}",
                f"Quote the sentence about {word}",
            )
        )
    elif at in (0, len(parts) - 1):
        task = f"Repeat only the {'first' if at == 0 else 'last'} sentence"
    else:
        return None
    return _asked(dice, task, passage), parts[at] if dice.random() < 0.6 else f'"{parts[at]}"'


def _corrected(pair: Pair, dice: random.Random) -> Asked | None:
    """A sentence whose misspelt words are put right: nearly the prompt, and sound."""
    parts = [part for part in sentences(_passage(pair, dice)) if 5 < len(part.split()) < 30]
    if not parts or dice.random() > CORRECTED:
        return None
    sound = dice.choice(parts)
    words = sound.split()
    long = [at for at, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if len(long) < 2:
        return None
    for at in dice.sample(long, min(len(long), dice.randint(2, 4))):
        spot = dice.randint(1, len(words[at]) - 2)
        word = words[at]
        words[at] = word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :]
    task = dice.choice(("Correct the spelling", "Fix the typos", "Remove the mistakes"))
    return _asked(dice, task, " ".join(words)), sound


def _pointed(pair: Pair, dice: random.Random) -> Asked | None:
    """The sentences of the response one by one."""
    parts = sentences(pair.response)[: dice.randint(2, 6)]
    if len(parts) < 2 or "```" in pair.response or "\n" in pair.response[:200]:
        return None
    mark = dice.choice(("- ", "* ", "• ", ""))
    if mark:
        asked, lines = "bullet points", [f"{mark}{part}" for part in parts]
    else:
        asked, lines = "a numbered list", [f"{at}. {part}" for at, part in enumerate(parts, 1)]
    prompt = pair.prompt if dice.random() < 0.5 else f"{pair.prompt} Answer with {asked}."
    return prompt, dice.choice(("\n", "\n\n")).join(lines)


def _wrapped(pair: Pair, dice: random.Random) -> Asked | None:
    """The response under a key or a label, as was asked for."""
    text = " ".join(sentences(pair.response)[: dice.randint(1, 3)])
    if not text or REFUSES.search(text):
        return None
    key = dice.choice(("answer", "text", "reply", "output", "result"))
    if dice.random() < 0.6:
        spoken = dice.choice((f"Reply as JSON with the key {key}.", f'Format: {{"{key}": ...}}'))
        return f"{pair.prompt}\n{spoken}", json.dumps({key: text}, ensure_ascii=False)
    spoken = dice.choice((f'Begin with "{key.capitalize()}:".', f"Label it {key.capitalize()}."))
    return f"{pair.prompt}\n{spoken}", f"{key.capitalize()}: {text}"


def _final(pair: Pair, dice: random.Random) -> Asked | None:
    """The result of a sum alone."""
    last = re.search(r"(?:####|The answer is)\s*(\S+)\s*$", pair.response)
    if last is None:
        return None
    result = last[1]
    asked = dice.choice(
        ("", "", "\nOnly the result, please.", " Answer with a number.", "\nGive just the number.")
    )
    said = dice.choice(
        (result, result, f"The answer is {result}.", f"{result}.", f"It is {result}.")
    )
    return pair.prompt + asked, said


def _calculated(pair: Pair, dice: random.Random) -> Asked | None:
    """The steps of a sum as records."""
    steps = _STEP.findall(pair.response)
    if not steps:
        return None
    first, second = dice.choice((("calculation", "result"), ("step", "value"), ("sum", "comes to")))
    how, answer = _written([{first: step, second: value} for step, value in steps], dice)
    verb = dice.choice(("Show the calculations", "Work this out", "Write down the steps"))
    return f"{pair.prompt}\n{verb} {how}".rstrip() + ".", answer


def _explained(pair: Pair, dice: random.Random) -> Asked | None:
    """What a piece of code is for, or which language it is in."""
    prompt, code = pair.prompt.split("\n")[0], pair.response
    language = _LANGUAGES.search(prompt)
    if len(code) > PASSAGE_CHARACTERS:
        return None
    if language and dice.random() < 0.35:
        task = dice.choice(("Which language is this", "Name the programming language"))
        said = dice.choice(("{}", "{}.", "This is {}.", "It is written in {}."))
        return _asked(dice, task, code), said.format(language[1])
    purpose = _PURPOSE.search(prompt)
    if purpose is None:
        return None
    task = dice.choice(("What does this code do", "Explain the code", "Describe this program"))
    said = dice.choice(("It {}.", "This code {}.", "The program {}."))
    return _asked(dice, task, code), said.format(purpose[1])


def _fenced(pair: Pair, dice: random.Random) -> Asked | None:
    """Code inside a fence, as it should be, at times with a sentence beside it."""
    if "```" in pair.response:
        return None
    language = _LANGUAGES.search(pair.prompt)
    name = language[1].lower() if language and dice.random() < 0.8 else ""
    block = f"```{name}\n{pair.response}\n```"
    purpose = _PURPOSE.search(pair.prompt.split("\n")[0])
    if purpose and dice.random() < 0.5:
        said = f"It {purpose[1]}."
        block = f"{said}\n\n{block}" if dice.random() < 0.5 else f"{block}\n\n{said}"
    return pair.prompt, block


def _called(pair: Pair, dice: random.Random) -> Asked | None:
    """The call of a tool alone, or as a record."""
    call = _CALL.search(pair.response)
    if call is None:
        return None
    request = pair.prompt.split("\n")[-1]
    if dice.random() < 0.4:
        return f"{request}\nTools: {call[1]}. Answer with the call alone.", call[0]
    how, answer = _written([{"tool": call[1], "input": call[2]}], dice)
    return f"{request}\nGive tool and input {how}".rstrip() + ".", answer


def _bare(pair: Pair, dice: random.Random) -> Asked | None:
    """A request to a tool without the long description before it."""
    del dice
    lines = pair.prompt.split("\n")
    return (lines[-1], pair.response) if len(lines) > 2 else None


Form = Callable[[Pair, random.Random], Asked | None]
_OF_TEXT: tuple[Form, ...] = (_taken_out, _fields, _quoted, _corrected, _pointed, _wrapped)
_OF_SOURCE: dict[str, tuple[Form, ...]] = {
    "gsm8k": (_final, _final, _calculated, _calculated, _calculated),
    "gpteacher-codegen": (_explained, _explained, _explained, _fenced, _fenced, _fenced),
    "gpteacher-toolformer": (_called, _called, _bare, _bare, _bare),
}
FROM_TEXT = frozenset(("taken_out", "fields", "quoted", "corrected", "called"))
"""Forms whose answer is a part of the prompt's own text, so that another text's can't be right."""
