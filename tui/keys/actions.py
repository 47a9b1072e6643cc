"""Everything a person can do in the desk, once: keys, footer, help and palette are made from it.

An action is a method `action_<id>` of the desk; a test holds that every one exists.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.keys import KEY_TO_UNICODE_NAME, REPLACED_KEYS

from engine.scoring.kinds import known_scorers

if TYPE_CHECKING:
    from textual.app import App


class Group(StrEnum):
    """The headings of the help, in its order."""

    VERDICTS = "Verdicts"
    MOVING = "Moving"
    THRESHOLD = "Threshold"
    VIEW = "Search, filter, sort"
    CLUSTERS = "Clusters"
    SIMULATOR = "Simulator"
    SCORING = "Scoring"
    DESK = "Desk"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: its keys are tried in order on layouts that lack the first."""

    id: str
    title: str
    help: str
    """What it does; a key is named by its action in braces: `{undo}`."""
    keys: tuple[str, ...]
    group: str
    """Its heading: one of `Group`, or that of a panel whose actions are not in the registry."""
    footer: str = ""
    """Short label for the footer; empty leaves it out there."""
    writes: bool = False
    """Changes the review, so it is refused in a read-only desk."""
    each: bool = False
    """Every key is a choice of its own and is handed to the action."""
    search: str = ""
    """Other words by which the palette finds it."""

    @property
    def shown_keys(self) -> str:
        """The keys as they are printed on a keyboard."""
        if self.each and len(self.keys) > 1:
            return f"{key_name(self.keys[0])}-{key_name(self.keys[-1])}"
        return " ".join(map(key_name, self.keys))

    @property
    def first_key(self) -> str:
        """The key that messages name; empty where there is none."""
        return self.shown_keys.partition(" ")[0]


def key_name(key: str) -> str:
    """A key of Textual's as it is printed on a keyboard."""
    if key == "escape":
        return "esc"
    unicode_name = REPLACED_KEYS.get(key, key)
    unicode_name = KEY_TO_UNICODE_NAME.get(unicode_name, unicode_name.replace("_", " "))
    try:
        character = unicodedata.lookup(unicode_name)
    except KeyError:
        return key
    return character if character.isprintable() and not character.isspace() else key


