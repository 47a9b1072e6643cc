"""What is in one message: text, reasoning, calls, media, a tool's results, and what is left over.

A content is a text, an object or a list of typed parts. A tool's result among them is a turn of
its own. What is not understood is kept raw, `key: JSON`, and remarked: nothing is dropped.

Source: OpenAI chat completions and Responses API, Anthropic Messages API, Gemini API, ChatGPT's
export (content_type, parts, thoughts), vLLM and DeepSeek (reasoning_content), OpenRouter
(reasoning_details).
"""

from __future__ import annotations

from typing import Any

from engine.dataset.reading.calls import (
    CALL_PARTS,
    CALLS_KEYS,
    RESULT_KEYS,
    RESULT_PARTS,
    block_text,
    calls_of,
)
from engine.dataset.reading.cells import (
    MalformedRowError,
    Remarks,
    are_texts,
    canonical,
    first_present,
    joined_texts,
    text_of,
)
from engine.dataset.reading.media import kind_in, media_in
from engine.dataset.reading.roles import ROLE_KEYS
from engine.sample import Message, Role

TEXT_KEYS = ("content", "value", "text")
MORE_TEXT_KEYS = ("parts", "message", "utterance", "body")
"""Further keys under which a message's text stands, where none of the usual ones is there."""

REASONING_KEYS = (
    *("reasoning_content", "reasoning", "thinking", "thought", "thoughts", "reasoning_text"),
    *("thinking_content", "reasoning_details", "chain_of_thought", "cot", "rationale"),
)
REASONING_PARTS = frozenset(
    {"thinking", "reasoning", "thought", "thoughts", "reasoning_text", "summary_text"}
    | {"reasoning_content", "reasoning.text", "reasoning.summary", "think"}
)
_REASONING_SPELLED = frozenset(
    {*(key.replace("_", "") for key in REASONING_KEYS), "think", "thinkingblocks", "reasoningtrace"}
    | {"reasoningsummary", "innermonologue", "internalthought", "internalthoughts", "scratchpad"}
    | {"toolplan"}
)
"""The same and some more, whatever their case and underscores (`reasoningContent`)."""
_REASONING_INNER = (
    *("thinking", "reasoning", "text", "thought", "content", "summary", "thoughts"),
    "reasoningText",
)
TEXT_PARTS = frozenset({None, "text", "input_text", "output_text", "refusal"})
_MEDIA_KEYS = (
    *("image", "images", "image_url", "image_urls", "audio", "audios", "video", "videos"),
    *("files", "attachments", "inlineData", "inline_data", "fileData", "file_data"),
)

DESCRIBING = frozenset(
    # which message it is, and where it stands
    {"id", "uuid", "index", "idx", "turn", "turn_idx", "turn_identifier", "position", "parent"}
    | {"hash", "key", "name", "type", "object", "status", "end_turn", "channel"}
    # how it is trained on
    | {"weight", "train", "train_on_input", "train_detail", "loss", "loss_mask", "mask", "masked"}
    | {"trainable", "prefix", "partial", "label", "is_target"}
    # how it came about
    | {"model", "model_name", "finish_reason", "stop_reason", "stop_sequence", "usage", "logprobs"}
    | {"tokens", "token_count", "num_tokens", "length", "temperature", "provider", "signature"}
    | {"timestamp", "time", "date", "created", "created_at", "updated_at", "create_time"}
    | {"update_time", "duration", "response_metadata", "usage_metadata", "thought_signature"}
    | {"thoughtSignature", "metadata", "meta", "source", "example", "is_error", "cache_control"}
    # what others say about it
    | {"score", "rating", "rank", "labels", "toxic", "toxicity", "redacted", "language", "lang"}
    | {"country", "state", "header", "hashed_ip", "annotations", "openai_moderation", "citations"}
    | {"detoxify_moderation", "feedback", "votes", "is_user", "is_human", "avatar", "detail"}
)
"""Keys of a message that describe it: they say nothing that was said, so that a sample does not
become another one when they are added or taken away."""
_DESCRIBING_ENDS = (
    "_id",
    "_ids",
    "_at",
    "_time",
    "_mask",
    "_weight",
    "_count",
    "_tokens",
    "_score",
)

NOT_UNDERSTOOD = "a message holds a key that is not understood"
PART_NOT_UNDERSTOOD = "a content part is not understood"
OBJECT_READ = "a message's content is an object, read as JSON"
_TEXT = "a message's content"
_KNOWN = frozenset(
    {*ROLE_KEYS, *TEXT_KEYS, *MORE_TEXT_KEYS, *REASONING_KEYS, *CALLS_KEYS, *_MEDIA_KEYS}
    | {"refusal", "recipient"}
)


def is_reasoning(key: str) -> bool:
    """Whether a key of a message is what was thought before its text."""
    return key.replace("_", "").replace("-", "").lower() in _REASONING_SPELLED


