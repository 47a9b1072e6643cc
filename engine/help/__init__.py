"""The long texts that `?` shows and the README links to: Markdown, a page a file.

Headings have two signs, and what stands in columns is indented by four blanks. A key is named by
its action in braces: `{undo}`.
"""

from __future__ import annotations

from importlib import resources


def page_names() -> list[str]:
    """The pages that there are, by name."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".md") for file in files if file.name.endswith(".md"))


def page_text(name: str) -> str:
    """A page as a terminal shows it: headings as they are, all else two cells further in."""
    page = resources.files(__name__).joinpath(f"{name}.md").read_text("utf-8")
    return "\n".join(map(_laid_out, page.split("\n")))


def _laid_out(line: str) -> str:
    if line.startswith("## "):
        return line.removeprefix("## ")
    return line.removeprefix("  ") if line.startswith("    ") else f"  {line}".rstrip()
