"""How a sample is written down for a model: the input formats, and how a long sample is cut.

A reward model understands the format it was trained with and gives numbers in any other one
too, so the format is detected, shown, stored with each score and part of the cache key.

    pair            tokenizer(prompt, response): encoders such as OpenAssistant's DeBERTa
    chat            the tokenizer's chat template: decoders such as Skywork, FsfairX
    text            the response alone, or the only text there is: quality classifiers
    hh              "Human: ... Assistant:" and the answer: classifiers on Anthropic's dialogues
    chapter         <|prompter|>...<|endoftext|><|assistant|>...<|endoftext|>, cut at 512 tokens
    template:FILE   a file in which {prompt} and {response} are replaced
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from engine.errors import ScorerError
from engine.sample import (
    TURNS_APART,
    Family,
    Role,
    Sample,
    message_text,
    prompt_pieces,
    prompt_text,
    split_turns,
)
from engine.scoring.scorer import Encoded, Failed

FORMATS = ("pair", "chat", "text", "hh", "chapter", "template:FILE")

CHAPTER_TOKENS = 512
PROMPT_SHARE = 8
"""A prompt keeps at least the eighth part of the tokens when a response is too long alone."""
DIALOGUE_TURNS = 2
"""More turns than these are a dialogue."""
CUT_ROUNDS = 32
"""A step cuts one turn, and encoding anew may give a token more or less."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_PLACE = re.compile(r"\{(prompt|response)\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """A role and a text, valid Unicode; the last one is what is judged."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A text for the tokenizer, or two; whether it adds its own special tokens."""

    first: str
    second: str | None = None
    add_special_tokens: bool = True


class Format(Protocol):
    """One way of writing turns down."""

    name: str
    """For the screen and the cache key."""

    def turns(self, sample: Sample) -> list[Turn] | None:
        """What the model is to read; None where the sample has no response to judge.

        What is asked, of a dialogue its last question apart, and the response.
        """
        return _prompt_and_response(sample)

    def write(self, turns: Sequence[Turn]) -> Written:
        """The turns as the tokenizer takes them."""
        ...


class PairFormat(Format):
    """Prompt and response as two segments: what encoders are trained with."""

    name = "pair"

    def write(self, turns: Sequence[Turn]) -> Written:
        """Two segments; the tokenizer puts its separator between them.

        Of an empty response it makes no segment: so `tokenizer(prompt, "")` has it.
        """
        return Written(_prompt(turns), turns[-1].text or None)


class DialogueFormat(Format):
    """The dialogues of Anthropic's helpful and harmless data, as prompt and answer.

    Source: model card of Ray2333/gpt2-large-helpful-reward_model; dataset Anthropic/hh-rlhf.
    """

    name = "hh"

    def write(self, turns: Sequence[Turn]) -> Written:
        """Two segments, which a decoder's tokenizer simply joins."""
        return Written(f"\n\nHuman: {_prompt(turns)} \n\nAssistant:", turns[-1].text)


class TextFormat(Format):
    """The response alone; the only text there is where nothing is answered."""

    name = "text"

    def turns(self, sample: Sample) -> list[Turn] | None:
        """One turn."""
        return [Turn(Role.ASSISTANT.value, valid(sample.response or sample.prompt))]

    def write(self, turns: Sequence[Turn]) -> Written:
        """One segment."""
        return Written(turns[-1].text)


class ChapterFormat(Format):
    """The text of the source chapter, with its plain cut on the right at 512 tokens.

    Source: OpenAssistant's pythia reward models were trained with it; DeBERTa's was not.
    """

    name = "chapter"

    def write(self, turns: Sequence[Turn]) -> Written:
        """One segment."""
        prompt, response = _prompt(turns), turns[-1].text
        return Written(f"<|prompter|>{prompt}<|endoftext|><|assistant|>{response}<|endoftext|>")


class TemplateFormat(Format):
    """A person's own template; nothing but the two places in it is interpreted."""

    def __init__(self, template: str) -> None:
        """Take a template that has a place for the response."""
        self._template = template
        # What the model reads depends on the template's text, not on where its file lies.
        self.name = f"template:{sha256(template.encode()).hexdigest()[:12]}"

    def write(self, turns: Sequence[Turn]) -> Written:
        """One segment. A place named inside the data stays as it is."""
        parts = {"prompt": _prompt(turns), "response": turns[-1].text}
        return Written(_PLACE.sub(lambda place: parts[place[1]], self._template))


class ChatFormat(Format):
    """The tokenizer's chat template, with one beginning-of-sequence token and never two.

    Templates begin with that token and most tokenizers add it again: read twice, it moves a
    score by 1.6 to 2.7 standard deviations (measured).
    """

    name = "chat"

    def __init__(self, tokenizer: Any) -> None:
        """Find out whether the tokenizer adds the token that the template may write too."""
        self._tokenizer = tokenizer
        self._bos: str = tokenizer.bos_token or ""
        encoded = tokenizer("a")["input_ids"]
        self._adds_bos = bool(self._bos) and encoded[:1] == [tokenizer.bos_token_id]

    def turns(self, sample: Sample) -> list[Turn] | None:
        """Every turn with its role."""
        if not _has_response(sample):
            return None
        if not sample.turns or sample.turns[-1].role is not Role.ASSISTANT:
            return _prompt_and_response(sample)
        turns = [Turn(turn.role.value, valid(message_text(turn))) for turn in sample.turns]
        return turns if sample.tools is None else _with_tools(turns, sample.tools)

    def write(self, turns: Sequence[Turn]) -> Written:
        """The template's text, as one segment."""
        text = self._render([{"role": turn.role, "content": turn.text} for turn in turns])
        if self._adds_bos:
            return Written(text.removeprefix(self._bos))
        return Written(text, add_special_tokens=False)

    def _render(self, messages: list[dict[str, str]]) -> str:
        try:
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False))
        except Exception:
            if messages[0]["role"] != Role.SYSTEM.value or len(messages) < 2:
                raise
            # Some templates (Gemma) know no system role: its text goes before the question.
            merged = f"{messages[0]['content']}\n\n{messages[1]['content']}"
            rest = [{"role": messages[1]["role"], "content": merged}, *messages[2:]]
            return str(self._tokenizer.apply_chat_template(rest, tokenize=False))


