"""The scorer without a model: what can be seen on the surface of a response, each with its reason.

It knows nothing of truth or of style. It finds what is broken: empty, repeated, refused, cut
off, copied from the prompt, not language. A score is the product of what each finding leaves
over, in [0, 1]; one serious finding takes a row under the start threshold of 0.5, a mild one
does not. Length alone moves a score by a quarter at most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.sample import Family, Role, Sample, Side
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey, WithoutModel, length_in_tokens

REVISION = "2"
"""Grows with every change of a rule or a constant: cached scores of the old ones are not used."""

START_THRESHOLD = 0.5

IDENTICAL = 0.95
"""The response is the prompt again: nothing was answered."""
ECHO = 0.6
"""Times the share of the response that is the whole prompt; opening with a short question and
then answering it is a habit of some models and costs little."""
COPY = 0.3
"""A long response that is a piece of the prompt. Extraction tasks do that rightly, so mild."""
COPY_CHARACTERS = 60
ECHO_CHARACTERS = 20
"""Shorter prompts occur inside good answers by chance."""

REPEATED_ALLOWED = 0.2
"""Share of repeated 4-word sequences that ordinary lists, poems and code have.
Source: Rae et al. 2021 (Gopher), table A1, puts its bounds on repeated n-grams at 0.10 to 0.20."""
REPEATED_NGRAM = 4
REPEATED_NGRAM_UNSPACED = 8
"""Characters, where a script has no spaces: about four words of Chinese or Japanese."""
REPEATED_LINES_ALLOWED = 0.3
"""Source: Gopher, table A1, duplicate line fraction."""
REPETITION = 0.9
"""At a share of 1. Reached linearly from the allowed share on."""
RUN = 0.55
"""One character 12 times and more in a row (rules such as ---- and .... are not counted)."""

REFUSAL = 0.6
"""A refusal may be right, but teaches refusing: under the threshold, above the broken ones."""
PLACEHOLDER = 0.8
"""<noinput>, <nooutput>, "N/A", "[Insert ...]": nobody answered."""
PLACEHOLDER_CHARACTERS = 80

CUT_FENCE = 0.55
"""A code block that never ends: the response was cut in the middle of the code."""
CUT_WORD = 0.55
"""Ends with a comma, an open bracket, or a word that cannot end a sentence."""
CUT_PROSE = 0.52
"""Several sentences, and the last one has no end."""
CUT_WORDS = 18
"""Shorter answers are often titles, names and list items, which need no full stop."""

ODD_ALLOWED, ODD_WORDS = 0.08, 3
"""Share of different words without a vowel or with five consonants in a row that acronyms
explain, and how many there must be unless there is nothing else."""
GIBBERISH = 0.9
"""Reached when a third of the words cannot be said."""
STRANGE_ALLOWED, SPELLED_ENOUGH, STRANGE_CHARACTERS, STRANGE_KINDS = 0.28, 0.35, 30, 14
"""Share of symbols above which a text must at least be spelled in part: code and tables are,
in runs of three letters and more. Formulas and regular expressions are short, or made of few
kinds of symbols."""
STRANGE = 0.6
NO_LETTER = 0.45
"""Emoji and Morse code are asked for at times, so with its shortness it is just under."""
BROKEN_TEXT = 0.6
"""Replacement characters, control characters, or UTF-8 read as Latin-1 (mojibake)."""
LONG_WORD, LONGEST_WORD = 0.6, 40
"""Characters; longer ones are keys, hashes and noise. Compounds of German end before."""
UNKNOWN_WORDS = 0.4
"""Latin letters, twelve words and more, and not one frequent word of nine languages."""
UNKNOWN_MIN_WORDS = 12

BREVITY = 0.25
"""What a response of no words would lose; a tenth of it is left at 28 words."""
BREVITY_WORDS = 12.0
TOO_SHORT = 0.35
"""A handful of words where an essay, a story, a list or an explanation was asked for."""
TOO_SHORT_WORDS = 6

UNRELATED = 0.3
"""A long response shares no content word with a long prompt. Rightly so in some tasks
(classification, other languages), so it only lowers the rank."""
UNRELATED_PROMPT_WORDS, UNRELATED_RESPONSE_WORDS = 5, 20

READ_CHARACTERS = 20_000
"""A longer response is judged by its beginning and its end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen, and the share of the score that it costs, in [0, 1]."""

    name: str
    cost: float
    why: str

    def __str__(self) -> str:
        return f"{self.name} -{self.cost * 100:.0f}%: {self.why}"


@dataclass(frozen=True, slots=True)
class _Text:
    """What the checks look at, worked out once per sample."""

    text: str
    """What is judged: the response, or the only text there is."""
    asked: str
    """The last thing that the user said; empty where the text stands alone."""
    prose: str
    """The text without its code blocks."""
    words: list[str]
    """Of the prose, lower case; single characters where the script has no spaces."""
    unspaced: bool
    """Mostly Chinese, Japanese or another script without spaces."""
    answers: bool
    """Whether the text is a response to something."""


_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![^\W_])[a-z]{4,}(?![^\W_])")
_ODD_WORD = re.compile(
    r"(?<![^\W_])(?:[bcdfghjklmnpqrstvwxz]{4,}"
    r"|(?=[a-z]{5})[a-z]*(?:[bcdfghjklmnpqrstvwxz]{5}|[aeiou]{5}|[jqvx]{2}|[jqvx]z|z[jqvx]|q[^ua])[a-z]*"
    r"|[a-z]{32,})(?![^\W_])"
)
_CAPITALS = re.compile(
    r"(?<![^\W_])(?:(?=[IVXLCDM])M{0,3}(?:C[MD]|D?C{0,4})(?:X[CL]|L?X{0,4})(?:I[XV]|V?I{0,4})|[A-Z]{2,6})(?![^\W_])"
)
"""Roman numerals and acronyms: spelled, not said."""
_ADDRESS = re.compile(r"\b\w{1,16}://\S+|[#@<][\w/]+|\b[\w.+-]{1,64}@\S+")
"""Links, tags of all kinds: no words to be judged."""
_RUN = re.compile(r"([^\s\-_=.*#~+|\\/\d])\1{11}")
_MOJIBAKE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]|\u00c3[\u0080-\u00bf]|\u00e2\u20ac")
_STRANGE = re.compile(r"[^\w\s]")
_SPELLED = re.compile(r"[^\W\d_]{3,}")
_PLACEHOLDER = re.compile(
    r"\s*(?:<?no\s?(?:input|output)>?|n/?a|none|null|nan|todo|tbd|undefined|\.{2,}|\?+|-+"
    r"|\[(?:insert|your)\b[^\]]*\])[\s.!]*",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"""\b(?:
      (?:i['\u2019]?m|i\s+am|we\s+are|we['\u2019]re)\s+(?:so\s+|very\s+|really\s+|truly\s+)?
        (?:sorry|afraid)\b.{0,40}?\b(?:can(?:no|['\u2019])t|unable|not\s+able|don['\u2019]?t|do\s+not|won['\u2019]t)
      |sorry,?\s+(?:but\s+)?(?:i|we|that|this|as)\b.{0,40}?\b(?:can(?:no|['\u2019])t|unable|not)
      |as\s+an?\s+(?:ai\b|artificial\s+intelligence|(?:large\s+)?language\s+model)
      |(?:i|we)\s+(?:can(?:no|['\u2019])t|can\s+not|am\s+unable\s+to|am\s+not\s+able\s+to|won['\u2019]t
          |(?:do\s+not|don['\u2019]t)\s+have\s+(?:enough|access|the\s+ability))
        \s*(?:assist|help(?!\s+but|\s+feel|\s+think)|answer|provide|fulfil|comply|complete|create|generate|do\s+(?:this|that)|access|open|process
          |information|fulfill|perform|draw|display|engage)\b
      |unfortunately,?\s+(?:i|it\s+is|this)\b.{0,30}?\b(?:can(?:no|['\u2019])t|unable|not\s+(?:able|possible))
      |not\s+possible\s+to\s+(?:answer|respond|provide|determine|generate)
      |(?:this|the)\s+(?:question|instruction|input|request)\s+(?:is\s+not|does\s+not|cannot|is\s+in)
      |lo\s+siento,?\s+(?:pero\s+)?no\s+puedo
      |(?:je\s+suis\s+)?d\u00e9sol\u00e9e?,?\s+(?:mais\s+)?je\s+ne\s+(?:peux|suis)
      |(?:es\s+)?tut\s+mir\s+leid.{0,30}?\bnicht
    )
    |(?:\u62b1\u6b49|\u5bf9\u4e0d\u8d77|\u5c0d\u4e0d\u8d77).{0,20}(?:\u65e0\u6cd5|\u7121\u6cd5|\u4e0d\u80fd)
    |\u4f5c\u4e3a(?:\u4e00\u4e2a|\u4e00\u79cd)?(?:ai|\u4eba\u5de5\u667a\u80fd|\u8bed\u8a00\u6a21\u578b)
    |\u7533\u3057\u8a33(?:\u3042\u308a\u307e\u305b\u3093|\u3054\u3056\u3044\u307e\u305b\u3093)""",
    re.IGNORECASE | re.VERBOSE,
)
_REFUSAL_CHARACTERS = 160
"""A refusal opens the response; further in, the same words are mostly part of a story."""
_OPEN_END = re.compile(
    r"(?:[,(\[{\u3001\uff0c]|\b(?:the|an|and|or|but|of|to|in|for|with|from|by|is|are|was|were|"
    r"that|which|because|such|as|at|into|their|its|your|will|can|should|would|der|und|les|des|"
    r"del|los|con))$",
    re.IGNORECASE,
)
_LINK_OR_TAG = re.compile(r"(?:[#@]\w+|\w+[./:_]\S+|[A-Z]\w*)$")
"""What ends a text rightly without a full stop: a tag, an address, a name or a signature."""
_SENTENCE_END = re.compile(r"(?<!\d)[.!?\u2026\u3002\uff01\uff1f\u0964](?=[\s\"'\u201d\u2019)\]]|$)"
                           r"|[\u3002\uff01\uff1f]")  # fmt: skip
_LONG_ANSWER_ASKED = re.compile(
    r"\b(?:essay|story|article|paragraphs?|poem|explain|describe|elaborate|discuss|outline|"
    r"summar\w+|compare|in detail|step by step|list (?:of )?\w+ \w+|blog|speech|letter)\b",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FREQUENT = _words(
    # en, de, fr, es, it, pt, nl, sv, pl: the words that no page of them is without
    "the of and to a in is it you that he was for on are with as i his they be at one have this "
    "from or by not but what all were when we there can an your which if will do how their so "
    "my no use der die und das von zu mit sich des auf ist im dem nicht ein eine als auch es an "
    "le la les de et un une est que pour dans qui sur pas plus par ce il el y los se del las "
    "con su lo como para al di che non si da o os com uma em het een van dat zijn op te och att "
    "som det en w na nie do je"
)
_STOP = _FREQUENT | _words(
    "about after also any because been before between both could did does each few find give "
    "given following has had her here him into like list make many may me more most name need "
    "only other our out over some should such than them then these those through two up us very "
    "want way well where who why would write create describe explain generate provide sentence "
    "example examples using text"
)


def explain(sample: Sample) -> list[Finding]:
    """Everything that was seen in a sample; empty where nothing was."""
    text = _read(sample)
    if not text.text.strip():
        return [Finding("empty", 1.0, "there is no text")]
    return [finding for check in _CHECKS if (finding := check(text)) is not None]


def score_of(findings: Sequence[Finding]) -> float:
    """What the findings leave over, in [0, 1]."""
    return math.prod(1 - finding.cost for finding in findings)


class HeuristicScorer(WithoutModel):
    """The checks as a scorer: no model, no settings, a few thousand rows a second."""

    name = "heuristic"
    label = "heuristic (no model)"
    start_threshold = START_THRESHOLD

    def key(self, side: Side) -> ScoreKey:
        """The rules' own revision stands for the model."""
        return ScoreKey(scorer=self.name, revision=REVISION, side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        """Samples are read as they are."""
        return [Encoded(length_in_tokens(sample), payload=sample) for sample in samples]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """Judge each sample by itself."""
        scored: list[Scored | Failed] = []
        for encoded in batch:
            assert isinstance(encoded.payload, Sample)
            findings = explain(encoded.payload)
            why = "; ".join(map(str, findings))
            scored.append(Scored(score_of(findings), encoded.tokens, why=why))
        return scored


_ALONE = (Family.PROMPT, Family.TEXT)
"""Families with one text; a list of calls to make may come without its answers, too."""


def _read(sample: Sample) -> _Text:
    alone = sample.family in _ALONE or (
        sample.family is Family.TOOL_CALL
        and not any(turn.role is Role.ASSISTANT for turn in sample.turns)
    )
    text = (sample.response or sample.prompt) if alone else sample.response
    text = _ends(text)
    prose = _CODE.sub(" ", text) if "```" in text else text
    unspaced = not prose.isascii() and 3 * len(_UNSPACED.findall(prose)) > len(prose)
    words = list(prose.replace(" ", "")) if unspaced else _WORD.findall(prose.lower())
    return _Text(text, "" if alone else _ends(_asked(sample)), prose, words, unspaced, not alone)


def _ends(text: str) -> str:
    """The beginning and the end of a long text; the same of equal texts."""
    half = READ_CHARACTERS // 2
    return text if len(text) <= READ_CHARACTERS else f"{text[:half]}\n{text[-half:]}"


def _asked(sample: Sample) -> str:
    if len(sample.turns) > 2:  # more than one question and its answer
        for turn in reversed(sample.turns):
            if turn.role is Role.USER:
                return turn.text
    return sample.prompt


def _check_echo(text: _Text) -> Finding | None:
    if not text.answers:
        return None
    asked, said = text.asked.strip(), text.text.strip()
    if said == asked or said.casefold() == asked.casefold():
        return Finding("echo", IDENTICAL, "the response is the prompt")
    if len(asked) >= ECHO_CHARACTERS and asked in said:
        share = len(asked) / len(said)
        return Finding("echo", ECHO * share, f"the prompt is {share:.0%} of the response")
    if len(said) >= COPY_CHARACTERS and said in asked:
        return Finding("echo", COPY, "the response is a piece of the prompt")
    return None


def _check_repetition(text: _Text) -> Finding | None:
    worst, why = 0.0, ""
    size = REPEATED_NGRAM_UNSPACED if text.unspaced else REPEATED_NGRAM
    count = len(text.words) - size + 1
    if count >= 2 * size:
        distinct = len(set(zip(*(text.words[start:] for start in range(size)), strict=False)))
        share = 1 - distinct / count
        worst = (share - REPEATED_ALLOWED) / (1 - REPEATED_ALLOWED)
        unit = "characters" if text.unspaced else "words"
        why = f"{share:.0%} of the sequences of {size} {unit} are repeated"
    lines = [line for line in text.prose.splitlines() if len(line) > 3]  # brackets
    if len(lines) > 3:  # a refrain is not a loop
        share = 1 - len(set(lines)) / len(lines)
        by_line = (share - REPEATED_LINES_ALLOWED) / (1 - REPEATED_LINES_ALLOWED)
        if by_line > worst:
            worst, why = by_line, f"{share:.0%} of the lines are repeated"
    if run := _RUN.search(text.prose):
        return Finding("repetition", max(RUN, REPETITION * worst), f"{run[1]!r} again and again")
    # The square root is steep at first: a third of a response in a loop is already too much.
    return Finding("repetition", REPETITION * math.sqrt(worst), why) if worst > 0 else None


def _check_refusal(text: _Text) -> Finding | None:
    if not text.answers:
        return None
    if len(text.text) <= PLACEHOLDER_CHARACTERS and _PLACEHOLDER.fullmatch(text.text):
        return Finding("placeholder", PLACEHOLDER, "a placeholder instead of an answer")
    if found := _REFUSAL.search(text.text[:_REFUSAL_CHARACTERS]):
        return Finding("refusal", REFUSAL, f"says {' '.join(found[0].split())[:40]!r}")
    return None


def _check_truncation(text: _Text) -> Finding | None:
    if text.text.count("```") % 2:
        return Finding("truncation", CUT_FENCE, "a code block never ends")
    prose = text.prose.rstrip()
    if not prose or text.text.rstrip().endswith("```") or len(text.words) < CUT_WORDS:
        return None
    last_line = prose[prose.rfind("\n") + 1 :]
    if _OPEN_END.search(last_line[-30:]):
        return Finding("truncation", CUT_WORD, f"ends with {last_line[-12:].strip()!r}")
    ends = _SENTENCE_END.findall(prose)
    closed = not prose[-1].isalnum()
    one_line = "\n" not in prose.strip()
    if closed or len(ends) < (0 if one_line else 2) or _LINK_OR_TAG.search(last_line[-80:]):
        return None
    if len(_WORD.findall(last_line)) < 4:  # an item of a list
        return None
    lines = prose.count("\n") + 1
    if len(ends) < lines // 2:
        return None  # a list or a poem, whose lines need no full stop
    return Finding("truncation", CUT_PROSE, "the last sentence has no end")


def _check_characters(text: _Text) -> Finding | None:
    prose = text.prose
    broken = _MOJIBAKE.findall(prose) if not (prose.isascii() and prose.isprintable()) else []
    if broken:
        cost = min(BROKEN_TEXT, BROKEN_TEXT * (0.3 + 20 * len(broken) / len(prose)))
        return Finding("characters", cost, f"{len(broken)} damaged characters")
    if not text.words and prose.strip():
        return Finding("characters", NO_LETTER, "neither a letter nor a digit")
    if text.unspaced or len(prose) < STRANGE_CHARACTERS:
        return None
    symbols = _STRANGE.findall(prose)
    strange = len(symbols) / len(prose)
    if strange > STRANGE_ALLOWED and len(set(symbols)) >= STRANGE_KINDS:
        spelled = sum(map(len, _SPELLED.findall(prose))) / len(prose)
        if spelled < SPELLED_ENOUGH:
            return Finding("characters", STRANGE, f"{strange:.0%} of the characters are symbols")
    return None


def _check_gibberish(text: _Text) -> Finding | None:
    if text.unspaced:
        return None
    lower = _CAPITALS.sub(" ", _ADDRESS.sub(" ", text.prose)).lower()
    longest = max(map(len, text.words), default=0)
    if longest > LONGEST_WORD and longest * 2 > len(text.text):
        return Finding("gibberish", LONG_WORD, f"a word of {longest} characters")
    latin = set(_LATIN_WORD.findall(lower))
    odd = sorted(set(_ODD_WORD.findall(lower)))
    share = len(odd) / max(len(latin), 1)
    if share > ODD_ALLOWED and (len(odd) >= ODD_WORDS or len(odd) == len(latin)):
        cost = GIBBERISH * min(1.0, 0.4 + 1.8 * (share - ODD_ALLOWED))
        return Finding("gibberish", cost, f"{share:.0%} of the words cannot be said ({odd[0]!r})")
    mostly_latin = len(latin) * 2 > len(text.words) >= UNKNOWN_MIN_WORDS
    if mostly_latin and _FREQUENT.isdisjoint(text.words) and "\n" not in text.prose.strip():
        separated = sum(map(text.prose.count, ",;:|=(")) * 4 > len(text.words)
        if not separated:  # a list of names or keywords is not prose either
            return Finding("gibberish", UNKNOWN_WORDS, "no frequent word of any known language")
    return None


def _check_length(text: _Text) -> Finding | None:
    words = len(text.words) / 2 if text.unspaced else len(text.words)
    words += len(text.text) / 6 - len(text.prose) / 6  # code counts too
    if text.answers and words < TOO_SHORT_WORDS and _LONG_ANSWER_ASKED.search(text.asked):
        return Finding("length", TOO_SHORT, f"{words:.0f} words where more was asked for")
    cost = BREVITY * math.exp(-words / BREVITY_WORDS)
    return Finding("length", cost, f"{words:.0f} words") if cost >= 0.005 else None


def _check_relation(text: _Text) -> Finding | None:
    if not text.answers or text.unspaced or len(text.words) < UNRELATED_RESPONSE_WORDS:
        return None
    asked = {word[:5] for word in _WORD.findall(text.asked.lower()) if len(word) > 3} - _STEMS
    if len(asked) < UNRELATED_PROMPT_WORDS or not asked.isdisjoint(word[:5] for word in text.words):
        return None
    return Finding("relation", UNRELATED, "shares no word with the prompt")


_STEMS = frozenset(word[:5] for word in _STOP)

_CHECKS: tuple[Callable[[_Text], Finding | None], ...] = (
    _check_echo,
    _check_repetition,
    _check_refusal,
    _check_truncation,
    _check_characters,
    _check_gibberish,
    _check_length,
    _check_relation,
)