_REGISTRY: tuple[Action, ...] = (
    Action("accept", "Accept", "Keep this sample whatever its score.", ("a",),
           Group.VERDICTS, "accept", writes=True, search="keep good yes"),
    Action("reject", "Reject", "Drop this sample whatever its score.", ("x",),
           Group.VERDICTS, "reject", writes=True, search="drop delete bad no"),
    Action("skip", "Skip", "Go on; the rules decide, and the skip is remembered.", ("space",),
           Group.VERDICTS, "skip", writes=True),
    Action("clear", "Clear the verdict", "Back to undecided: the rules decide.", ("c",),
           Group.VERDICTS, writes=True),
    Action("code", "Why it was rejected", "Right after {reject}, a digit says why: 1 wrong, "
           "2 off-topic, 3 refusal, 4 unsafe, 5 truncated, 6 format, 7 duplicate, 8 other; 0 takes "
           "that back. Once the cursor has moved on: of the rejected row under it.",
           ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"), Group.VERDICTS, writes=True,
           each=True),
    Action("note", "Note", "Your words on the sample just decided, once the cursor has moved on "
           "that under it; an empty line takes them away.", ("i",), Group.VERDICTS, writes=True),
    Action("long_note", "Note in the editor", "The same in $EDITOR, for more than one line.",
           ("I",), Group.VERDICTS, writes=True),
    Action("tag", "Tag", "On this sample or the range: NAME adds a tag, -NAME takes it off; tab "
           "completes those in use.", ("number_sign",), Group.VERDICTS, writes=True),
    Action("edit", "Edit", "Opens the prompt or the response in $EDITOR; the difference is shown "
           "before it is taken. The source stays as it is, the edited sample is scored again and "
           "exported; {undo} takes the edit back.", ("E",), Group.VERDICTS, writes=True),
    Action("history", "History", "Everything that was said about this sample: who, when, old and "
           "new, score and threshold then; what was undone is marked.", ("h",), Group.VERDICTS,
           search="events log audit trail who when"),
    Action("session_log", "Session log", "Everything that was said and chosen, by whom and when, "
           "the newest first; enter goes to the row.", ("H",), Group.VERDICTS,
           search="events history audit trail who when threshold"),
    Action("undo", "Undo", "Take back the last thing that changes the export: a verdict with its "
           "reason, a note, tag, edit or copies, the threshold, scorer, side, columns, the rule "
           "for duplicates; a bulk as a whole, a run of nudges as one. No limit, across restarts.",
           ("U",), Group.VERDICTS, "undo", writes=True),
    Action("redo", "Redo", "Give again what was undone.", ("R",), Group.VERDICTS, writes=True),
    Action("range", "Select a range", "Start or end a range at the cursor; a verdict then goes to "
           "all of it, after a count.", ("v",), Group.VERDICTS, "range"),
    Action("blind", "Blind mode", "Hides scores and what the rules say everywhere, and leaves the "
           "sort, filter or order that would tell them, until pressed again.", ("b",),
           Group.VERDICTS, search="hide scores bias"),
    Action("select_all", "Select all rows shown", "A verdict or tag then goes to every row of the "
           "filter, after a count.", ("V",), Group.VERDICTS),
    Action("repeat", "Repeat last", "The last verdict or tag again, on this sample, on the "
           "range, or on all rows shown where it was for all; a bulk counts first.", ("full_stop",),
           Group.VERDICTS, writes=True),
    Action("bulk_accept", "Accept all rows shown", "Every row of the filter, after a count.", (),
           Group.VERDICTS, writes=True),
    Action("bulk_reject", "Reject all rows shown", "Every row of the filter, after a count.", (),
           Group.VERDICTS, writes=True),
    Action("bulk_clear", "Clear all rows shown", "Every row of the filter, after a count.", (),
           Group.VERDICTS, writes=True),
    Action("bulk_tag", "Tag all rows shown", "Every row of the filter, after a count; -NAME takes "
           "a tag off.", (), Group.VERDICTS, writes=True),
    Action("down", "Next sample", "One line down.", ("j", "down"), Group.MOVING),
    Action("up", "Previous sample", "One line up.", ("k", "up"), Group.MOVING),
    Action("half_down", "Half a page down", "Scrolls by half, which is kind to a slow line.",
           ("ctrl+d", "pagedown"), Group.MOVING),
    Action("half_up", "Half a page up", "Scrolls by half.", ("ctrl+u", "pageup"), Group.MOVING),
    Action("first", "First sample", "To the top of the view.", ("g", "home"), Group.MOVING),
    Action("last", "Last sample", "To the end of the view.", ("G", "end"), Group.MOVING),
    Action("zoom", "Focus mode", "One sample fills the screen; the same keys decide, {down} {up} "
           "scroll, {next_sample} {previous_sample} go on without deciding; {close} goes back to "
           "the table.", ("enter",), Group.MOVING, "read"),
    Action("next_sample", "Go on", "To the next sample; decides nothing; in focus mode, "
           "where {down} {up} scroll.", ("J",), Group.MOVING),
    Action("previous_sample", "Go back", "To the sample before; decides nothing.",
           ("K",), Group.MOVING),
    Action("next_undecided", "Next undecided", "To the next of the rows shown that has no verdict; "
           "after the last comes the first. Skipped rows have one.", ("right_parenthesis",),
           Group.MOVING),
    Action("previous_undecided", "Previous undecided", "To the one before.",
           ("left_parenthesis",), Group.MOVING),
    Action("next_pane", "Next pane", "From table to detail and back; {down} {up} then scroll the "
           "text.",
           ("tab",), Group.MOVING),
    Action("close", "Close", "Closes a pane, an input or a range; decides nothing.", ("escape",),
           Group.MOVING, "close"),
    Action("threshold_down", "Threshold down", "A fine step on the slider's axis.",
           ("left_square_bracket", "minus"), Group.THRESHOLD, "threshold"),
    Action("threshold_up", "Threshold up", "A fine step on the slider's axis.",
           ("right_square_bracket", "plus"), Group.THRESHOLD),
    Action("threshold_far_down", "Threshold far down", "A coarse step.",
           ("left_curly_bracket", "less_than_sign"), Group.THRESHOLD),
    Action("threshold_far_up", "Threshold far up", "A coarse step.",
           ("right_curly_bracket", "greater_than_sign"), Group.THRESHOLD),
    Action("type_threshold", "Type the threshold", "1.5, top 1000 or 25%; <= before it keeps the "
           "low side.", ("t",), Group.THRESHOLD, "type", search="cutoff gate percentile top"),
    Action("search", "Search", "In prompt and response; a capital letter makes it exact, a / "
           "before it a regular expression. The count streams; {close} stops it.", ("slash",),
           Group.VIEW, "search", search="find grep regex text"),
    Action("next_match", "Next match", "Of the last search.", ("n",), Group.VIEW),
    Action("previous_match", "Previous match", "Of the last search.", ("N",), Group.VIEW),
    Action("filter", "Filter", "score<1.5 and words>300 and prompt~translate; or, not, ( ), every "
           "column of the dataset; tab completes; an empty line shows all.", ("f",), Group.VIEW,
           "filter", search="query where select column"),
    Action("bar", "Filter by a bar", "Choose a bar of the histogram with left and right; enter "
           "shows its rows. With the mouse: the right button, or ctrl and the left.", ("F",),
           Group.VIEW),
    Action("filters", "Saved filters", "Use, save or forget a filter kept under a name.",
           ("ctrl+f",), Group.VIEW),
    Action("save_filter", "Save this filter", "Keep the present filter under a name, as a rule.",
           (), Group.VIEW),
    Action("sort", "Sort", "By any column, the dataset's too; again turns it round. Rows never "
           "move while scores arrive: sort again to follow them.", ("s",), Group.VIEW, "sort",
           search="order by rank"),
    Action("frequencies", "Frequencies", "The values of a column of the dataset, how often each is "
           "there and how many of those rows are kept; enter shows its rows.", ("equals_sign",),
           Group.VIEW, search="count values histogram distribution facets group unique"),
    Action("columns", "Columns of the table", "Which are shown, in what order, how wide; those of "
           "the dataset, too.", ("C",), Group.VIEW, search="show hide width order fields"),
    Action("other_columns", "Other columns", "What the row has beside the sample: all of it, "
           "nothing, or one line.", ("quotation_mark",), Group.VIEW,
           search="metadata source category fields"),
    Action("queue", "Review order", "Nearest to the threshold, lowest, highest, longest, "
           "disagreements, unreviewed only, or a spot check. It stays as it was made; "
           "{queue} {queue} makes it anew.", ("o",), Group.VIEW, "order",
           search="prioritise uncertain disagreement"),
    Action("queue_again", "Make the review order anew", "From scores and verdicts as they are "
           "now; the cursor stays on its sample.", (), Group.VIEW),
    Action("spot_check", "Spot check", "Kept rows drawn at random, scores hidden: how many are "
           "bad? Goes on with the one under way.", (), Group.VIEW,
           search="sample audit error rate noise interval"),
    Action("clusters", "Duplicates and contradictions", "Opens the clusters at this sample; the "
           "first time it looks for them, in the background.", ("D",), Group.VIEW, "duplicates",
           search="duplicate dedup cluster merge kappa agreement similar minhash"),
    Action("boost", "Copies in the export", "How often an export writes this sample: once, 2x, 3x, "
           "once again. For a range it asks how often.", ("w",), Group.VERDICTS, writes=True,
           search="boost weight upsample oversample repeat multiplicity"),
    Action("boost_shown", "Copies of all rows shown", "How often an export writes every row of "
           "the filter, 1 to 100 times.", (), Group.VERDICTS, writes=True,
           search="boost weight upsample oversample repeat multiplicity"),
    Action("take_keeper", "Keep the suggested row", "Accepts it and rejects what is too like it, "
           "with the same numbers; the rest of the cluster stays. The reason is beside it.",
           ("enter",), Group.CLUSTERS, "suggested", writes=True),
    Action("keep_this", "Keep this row only", "Accepts it and rejects all others of the cluster.",
           ("equals_sign",), Group.CLUSTERS, "this one", writes=True),
    Action("keep_all", "Keep all", "Accepts the whole cluster.", ("asterisk",), Group.CLUSTERS,
           "all", writes=True),
    Action("keep_suggested", "Keep suggested everywhere", "In all clusters listed, after a "
           "count; one undo takes it back.", ("K",), Group.CLUSTERS, "everywhere", writes=True),
    Action("kind", "Whole, prompt, response", "Next kind: whole samples, prompts, responses, "
           "contradictions (one question, other answers).", ("v",), Group.CLUSTERS, "kind"),
    Action("similarity_down", "Similarity down", "In the list: of all clusters, and below what "
           "was searched for the search goes on. In a cluster: joins what was split.",
           ("left_square_bracket", "minus"), Group.CLUSTERS, "similarity"),
    Action("similarity_up", "Similarity up", "In the list: of all clusters. In a cluster: splits "
           "it.", ("right_square_bracket", "plus"), Group.CLUSTERS),
    Action("similarity_far_down", "Similarity far down", "A coarse step.",
           ("left_curly_bracket", "less_than_sign"), Group.CLUSTERS),
    Action("similarity_far_up", "Similarity far up", "A coarse step.",
           ("right_curly_bracket", "greater_than_sign"), Group.CLUSTERS),
    Action("type_similarity", "Type the similarity", "0.85 or 85%: of all clusters, or inside one "
           "to split it.", ("t",), Group.CLUSTERS, "type"),
    Action("rule", "Drop duplicates", "Switches the rule on, after a count, or off. It drops rows "
           "at least so like a better one that is kept, never where numbers differ.", ("d",),
           Group.CLUSTERS, "rule", search="dedup remove deduplicate"),
    Action("list_filter", "Filter the clusters", "size>2 lowest<0.9 spread>1 is:undecided, and any "
           "filter of rows.", ("f",), Group.CLUSTERS, "filter"),
    Action("keeper", "Which row is suggested", "Of a cluster, and kept by the rule: the one with "
           "the best score, the longest, the shortest, the first or the last. What was accepted "
           "by hand comes before.", ("o",), Group.CLUSTERS),
    Action("list_sort", "Sort the clusters", "The same again turns it round.", ("s",),
           Group.CLUSTERS, "sort"),
    Action("next_change", "Next difference", "Of the two samples shown.", ("n",), Group.CLUSTERS),
    Action("previous_change", "Previous difference", "Of the two samples shown.", ("N",),
           Group.CLUSTERS),
    Action("search_duplicates", "Stop or go on searching", "What is found stays.", ("C",),
           Group.CLUSTERS),
    Action("compare_meaning", "Compare by meaning", "With a sentence-transformers model on this "
           "disk; {kind} then goes to its clusters, too. Nothing is dropped for them.", ("m",),
           Group.CLUSTERS, search="semantic embedding cosine paraphrase"),
    Action("leave_at", "To the table at this row", "{close} goes back to the row you came from.",
           ("D",), Group.CLUSTERS),
    Action("simulate", "Simulator", "What would this dataset be worth? Opens the panel, goes to "
           "it, closes it.", ("S",), Group.SIMULATOR, "simulator",
           search="predict performance quality quantity cost"),
    Action("link", "Link to the data", "The sliders follow the rows kept now; again, and they are "
           "yours.", ("L",), Group.SIMULATOR, "link"),
    Action("pin", "Pin to compare", "Keep this point beside what comes; again lets it go.", ("P",),
           Group.SIMULATOR, "pin"),
    Action("swap_model", "Calibrated or book", "The model fitted to published tables, or the "
           "chapter's own.", ("M",), Group.SIMULATOR, "model"),
    Action("take_best", "Take the best threshold", "Where performance over the threshold is "
           "highest.", ("O",), Group.SIMULATOR, "best"),
    Action("slider_less", "Slider down", "A fine step; {down} {up} choose the slider, a digit or "
           "{zoom} types its number.", ("left",), Group.SIMULATOR, "set"),
    Action("slider_more", "Slider up", "A fine step.", ("right",), Group.SIMULATOR),
    Action("slider_far_less", "Slider far down", "A coarse step; {half_down} too.", ("shift+left",),
           Group.SIMULATOR),
    Action("slider_far_more", "Slider far up", "A coarse step; {half_up} too.", ("shift+right",),
           Group.SIMULATOR),
    Action("about_number", "About this number", "What is calibrated on what, and what is "
           "illustrative; {help} at the panel.", (), Group.SIMULATOR),
    Action("training_run", "Set the cost of training", "Tokens a second, price an hour, epochs.",
           ("dollar_sign",), Group.SIMULATOR, search="price money hours gpu"),
    Action("pause", "Pause or resume scoring", "Scores already there stay.", ("p",),
           Group.SCORING, "pause"),
    Action("model", "Score with another scorer", f"{known_scorers()}; lists the models on this "
           "disk, and fetches one after a yes.", ("m",), Group.SCORING,
           search="model reward download"),
    Action("retry", "Score failed rows again", "All rows whose scoring failed.", ("ctrl+r",),
           Group.SCORING),
    Action("settle", "Settle rows near the threshold", "Those whose side bfloat16 leaves open are "
           "scored again in float32.", ("tilde",), Group.SCORING),
    Action("stop", "Stop scoring", "Lets go of the model; {model} starts again.", ("ctrl+x",),
           Group.SCORING),
    Action("side", "Review the other side", "Preference data: verdicts and threshold for the "
           "chosen or the rejected response.", ("percent_sign",), Group.SCORING),
    Action("export", "Export", "Write kept, dropped or pending rows; the count is shown first.",
           ("e",), Group.DESK, "export", search="save write file jsonl parquet"),
    Action("mapping", "Columns", "Which column is the prompt, the response and so on, with a row "
           "as it would be read; verdicts stay with their rows.", ("ampersand",), Group.DESK,
           search="mapping fields prompt response reread"),
    Action("import_verdicts", "Import verdicts", "Takes over those that the dataset carries, such "
           "as Prodigy's answers, after a count; rows decided here keep what they have, and {undo} "
           "takes all of it back.", ("underscore",), Group.DESK, writes=True,
           search="take over prodigy answer annotations carried"),
    Action("copy", "Copy the sample", "To your terminal's clipboard, where it takes OSC 52; tmux "
           "needs set-clipboard on, and screen takes none.", ("Y",), Group.DESK),
    Action("copy_to_file", "Copy the sample to a file", "Its turns as text; asks for the name.",
           ("W",), Group.DESK),
    Action("help", "Help", "This page.", ("question_mark",), Group.DESK, "help"),
    Action("explain", "Explain the numbers", "A plain sentence to each number of the simulator and "
           "of the duplicates; again folds them, and they stay folded.", ("colon",), Group.DESK,
           search="words meaning what is unfold"),
    Action("palette", "Find an action", "By words.", ("ctrl+p",), Group.DESK),
    Action("problems", "Problems of the dataset", "What could not be read, with file and line.",
           ("exclamation_mark",), Group.DESK, search="errors warnings broken unreadable"),
    Action("theme", "Change the theme", "Dark, light, high contrast, colour-blind safe, 16 colours "
           "or none.", ("ctrl+t",), Group.DESK, search="colours colors dark light"),
    Action("suspend", "Suspend", "Back to the shell; fg returns.", ("ctrl+z",), Group.DESK),
    Action("quit", "Quit", "Everything is on disk already.", ("q",), Group.DESK, "quit",
           search="exit leave"),
)  # fmt: skip