def is_described(key: str) -> bool:
    """Whether a key only describes its message."""
    return key in DESCRIBING or key.lower().endswith(_DESCRIBING_ENDS)


class MessageReader:
    """Collects what one message says; a tool's result inside it becomes a turn of its own."""

    def __init__(self, role: Role, remarks: Remarks) -> None:
        """Start with nothing said by `role`."""
        self._role = role
        self._remarks = remarks
        self._turns: list[Message] = []
        self._start()

    def _start(self) -> None:
        self._texts: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[str] = []
        self._media: list[str] = []
        self._raw: list[str] = []

    def read(self, entry: dict[str, Any]) -> None:
        """Everything that a message in the usual form says."""
        content = first_present(entry, TEXT_KEYS)
        key = next((key for key in TEXT_KEYS if entry.get(key) is not None), None)
        if key is None:
            key = next((key for key in MORE_TEXT_KEYS if entry.get(key) is not None), None)
            content = None if key is None else entry[key]
        for name in REASONING_KEYS:
            self.think(name, entry.get(name))
        for name, value in entry.items():
            if name not in _KNOWN and name != key and is_reasoning(name):
                self.think(name, value)
        self.content(content)
        if entry.get("refusal"):
            self._texts.append(text_of(entry["refusal"], _TEXT, self._remarks))
        for name in CALLS_KEYS:
            self._calls += [call for call in calls_of(entry.get(name)) if call not in self._calls]
        for name in _MEDIA_KEYS:
            if entry.get(name) and name != key:
                self.see(kind_in(name) or "file", entry[name])
        self._left_over(entry, key, content)
        if content is None and not self._said_anything():
            self._remarks.note("a message has no text")

    def _said_anything(self) -> bool:
        parts = (self._texts, self._reasoning, self._calls, self._media, self._raw, self._turns)
        return any(parts)

    def _left_over(self, entry: dict[str, Any], key: str | None, content: Any) -> None:
        for name, value in entry.items():
            if name == key or name in ROLE_KEYS or _is_nothing(value):
                continue
            if name in TEXT_KEYS or name in MORE_TEXT_KEYS:
                if value == content:
                    continue
            elif name == "recipient":
                if value == "all":
                    continue
            elif name in _KNOWN or is_described(name) or is_reasoning(name):
                continue
            self.keep(name, value)

    def content(self, content: Any) -> None:
        """A content: a text, an object, or a list of parts."""
        if isinstance(content, str):
            self._texts.append(content)
        elif isinstance(content, list | tuple):
            if are_texts(content):
                self._texts.append(joined_texts(content, _TEXT, self._remarks))
            else:
                for part in content:
                    self.part(part)
        elif isinstance(content, dict):
            self._object(content)
        elif content is not None:
            self._texts.append(text_of(content, _TEXT, self._remarks))

    def _object(self, content: dict[str, Any]) -> None:
        inner = content.get("parts")
        if isinstance(inner, list | tuple) or content.get("content_type"):
            self.part({"type": content.get("content_type") or "text", **content})
        elif isinstance(content.get("type"), str) or "text" in content:
            self.part(content)
        else:
            self._remarks.note(OBJECT_READ)
            self._texts.append(canonical(content))

    def part(self, part: Any) -> None:
        """One part of a content."""
        if not isinstance(part, dict):
            self._texts.append(text_of(part, "a content part", self._remarks))
            return
        kind = part_type(part)
        inner = kind or next((key for key in _UNTYPED if isinstance(part.get(key), dict)), None)
        if part.get("thought") is True and isinstance(part.get("text"), str):
            self._reasoning.append(part["text"])
        elif inner in CALL_PARTS:
            self._calls.append(block_text(part))
        elif inner in RESULT_PARTS:
            self.result(part)
        elif inner == "reasoningContent":
            self.think(inner, part[inner])
        elif isinstance(kind, str) and kind in REASONING_PARTS:
            self.think(kind, {key: each for key, each in part.items() if key not in _PART_KEYS})
        elif isinstance(part.get("parts"), list | tuple):
            for each in part["parts"]:
                self.part(each)
        elif (medium := _medium_kind(kind, part)) is not None:
            self.see(medium, part)
            for name in _BESIDE_MEDIA:
                self._keep_part(name, part.get(name))
        else:
            self._text_part(kind, part)

    def _text_part(self, kind: Any, part: dict[str, Any]) -> None:
        key = next((key for key in (*TEXT_KEYS, "refusal") if isinstance(part.get(key), str)), None)
        if key is not None and (kind in TEXT_PARTS or kind in ("code", "multimodal_text")):
            self._texts.append(part[key])
            for name, value in part.items():
                if (
                    name not in (key, "language")
                    and not is_described(name)
                    and name not in _PART_KEYS
                ):
                    self._keep_part(name, value)
        elif kind in TEXT_PARTS and key is None and _is_nothing(first_present(part, TEXT_KEYS)):
            rest = {
                name: each for name, each in part.items() if name not in (*TEXT_KEYS, *_PART_KEYS)
            }
            self._keep_part("part", {k: v for k, v in rest.items() if not _is_nothing(v)})
        elif kind in TEXT_PARTS and key is None:
            text = first_present(part, TEXT_KEYS)
            self._texts.append(text_of(text, "a content part", self._remarks))
        else:
            said = {name: each for name, each in part.items() if name != "type"}
            self._keep_part(str(kind), said)

    def _keep_part(self, name: str, value: Any) -> None:
        if not _is_nothing(value):
            self._remarks.note(PART_NOT_UNDERSTOOD)
            self._raw.append(f"{name}: {canonical(value)}")

    def think(self, name: str, value: Any) -> None:
        """What was thought: a text, a list of texts or parts, or an object with either."""
        for text in _thoughts(value):
            if text not in self._reasoning:
                self._reasoning.append(text)
        if not _is_nothing(value) and not _thoughts(value):
            self.keep(name, value)

    def call(self, call: str) -> None:
        """A call to a tool."""
        self._calls.append(call)

    def say(self, text: str) -> None:
        """A text."""
        self._texts.append(text)

    def see(self, kind: str, value: Any) -> None:
        """Images and the like, which stand in the text by their marks."""
        found = list(media_in(kind, value))
        self._media += [medium.full for medium in found]
        self._texts += [medium.mark for medium in found]

    def keep(self, name: str, value: Any) -> None:
        """What is not understood, as it is."""
        self._remarks.note(NOT_UNDERSTOOD)
        self._raw.append(f"{name}: {canonical(value)}")

    def result(self, block: dict[str, Any]) -> None:
        """What a tool gave back, as a turn of its own; what was said before it is one, too."""
        inner = next(
            (
                block[k]
                for k in ("functionResponse", "function_response", "toolResult")
                if _is_object(block.get(k))
            ),
            block,
        )
        reader = MessageReader(Role.TOOL, self._remarks)
        given = first_present(inner, RESULT_KEYS)
        if isinstance(given, dict) and "type" not in given and "text" not in given:
            reader.say(canonical(given))
        else:
            reader.content(given)
        if inner.get("is_error") is True:
            reader._raw.append("is_error: true")
        if self._role is not Role.TOOL:
            self._flush()
        self._turns += reader.turns()

    def turns(self) -> tuple[Message, ...]:
        """All that was said."""
        if not self._turns or self._pending():
            self._flush(always=not self._turns)
        return tuple(self._turns)

    def _pending(self) -> bool:
        return any((self._texts, self._reasoning, self._calls, self._media, self._raw))

    def _flush(self, *, always: bool = False) -> None:
        if always or self._pending():
            message = Message(
                self._role,
                "\n".join(self._texts),
                tuple(self._calls),
                "\n\n".join(self._reasoning),
                tuple(self._media),
                tuple(self._raw),
            )
            self._turns.append(message)
        self._start()


