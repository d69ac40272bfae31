"""Where actions stand: the menus and the toolbar, as tables of ids. Every action stands in one menu."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.gui.translation import QT_TRANSLATE_NOOP

SEPARATOR = ""


@dataclass(frozen=True)
class MenuSpec:
    """A menu: ids of actions, lines between them, and menus inside it. One without items is filled by the window."""

    id: str
    title: str  # English
    items: tuple[str | MenuSpec, ...] = ()

    def action_ids(self) -> Iterator[str]:
        """Actions of this menu and of those inside it, in order."""
        for item in self.items:
            if isinstance(item, MenuSpec):
                yield from item.action_ids()
            elif item != SEPARATOR:
                yield item


MENUS: tuple[MenuSpec, ...] = (
    MenuSpec("file", QT_TRANSLATE_NOOP("Actions", "&File"), (
        "file.open", "file.open_folder",
        MenuSpec("file.recent", QT_TRANSLATE_NOOP("Actions", "Open recent")),
        "file.open_sample",
        SEPARATOR, "file.save", "file.save_as",
        SEPARATOR, "file.import_labels", "file.export_labels", "file.export_surface", "file.export_picture",
        SEPARATOR, "file.close", "file.quit",
    )),
    MenuSpec("edit", QT_TRANSLATE_NOOP("Actions", "&Edit"), (
        "edit.undo", "edit.redo",
        SEPARATOR, "shape.fill_holes", "shape.keep_largest", "shape.smooth", "shape.interpolate",
        SEPARATOR, "shape.copy_next", "shape.copy_previous", "shape.clear_slice",
        SEPARATOR, "edit.preferences",
    )),
    MenuSpec("segment", QT_TRANSLATE_NOOP("Actions", "&Segment"), (
        "segment.accept", "segment.reject", "segment.reset",
        SEPARATOR, "segment.propagate", "segment.fill_box", "segment.stop",
        SEPARATOR, "segment.keyboard_box", "segment.next_empty", "segment.next_doubtful",
    )),
    MenuSpec("tool", QT_TRANSLATE_NOOP("Actions", "&Tools"), (
        "tool.navigate", "tool.window",
        SEPARATOR, "tool.box", "tool.point", "tool.sign",
        SEPARATOR, "tool.brush", "tool.eraser", "tool.lasso",
        SEPARATOR, "tool.ball", "tool.larger", "tool.smaller",
    )),
    MenuSpec("label", QT_TRANSLATE_NOOP("Actions", "&Labels"), (
        "label.add", "label.rename", "label.recolour", "label.remove",
        SEPARATOR, "label.lock", "label.show",
        SEPARATOR, "label.next", "label.previous",
        MenuSpec("label.pick", QT_TRANSLATE_NOOP("Actions", "Choose a label"),
                 tuple(f"label.pick_{n}" for n in range(1, 10))),
    )),
    MenuSpec("view", QT_TRANSLATE_NOOP("Actions", "&View"), (
        "view.axial", "view.coronal", "view.sagittal", "view.four_up", "view.surface",
        SEPARATOR, "view.next_slice", "view.previous_slice",
        SEPARATOR, "view.fit", "view.zoom_in", "view.zoom_out",
        SEPARATOR,
        MenuSpec("view.presets", QT_TRANSLATE_NOOP("Actions", "Brightness"),
                 tuple(f"view.preset_{n}" for n in range(10))),
        "view.invert", "view.smooth",
        SEPARATOR, "view.labels", "view.outline", "view.opacity_up", "view.opacity_down",
        SEPARATOR, "view.info", "view.crosshair", "view.panels", "view.full_screen",
    )),
    MenuSpec("measure", QT_TRANSLATE_NOOP("Actions", "&Measure"), (
        "measure.show",
        SEPARATOR, "measure.copy", "measure.save",
        SEPARATOR, "measure.compare", "measure.forget",
    )),
    MenuSpec("batch", QT_TRANSLATE_NOOP("Actions", "&Batch"), ("batch.folder",)),
    MenuSpec("model", QT_TRANSLATE_NOOP("Actions", "M&odel"), ("model.choose", "model.import", "model.measure")),
    MenuSpec("help", QT_TRANSLATE_NOOP("Actions", "&Help"), (
        "help.guide", "help.keys", "help.palette",
        SEPARATOR, "help.image", "help.findings",
        SEPARATOR, "help.diagnostics", "help.licences", "help.about",
    )),
)  # fmt: skip

TOOLBAR: tuple[str, ...] = (
    "file.open", "file.save",
    SEPARATOR, "edit.undo", "edit.redo",
    SEPARATOR, "tool.navigate", "tool.window",
    SEPARATOR, "tool.box", "tool.point", "tool.sign", "tool.brush", "tool.eraser", "tool.lasso", "tool.ball",
    SEPARATOR, "segment.accept", "segment.reject", "segment.propagate", "segment.fill_box", "segment.stop",
    SEPARATOR, "view.fit", "view.four_up", "view.labels", "view.surface",
)  # fmt: skip

# What a click with the right button in a slice offers, below the label that lies there.
SLICE_MENU: tuple[str, ...] = (
    "segment.accept", "segment.reject", "segment.reset",
    SEPARATOR, "segment.propagate", "segment.fill_box", "segment.keyboard_box",
    SEPARATOR, "shape.fill_holes", "shape.copy_next", "shape.copy_previous", "shape.clear_slice",
    SEPARATOR, "view.fit", "view.four_up", "view.labels", "help.image",
)  # fmt: skip

# Of each set one is checked at most.
EXCLUSIVE: tuple[tuple[str, ...], ...] = (
    ("tool.navigate", "tool.window", "tool.box", "tool.point", "tool.brush", "tool.eraser", "tool.lasso"),
    ("view.axial", "view.coronal", "view.sagittal", "view.four_up"),
)