_PLACE = re.compile(r"\{([a-z_]+)\}")


def name_keys(text: str, actions: Iterable[Action]) -> str:
    """`text` with the key of each action that stands there in braces.

    An action without a key is done by the palette, so its key is named.
    """
    keys = {action.id: action.first_key for action in actions}

    def named(place: re.Match[str]) -> str:
        known = keys.get(place[1])
        return place[0] if known is None else known or keys["palette"]

    return _PLACE.sub(named, text)


def with_keys(keys: Mapping[str, tuple[str, ...]]) -> tuple[Action, ...]:
    """The registry with the keys of some actions changed, and help that names them so."""
    given = [replace(action, keys=keys.get(action.id, action.keys)) for action in _REGISTRY]
    return tuple(replace(action, help=name_keys(action.help, given)) for action in given)


ACTIONS = with_keys({})

BY_ID = {action.id: action for action in ACTIONS}

OWN_SCREEN = frozenset({Group.CLUSTERS})
"""Groups whose keys work on a screen of their own only: there a key may mean something else."""

SHARED = frozenset({
    "accept", "reject", "skip", "clear", "undo", "redo", "boost", "down", "up", "half_down",
    "half_up", "first", "last", "next_pane", "close", "pause", "help", "explain", "palette",
    "theme",
    "suspend", "quit",
})  # fmt: skip
"""Actions that such a screen has as well as the desk."""