_UNTYPED = (
    *("functionCall", "function_call", "functionResponse", "function_response"),
    *("toolUse", "toolResult", "reasoningContent"),
)
"""Keys that say what a part without a type is: Gemini's API in both spellings, Bedrock's."""
_BESIDE_MEDIA = ("title", "context", "caption", "transcript", "alt", "alt_text")
"""What is said of a medium beside it."""
_PART_KEYS = frozenset({"type", "content_type", "id", "index", "signature", "cache_control"})


def part_type(part: dict[str, Any]) -> str | None:
    """What a part says that it is."""
    kind = part.get("type") or part.get("content_type")
    return kind if isinstance(kind, str) else None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def _medium_kind(kind: Any, part: dict[str, Any]) -> str | None:
    if isinstance(kind, str):
        return None if kind in TEXT_PARTS else kind_in(kind)
    if any(part.get(key) for key in TEXT_KEYS):
        return None
    key = next((key for key in _MEDIA_KEYS if part.get(key)), None)
    return None if key is None else kind_in(key) or "file"


def _thoughts(value: Any) -> list[str]:
    """The texts in a reasoning, in order."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list | tuple):
        return [text for each in value for text in _thoughts(each)]
    if isinstance(value, dict):
        for key in _REASONING_INNER:
            found = _thoughts(value.get(key))
            if found:
                return found
    return []


def reasoning_text(value: Any, what: str) -> str:
    """A column of reasoning, as one text.

    Raises:
        MalformedRowError: there is something in it, and no text.
    """
    found = _thoughts(value)
    if not found and not _is_nothing(value):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise MalformedRowError(f"{what} holds no text")
    return "\n\n".join(found)
