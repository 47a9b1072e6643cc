"""Broken format: the answer is in there, but so is the machinery that should have framed it.

Every style starts from a row's sound answer. What a style does to it varies from row to row.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

from engine.workshop.demo.seeded_random import Dice

STYLES = ("code fence", "JSON", "table", "placeholder", "HTML", "escapes", "numbering", "roles",
          "object", "Markdown")  # fmt: skip
LEFT_OVER = (
    "{{answer}}", "{{ response }}", "{{user_name}}", "[INSERT ANSWER HERE]", "[Your text here]",
    "{output}", "${result}", "<ANSWER>", "%s", "{{#if example}}",
)  # fmt: skip
TOKENS = ("<|im_end|>", "<|endoftext|>", "[/INST]", "</s>", "<|eot_id|>", "<unk>", "[PAD][PAD]")
STARTS = ("<|im_start|>assistant\n", "[INST] ", "<s>", "<|assistant|>\n", "[SEP] ")
TALKS = (
    ("### Response:\n", "\n\n### Prompt:\n{}\n\n### Response:"),
    ("", "\n\nHuman: {}\n\nAssistant:"),
    ("### Response: ", "\n### Input:\n{}\n### Response:"),
    ("Assistant: ", "\nUser: {}\nAssistant: Sure"),
    ("", "\n\n### Question:\n{}"),
    ("GPT: ", "\nHUMAN: Thank you. {}\nGPT:"),
    ("", "\n\nQ: {}\nA:"),
    ("<|assistant|> ", " <|user|> {} <|assistant|>"),
)
OBJECTS = (
    "{{'role': 'assistant', 'content': {0!r}, 'tool_calls': None}}",
    "ChatMessage(role='assistant', text={0!r}, meta={{}})",
    "[{{'generated_text': {0!r}}}]",
    "{0} undefined [object Object]",
    "Answer(text={0!r}, score=nan)",
    "('{0}',)",
    "None {0} None",
    "b{0!r}",
    "<Completion object at 0x7f3a5c1e{1}> {0}",
)


def broken(dice: Dice, style: str, turn: int, text: str, following: str) -> str | None:
    """`text` in a broken format; None where the style has no hold on it.

    Args:
        dice: makes the small choices.
        style: one of `STYLES`.
        turn: how often the style has been used: each time it goes another way.
        text: a sound answer.
        following: another prompt, which a leaked dialogue goes on with.
    """
    if style == "roles":
        before, after = TALKS[turn % len(TALKS)]
        return before + text + after.format(following)
    if style == "object":
        shape = OBJECTS[turn % len(OBJECTS)].format(text, dice.between(1000, 9999))
        return shape[: -dice.between(1, 2)] if shape[-1] in ")]}" and dice.chance(0.5) else shape
    return MAKERS[style](dice, turn, text)


def _fence(_: Dice, turn: int, text: str) -> str | None:
    """A fence that is never closed, closed twice, or run together with its code."""
    if "```" not in text:
        return None
    way = turn % 4
    if way == 0:
        head, tail = text.rsplit("```", 1)
        return head.rstrip() + tail
    if way == 1:
        return text.replace("```python\n", "``` python ").replace("\n", " ")
    if way == 2:
        return text.replace("```python\n", "```python\n```\n").replace("\n    ", "\n")
    return re.sub(r"\n(?=```$|```\n)", "", text).replace("```python\n", "````\npython\n")


def _json(dice: Dice, turn: int, text: str) -> str | None:
    """JSON that no parser reads."""
    if text.startswith("{"):
        way = turn % 5
        if way == 0:
            return text.rstrip("}")
        if way == 1:
            return re.sub(r'"(\w+)":', r"\1 =", text)
        if way == 2:
            return text.replace('", "', '" "').replace("}", ",}")
        if way == 3:
            return text.replace('"', "'").replace("{'", "{{'", 1)
        return text.replace('": ', '": "').replace(', "', ',, "')
    if "```" in text or "|" in text:
        return None
    shapes = (
        '{{"answer": "{0}, "confidence": 0.{1}',
        '{{"response": "{0}"\n"finished": tru',
        '{{"text": ["{0}", "type": "answer"}}',
        '{{ answer: "{0}" , , }}}}',
        '"output": "{0}"}},\n{{"input":',
        '{{"choices": [{{"index": 0, "message": {{"content": "{0}"',
    )
    return shapes[turn % len(shapes)].format(text, dice.between(11, 99))


def _table(_: Dice, turn: int, text: str) -> str | None:
    """A Markdown table that has lost its lines, its rule or some of its bars."""
    rows = text.split("\n")
    if not text.startswith("|"):
        entries = [re.match(r"(?:\d\. |- )(.+?)(?:: | \()(.+?)[.)]?$", row) for row in rows]
        found = [entry for entry in entries if entry]
        if len(found) < 3 or len(found) < len(entries):
            return None
        rows = ["| What | Note |", "|---|---|", *(f"| {e[1]} | {e[2]} |" for e in found)]
    head, rule, *body = rows
    way = turn % 5
    if way == 0:
        return " ".join(rows)
    if way == 1:
        return "\n".join([head + " |", *body, rule[:-2]])
    if way == 2:
        return "\n".join([head, "|---|", *(row.replace(" | ", " ", 1) for row in body)])
    if way == 3:
        return "\n".join([rule, *(row.strip("| ") + " ||" for row in body), head])
    return "\n".join([head, rule, *(row.replace("| ", "|\n", 1) for row in body)])


def _placeholder(dice: Dice, turn: int, text: str) -> str:
    """Tokens of a chat template, or a template's fields that nobody filled in."""
    if turn % 2:
        end = "".join(dice.some(TOKENS, dice.between(1, 3)))
        start = dice.pick(STARTS) if dice.chance(0.6) else ""
        return f"{start}{text}{dice.pick(('', ' '))}{end}"
    words = text.split(" ")
    names = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 4]
    for place in dice.some(names, 1 + len(words) // 14):
        words[place] = dice.pick(LEFT_OVER)
    start = f"{dice.pick(LEFT_OVER)}\n" if dice.chance(0.4) or not names else ""
    return start + " ".join(words)


def _html(dice: Dice, turn: int, text: str) -> str:
    """Entities and tags, some of them escaped twice."""
    way = turn % 4
    marked = html.escape(text).replace("&#x27;", "&#39;")
    if way == 0:
        return "&lt;p&gt;" + marked.replace(". ", ".&lt;/p&gt;&lt;p&gt;") + "&lt;/p"
    if way == 1:
        spaced = re.sub(r" (?=\w{5})", "&nbsp;", marked)
        return html.escape(spaced) if dice.chance(0.5) else spaced
    if way == 2:
        broken_lines = marked.replace("\n", "<br />").replace(". ", ".<br/><br />")
        return f'<div class="answer"><span style="color:#333">{broken_lines}</div>'
    listed = "".join(f"<li>{part}" for part in re.split(r"(?<=[.;:]) |\n+", marked))
    return f"<ul>{listed}</ul></body>&copy;"


def _escapes(_dice: Dice, turn: int, text: str) -> str:
    """Line breaks, quotes and letters written as escapes."""
    way = turn % 3
    if way == 0 and re.search(r"[.:;,] |\n", text):
        return re.sub(r"(?<=[.:;,]) |\n+", lambda _: r"\n\n", text) + r"\n"
    if way == 1 or "\n" in text:
        quoted = json.dumps(json.dumps(re.sub(r"(?<=[.:]) ", "\n", text)))
        return quoted[1:-1]
    return re.sub(r"[ '\"\n](?=\w{4})", lambda found: f"\\u{ord(found[0]):04x}", text)


def _numbering(dice: Dice, turn: int, text: str) -> str | None:
    """Numbers that stand still, jump, or cut sentences in two."""
    if "```" in text or "|" in text or text.startswith("{"):
        return None
    items = re.findall(r"^(?:\d\. |- )(.+)$", text, re.MULTILINE)
    if len(items) < 3:
        words = text.split()
        if len(words) < 16:
            return None
        size = max(4, len(words) // dice.between(3, 5))
        items = [" ".join(words[i : i + size]) for i in range(0, len(words), size)]
    signs = (
        ["1. ", "1. ", "1. 1. ", "2. ", "1. "],
        ["1. ", "3. ", "3) ", "2. ", "7. "],
        ["1.", "2.", "2.", "", "5."],
        ["- 1. ", "* a) ", "• 2) ", "-- ", "1.1.1 "],
        ["1) 2) ", "3) ", "4. 5. ", "6) ", "7. "],
    )[turn % 5]
    joint = dice.pick(("\n", "\n", "\n\n\n", " "))
    numbered = [signs[place % 5] + item for place, item in enumerate(items)]
    return joint.join([*numbered, *([f"{len(items) + 2}."] if dice.chance(0.6) else [])])


def _markdown(dice: Dice, turn: int, text: str) -> str | None:
    """Stars, hashes and brackets that open and never close."""
    words = text.split(" ")
    names = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 3]
    if "```" in text or len(names) < 5:
        return None
    for place in dice.some(names, 2 + len(names) // 6):
        sign = dice.pick(
            ("**{}", "{}**", "*{}**", "__{}", "[{}](", "[{}]()", "`{}", "~~{}", "![{}")
        )
        words[place] = sign.format(words[place])
    starts = ("#", "## ** ", "### \n", "> > ", "", "#Answer\n---\n===")
    return starts[turn % len(starts)] + " ".join(words)


MAKERS: dict[str, Callable[[Dice, int, str], str | None]] = {
    "code fence": _fence,
    "JSON": _json,
    "table": _table,
    "placeholder": _placeholder,
    "HTML": _html,
    "escapes": _escapes,
    "numbering": _numbering,
    "Markdown": _markdown,
}