def actions_on(own: Group | None, actions: tuple[Action, ...] = ACTIONS) -> tuple[Action, ...]:
    """What can be done on a group's own screen, that group first; None: at the desk."""
    if own is None:
        return tuple(action for action in actions if action.group not in OWN_SCREEN)
    first = [action for action in actions if action.group is own]
    return (*first, *(action for action in actions if action.id in SHARED))


def bindings(actions: Iterable[Action]) -> list[Binding]:
    """A Binding per action that has keys, with an id for user keymaps."""
    found = []
    for action in actions:
        if action.each:
            found += [
                Binding(key, f"{action.id}('{key}')", action.title, id=f"{action.id}-{key}",
                        show=False)
                for key in action.keys
            ]  # fmt: skip
        elif action.keys:
            keys = ",".join(action.keys)
            found.append(Binding(keys, action.id, action.title, id=action.id, show=False))
    return found


def share_a_screen(one: Action, other: Action) -> bool:
    """Whether both can be meant by a key at the same moment."""
    if one.group is other.group:
        return True
    elsewhere = [action for action in (one, other) if action.group not in OWN_SCREEN]
    return len(elsewhere) == 2 or (len(elsewhere) == 1 and elsewhere[0].id in SHARED)


def actions_of(app: App[Any]) -> tuple[Action, ...]:
    """The actions with the keys that the person of `app` has chosen."""
    return getattr(app, "actions", ACTIONS)


def key_of(app: App[Any], action: str) -> str:
    """The first key of an action as the person of `app` has it; the palette's where it has none."""
    actions = actions_of(app)
    named = (next(known for known in actions if known.id == name) for name in (action, "palette"))
    return next(known.first_key for known in named if known.keys)
