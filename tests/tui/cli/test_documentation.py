"""What help, README and command line say of each other is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

import engine
from engine import errors
from engine.errors import TamisError
from tui.cli.main import COMMANDS, app
from tui.keys.actions import BY_ID
from tui.keys.help import help_text

CHECKOUT = Path(engine.__file__).resolve().parent.parent
HELP = CHECKOUT / "engine" / "help"
PAGES = [*HELP.glob("*.md"), HELP / "config.toml", CHECKOUT / "README.md"]
COMMANDS_PAGE = (HELP / "commands.md").read_text("utf-8")

IN_TEMPLATES = {"prompt", "response"}
"""In braces, and no action: what a template for a model holds."""


def commands() -> dict[str, TyperCommand]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    found = {name: each for name, each in group.commands.items() if isinstance(each, TyperCommand)}
    assert list(found) == list(COMMANDS)
    return found


def options(command: TyperCommand) -> list[TyperOption]:
    return [each for each in command.params if isinstance(each, TyperOption)]


def flags(command: TyperCommand) -> set[str]:
    return {flag for each in options(command) for flag in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_says_what_it_is_for(name: str) -> None:
    command = commands()[name]
    assert command.help, name
    for option in options(command):
        assert option.help, option.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_commands_names_every_command_and_flag(name: str) -> None:
    assert re.search(rf"^ {{4}}tamis {name} |\"tamis {name} ", COMMANDS_PAGE, re.MULTILINE)
    for flag in flags(commands()[name]):
        assert re.search(rf"{flag}\b", COMMANDS_PAGE), flag


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_help_and_readme_name_only_flags_actions_and_commands_that_there_are(page: Path) -> None:
    text = page.read_text("utf-8")
    known = {"--version", "--help"}.union(*map(flags, commands().values()))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text)) <= known
    assert set(re.findall(r"`tamis ([a-z]+)", text)) <= set(COMMANDS)
    assert set(re.findall(r"^ {4}tamis ([a-z]+)  ", text, re.MULTILINE)) <= set(COMMANDS)
    if page.parent == HELP and page.suffix == ".md":
        assert set(re.findall(r"\{(\w+)\}", text)) <= BY_ID.keys() | IN_TEMPLATES


def test_the_page_of_commands_lists_the_exit_codes() -> None:
    kinds = {each for each in vars(errors).values() if isinstance(each, type)}
    codes = {each.exit_code for each in kinds if issubclass(each, TamisError)}
    listed = COMMANDS_PAGE.partition("Exit codes")[2].partition("Settings")[0]
    assert set(map(int, re.findall(r"^ {4}(\d+) ", listed, re.MULTILINE))) == codes | {0}


def test_the_help_screen_names_every_page() -> None:
    others = help_text().plain.partition("Other pages")[2]
    for page in HELP.glob("*.md"):
        assert page.stem == "desk" or re.search(rf"\b{page.stem}\b", others), page.name