def make_format(wanted: str, tokenizer: Any) -> Format:
    """The format of that name.

    Raises:
        ScorerError: no such format, no chat template, or a template file that cannot be used.
    """
    kind, _, file = wanted.partition(":")
    if kind == "template" and file:
        return TemplateFormat(_read_template(Path(file).expanduser()))
    if wanted == "chat":
        if not getattr(tokenizer, "chat_template", None):
            raise ScorerError(
                "the model has no chat template", "choose another input format: pair, template:FILE"
            )
        return ChatFormat(tokenizer)
    for plain in (PairFormat, DialogueFormat, TextFormat, ChapterFormat):
        if wanted == plain.name:
            return plain()
    raise ScorerError(f"no such input format: {wanted}", f"one of {', '.join(FORMATS)}")


class Encoder:
    """Samples to tokens, cut to what the model can read, told where something was cut."""

    def __init__(self, tokenizer: Any, form: Format, max_length: int) -> None:
        """Take a tokenizer, a format and the most tokens that the model reads."""
        self._tokenizer, self._format, self._max_length = tokenizer, form, max_length
        self._plain_cut = isinstance(form, ChapterFormat)
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self._backend = backend if hasattr(backend, "encode_batch_fast") else None
        self._trusted = False
        """Whether the backend has been seen to give what the tokenizer gives."""

    def encode(self, samples: Sequence[Sample]) -> list[Encoded | Failed]:
        """Encode samples, in order; all that fit in one call of the tokenizer."""
        encoded: list[Encoded | Failed] = []
        ready: list[tuple[int, list[Turn], Written]] = []
        for sample in samples:
            written = self._write(sample)
            if not isinstance(written, Failed):
                ready.append((len(encoded), *written))
                written = Failed("not encoded")
            encoded.append(written)
        texts = [written for _, _, written in ready]
        for (at, turns, _), tokens in zip(ready, self._tokenize(texts), strict=True):
            encoded[at] = self._fit(turns, tokens)
        return encoded

    def _write(self, sample: Sample) -> tuple[list[Turn], Written] | Failed:
        turns = self._format.turns(sample)
        if turns is None:
            return Failed("no response to score")
        try:
            return turns, self._format.write(turns)
        except Exception as error:  # noqa: BLE001 - templates raise what they like
            line = (str(error).splitlines() or [""])[0]
            return Failed(f"the chat template refuses this sample: {line[:150]}")

    def _tokenize(self, texts: Sequence[Written]) -> list[dict[str, list[int]]]:
        """Tokens and token types of each text; a third faster past the tokenizer's wrapping."""
        if not texts:
            return []
        if self._backend is None:
            return self._by_tokenizer(texts)
        tokens = self._by_backend(texts)
        if not self._trusted:
            expected = self._by_tokenizer(texts)
            self._trusted = tokens == expected
            if not self._trusted:
                self._backend = None
                return expected
        return tokens

    def _by_tokenizer(self, texts: Sequence[Written]) -> list[dict[str, list[int]]]:
        found: list[dict[str, list[int]]] = [{} for _ in texts]
        for alone in (False, True):
            some = [at for at, text in enumerate(texts) if (text.second is None) is alone]
            if not some:
                continue
            out = self._tokenizer(
                [texts[at].first for at in some],
                None if alone else [texts[at].second for at in some],
                add_special_tokens=texts[0].add_special_tokens,
                truncation=False,
                return_attention_mask=False,
            )
            for place, at in enumerate(some):
                found[at] = {name: out[name][place] for name in out}
        return found

    def _by_backend(self, texts: Sequence[Written]) -> list[dict[str, list[int]]]:
        """What `_by_tokenizer` gives, without the places of tokens in the text."""
        backend: Any = self._backend
        backend.no_truncation()  # the tokenizer's own calls leave their settings behind
        backend.no_padding()
        pairs = [text.first if text.second is None else (text.first, text.second) for text in texts]
        encodings = backend.encode_batch_fast(pairs, add_special_tokens=texts[0].add_special_tokens)
        if "token_type_ids" not in self._tokenizer.model_input_names:
            return [{"input_ids": each.ids} for each in encodings]
        return [{"input_ids": each.ids, "token_type_ids": each.type_ids} for each in encodings]

    def _fit(self, turns: list[Turn], tokens: dict[str, list[int]]) -> Encoded | Failed:
        """Cut what is too long: the longest turns of the prompt first; see `_shorten`."""
        length = size = len(tokens["input_ids"])
        if size == 0:
            return Failed("nothing to read: the sample has no tokens")
        if size <= self._max_length:
            return Encoded(size, payload=tokens)
        rounds = 0 if self._plain_cut else CUT_ROUNDS
        for _ in range(rounds):
            turns = self._shorten(turns, size - self._max_length)
            tokens = self._tokenize([self._format.write(turns)])[0]
            size = len(tokens["input_ids"])
            if size <= self._max_length:
                break
        if size > self._max_length:
            tokens = self._cut_right(turns)
        return Encoded(len(tokens["input_ids"]), length, payload=tokens)

    def _shorten(self, turns: list[Turn], excess: int) -> list[Turn]:
        """Take `excess` tokens away, as far as one step goes.

        First the longest turn of the prompt loses its end, down to an eighth of the limit.
        Where that is not enough, turns in the middle go, two at a time so that the roles still
        alternate; the response comes last.
        """
        floor = self._max_length // PROMPT_SHARE
        sizes = [len(self._ids(turn.text)) for turn in turns]
        head = 1 + (turns[0].role == Role.SYSTEM.value)
        while len(turns) > head + 2 and sum(max(0, size - floor) for size in sizes[:-1]) < excess:
            excess -= sum(sizes[head : head + 2])
            turns = turns[:head] + turns[head + 2 :]
            sizes = sizes[:head] + sizes[head + 2 :]
        if excess <= 0:
            return turns
        last = len(turns) - 1
        longest = max(range(last), key=sizes.__getitem__, default=last)
        if longest == last or sizes[longest] <= floor:
            longest, cut = last, excess
        else:
            cut = min(excess, sizes[longest] - floor)
        turn = turns[longest]
        shorter = Turn(turn.role, self._cut_text(turn.text, max(sizes[longest] - cut, 1)))
        return [*turns[:longest], shorter, *turns[longest + 1 :]]

    def _cut_text(self, text: str, keep: int) -> str:
        """The first `keep` tokens of a text, as text."""
        if getattr(self._tokenizer, "is_fast", False):
            out = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            offsets = out["offset_mapping"]
            return text[: offsets[keep - 1][1]] if keep <= len(offsets) else text
        return text[: len(text) * keep // max(len(self._ids(text)), 1)]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _cut_right(self, turns: list[Turn]) -> dict[str, list[int]]:
        """The tokenizer's own cut on the right, with its special tokens in their places."""
        written = self._format.write(turns)
        pair = () if written.second is None else (written.second,)
        out = self._tokenizer(
            written.first,
            *pair,
            add_special_tokens=written.add_special_tokens,
            truncation=True,
            max_length=self._max_length,
            return_attention_mask=False,
        )
        return {name: out[name] for name in out}


def valid(text: str) -> str:
    """The text with lone surrogates as U+FFFD: tokenizers take valid Unicode only."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _has_response(sample: Sample) -> bool:
    """An empty answer is an answer; a prompt that nobody answered is not."""
    return bool(sample.response) or (
        sample.family is not Family.PROMPT
        and any(turn.role is Role.ASSISTANT for turn in sample.turns)
    )


def _prompt_and_response(sample: Sample) -> list[Turn] | None:
    """What is asked, and the response.

    Of a dialogue the last question stands apart: where it is too long, the turns before lose
    their end. (Measured on the 300 rows of dpo_en with planted faults: AUC .870; the end of the
    whole prompt cut off, .859; whole turns left out in the middle, .846.)
    """
    if not _has_response(sample):
        return None
    response = Turn(Role.ASSISTANT.value, valid(sample.response))
    asked = split_turns(sample.turns)[0] if len(sample.turns) > DIALOGUE_TURNS else ()
    if len(asked) > 1 and prompt_text(asked, sample.tools) == sample.prompt:
        *pieces, asked_last = prompt_pieces(asked, sample.tools)
        before = TURNS_APART.join(pieces)
        last = Turn(asked[-1].role.value, valid(asked_last))
        return [Turn(Role.USER.value, valid(before)), last, response]
    return [Turn(Role.USER.value, valid(sample.prompt)), response]


def _with_tools(turns: list[Turn], tools: str) -> list[Turn]:
    """`turns` with the declared tools in the system prompt: templates differ in where else."""
    text = f"tools: {valid(tools)}"
    if turns[0].role == Role.SYSTEM.value:
        return [Turn(turns[0].role, f"{turns[0].text}\n\n{text}"), *turns[1:]]
    return [Turn(Role.SYSTEM.value, text), *turns]


def _prompt(turns: Sequence[Turn]) -> str:
    """What is asked, as one text."""
    return TURNS_APART.join(turn.text for turn in turns[:-1])


def _read_template(path: Path) -> str:
    hint = "a template is a UTF-8 text file with {prompt} and {response} in it"
    try:
        template = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScorerError(f"template cannot be read: {path}: {error}", hint) from error
    if "{response}" not in template:
        raise ScorerError(f"template has no place for the response: {path}", hint)
    return template.removesuffix("\n")
