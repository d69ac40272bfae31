"""The chapter of keys of the user guide, from the tables: `python -m tests.bench.guide_keys` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.gui.action_table import ACTIONS, ActionSpec
from app.gui.key_profiles import GESTURES, PROFILES, keys_of
from app.gui.menu_table import MENUS

GUIDE = Path(__file__).resolve().parents[2] / "resources" / "guide" / "guide.md"
HEADING = "## All keys"
_INTRODUCTION = """\
Every action of the menus, with its keys in each of the three profiles. **Preferences…** chooses the profile. A dash
means that the action has no key; it is reached by its menu, or by its name with `Ctrl+Shift+P`. In a text field, keys
write text."""


def chapter() -> str:
    """The chapter in Markdown, heading included."""
    lines = [HEADING, "", _INTRODUCTION, ""]
    specs = {spec.id: spec for spec in ACTIONS}
    for menu in MENUS:
        lines += [f"### {menu.title.replace('&', '')}", "", *_rows([specs[each] for each in menu.action_ids()]), ""]
    lines += ["### In a slice", "", "| Mouse or key | What it does |", "|---|---|"]
    lines += [f"| {gesture.keys} | {gesture.text} |" for gesture in GESTURES]
    return "\n".join(lines) + "\n"


def _rows(specs: list[ActionSpec]) -> Iterator[str]:
    names = [spec.name for spec in PROFILES.values()]
    yield f"| Action | {' | '.join(names)} |"
    yield "|---|" + "---|" * len(names)
    for spec in specs:
        cells = [_cell(keys_of(profile)[spec.id]) for profile in PROFILES]
        yield f"| {spec.text.replace('{number}', str(spec.number))} | {' | '.join(cells)} |"


def _cell(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys) or "\u2013"


def main() -> None:
    """Write the chapter at the end of the guide, in place of the one that is there."""
    text = GUIDE.read_text(encoding="utf-8").split(HEADING)[0].rstrip("\n")
    GUIDE.write_text(f"{text}\n\n{chapter()}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
