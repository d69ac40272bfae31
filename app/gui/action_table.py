"""All that can be asked for by menu, key or button: what it is called, its keys, and when it is possible.

Menus, toolbar, shortcuts, key sheet and command palette read this table; nothing is said twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from app.gui.translation import QT_TRANSLATE_NOOP


class Need(Enum):
    """What must be there for an action to be possible."""

    STUDY = auto()
    VOLUME = auto()  # more than one slice
    LABEL = auto()  # an active label
    PREVIEW = auto()
    CARRIED = auto()
    RUNNING = auto()  # something that can be stopped
    MODIFIED = auto()
    MODEL = auto()
    REFERENCE = auto()  # a label map to compare with
    UNDO = auto()
    REDO = auto()


class Role(Enum):
    """Actions for which macOS has a place of its own."""

    PLAIN = auto()
    ABOUT = auto()
    PREFERENCES = auto()
    QUIT = auto()


@dataclass(frozen=True)
class ActionSpec:
    """One action. `text` and `tip` are English; `number` stands in the text where it says {number}.

    Possible when all of `needs` are there, and one of `one_of` unless that is empty. `keys` are the default profile's,
    the first one is shown. `repeats`: holding the key down asks again and again.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    needs: frozenset[Need] = frozenset()
    one_of: frozenset[Need] = frozenset()
    icon: str = ""
    tip: str = ""
    checkable: bool = False
    repeats: bool = False
    number: int | None = None
    role: Role = Role.PLAIN


_STUDY = frozenset({Need.STUDY})
_VOLUME = frozenset({Need.VOLUME})
_LABEL = frozenset({Need.LABEL})
_LABEL_3D = frozenset({Need.LABEL, Need.VOLUME})
_PROPOSED = frozenset({Need.PREVIEW, Need.CARRIED})
_CARRY = frozenset({Need.PREVIEW, Need.VOLUME, Need.MODEL})

_FILE = (
    ActionSpec("file.open", QT_TRANSLATE_NOOP("Actions", "Open file…"), ("Ctrl+O",), icon="open"),
    ActionSpec("file.open_folder", QT_TRANSLATE_NOOP("Actions", "Open folder…"), ("Ctrl+Shift+O",), icon="folder"),
    ActionSpec("file.open_sample", QT_TRANSLATE_NOOP("Actions", "Open a sample"), icon="sample"),
    ActionSpec("file.import_labels", QT_TRANSLATE_NOOP("Actions", "Import labels…"), needs=_STUDY, icon="import"),
    ActionSpec(
        "file.save", QT_TRANSLATE_NOOP("Actions", "Save project"), ("Ctrl+S",), frozenset({Need.STUDY, Need.MODIFIED}),
        icon="save",
    ),
    ActionSpec("file.save_as", QT_TRANSLATE_NOOP("Actions", "Save project as…"), ("Ctrl+Shift+S",), _STUDY),
    ActionSpec(
        "file.export_labels", QT_TRANSLATE_NOOP("Actions", "Export labels…"), ("Ctrl+E",), _LABEL, icon="export"
    ),
    ActionSpec("file.export_surface", QT_TRANSLATE_NOOP("Actions", "Export surface…"), needs=_LABEL_3D),
    ActionSpec("file.export_picture", QT_TRANSLATE_NOOP("Actions", "Export picture of the view…"), needs=_STUDY),
    ActionSpec("file.close", QT_TRANSLATE_NOOP("Actions", "Close image"), ("Ctrl+W",), _STUDY),
    ActionSpec("file.quit", QT_TRANSLATE_NOOP("Actions", "Quit"), ("Ctrl+Q",), role=Role.QUIT),
)  # fmt: skip

_EDIT = (
    ActionSpec(
        "edit.undo", QT_TRANSLATE_NOOP("Actions", "Undo"), ("Ctrl+Z",), frozenset({Need.UNDO}), icon="undo",
        repeats=True,
    ),
    ActionSpec(
        "edit.redo", QT_TRANSLATE_NOOP("Actions", "Redo"), ("Ctrl+Y", "Ctrl+Shift+Z"), frozenset({Need.REDO}),
        icon="redo", repeats=True,
    ),
    ActionSpec(
        "edit.preferences", QT_TRANSLATE_NOOP("Actions", "Preferences…"), ("Ctrl+,",), icon="preferences",
        role=Role.PREFERENCES,
    ),
)  # fmt: skip

_SEGMENT = (
    ActionSpec(
        "segment.accept", QT_TRANSLATE_NOOP("Actions", "Accept the mask"), ("Return", "Enter"), one_of=_PROPOSED,
        icon="accept", tip=QT_TRANSLATE_NOOP("Actions", "Write the proposed mask into the active label"),
    ),
    ActionSpec(
        "segment.reject", QT_TRANSLATE_NOOP("Actions", "Reject the mask"), ("Esc",), one_of=_PROPOSED, icon="reject",
        tip=QT_TRANSLATE_NOOP("Actions", "Drop the proposed mask"),
    ),
    ActionSpec(
        "segment.reset", QT_TRANSLATE_NOOP("Actions", "Remove the points"), ("R",), frozenset({Need.PREVIEW}),
        tip=QT_TRANSLATE_NOOP("Actions", "Go back to what the box alone proposes"),
    ),
    ActionSpec(
        "segment.propagate", QT_TRANSLATE_NOOP("Actions", "Carry through the slices"),
        ("Shift+Return", "Shift+Enter"), _LABEL_3D, icon="propagate",
        tip=QT_TRANSLATE_NOOP("Actions", "Carry the mask both ways until the object ends"),
    ),
    ActionSpec(
        "segment.fill_box", QT_TRANSLATE_NOOP("Actions", "Fill a 3-D box…"), ("Ctrl+Return", "Ctrl+Enter"), _CARRY,
        icon="box_3d", tip=QT_TRANSLATE_NOOP("Actions", "Segment inside the box over a range of slices"),
    ),
    ActionSpec(
        "segment.stop", QT_TRANSLATE_NOOP("Actions", "Stop"), ("Ctrl+.",), frozenset({Need.RUNNING}), icon="stop",
        tip=QT_TRANSLATE_NOOP("Actions", "Stop what is running and keep what is done"),
    ),
    ActionSpec(
        "segment.keyboard_box", QT_TRANSLATE_NOOP("Actions", "Draw a box with the keyboard"), ("K",), _STUDY,
        tip=QT_TRANSLATE_NOOP("Actions", "Arrow keys move the box, with Shift they change its size"),
    ),
    ActionSpec(
        "segment.next_empty", QT_TRANSLATE_NOOP("Actions", "Next slice without a mask"), ("Space",), _LABEL_3D,
        icon="next_empty", repeats=True,
    ),
    ActionSpec(
        "segment.next_doubtful", QT_TRANSLATE_NOOP("Actions", "Next doubtful slice"), ("Shift+Space",), _LABEL_3D,
        icon="warning", repeats=True,
        tip=QT_TRANSLATE_NOOP("Actions", "Go to the next slice whose mask deserves a second look"),
    ),
)  # fmt: skip

_TOOL = (
    ActionSpec(
        "tool.navigate", QT_TRANSLATE_NOOP("Actions", "Move the crosshair"), ("V",), _STUDY, icon="navigate",
        checkable=True,
    ),
    ActionSpec(
        "tool.window", QT_TRANSLATE_NOOP("Actions", "Brightness and contrast"), ("W",), _STUDY, icon="window",
        tip=QT_TRANSLATE_NOOP("Actions", "Drag up or down for brightness, sideways for contrast"), checkable=True,
    ),
    ActionSpec(
        "tool.box", QT_TRANSLATE_NOOP("Actions", "Box"), ("B",), _STUDY, icon="box",
        tip=QT_TRANSLATE_NOOP("Actions", "Drag a box round an object; the mask follows"), checkable=True,
    ),
    ActionSpec(
        "tool.point", QT_TRANSLATE_NOOP("Actions", "Point"), ("P",), _STUDY, icon="point",
        tip=QT_TRANSLATE_NOOP("Actions", "Click what belongs to the object, or what does not"), checkable=True,
    ),
    ActionSpec(
        "tool.sign", QT_TRANSLATE_NOOP("Actions", "Points take away"), ("T",), _STUDY, icon="sign",
        tip=QT_TRANSLATE_NOOP("Actions", "Points mark what does not belong to the object"), checkable=True,
    ),
    ActionSpec(
        "tool.brush", QT_TRANSLATE_NOOP("Actions", "Brush"), ("S",), _STUDY, icon="brush", checkable=True,
    ),
    ActionSpec(
        "tool.eraser", QT_TRANSLATE_NOOP("Actions", "Eraser"), ("X",), _STUDY, icon="eraser", checkable=True,
    ),
    ActionSpec(
        "tool.lasso", QT_TRANSLATE_NOOP("Actions", "Lasso"), ("L",), _STUDY, icon="lasso", checkable=True,
    ),
    ActionSpec(
        "tool.ball", QT_TRANSLATE_NOOP("Actions", "Paint a ball in 3-D"), ("Shift+S",), _VOLUME, icon="ball",
        checkable=True,
    ),
    ActionSpec("tool.larger", QT_TRANSLATE_NOOP("Actions", "Larger brush"), ("]", "+"), _STUDY, repeats=True),
    ActionSpec("tool.smaller", QT_TRANSLATE_NOOP("Actions", "Smaller brush"), ("[", "-"), _STUDY, repeats=True),
)  # fmt: skip

_LABEL_ACTIONS = (
    ActionSpec("label.add", QT_TRANSLATE_NOOP("Actions", "Add a label"), ("Ctrl+L",), _STUDY, icon="add"),
    ActionSpec("label.rename", QT_TRANSLATE_NOOP("Actions", "Rename the label…"), ("F2",), _LABEL, icon="rename"),
    ActionSpec("label.recolour", QT_TRANSLATE_NOOP("Actions", "Colour of the label…"), needs=_LABEL, icon="colour"),
    ActionSpec("label.remove", QT_TRANSLATE_NOOP("Actions", "Remove the label"), needs=_LABEL, icon="remove"),
    ActionSpec(
        "label.lock", QT_TRANSLATE_NOOP("Actions", "Lock the label"), ("Ctrl+K",), _LABEL, icon="lock",
        tip=QT_TRANSLATE_NOOP("Actions", "A locked label is never painted over"), checkable=True,
    ),
    ActionSpec(
        "label.show", QT_TRANSLATE_NOOP("Actions", "Show the label"), ("Shift+G",), _LABEL, icon="eye", checkable=True
    ),
    ActionSpec("label.next", QT_TRANSLATE_NOOP("Actions", "Next label"), (".",), _LABEL, repeats=True),
    ActionSpec("label.previous", QT_TRANSLATE_NOOP("Actions", "Previous label"), (",",), _LABEL, repeats=True),
    *(
        ActionSpec(
            f"label.pick_{n}", QT_TRANSLATE_NOOP("Actions", "Label {number}"), (f"Ctrl+{n}",), _LABEL, number=n
        )
        for n in range(1, 10)
    ),
)  # fmt: skip

_SHAPE = (
    ActionSpec("shape.fill_holes", QT_TRANSLATE_NOOP("Actions", "Fill holes"), ("H",), _LABEL),
    ActionSpec("shape.keep_largest", QT_TRANSLATE_NOOP("Actions", "Keep the largest part"), ("Shift+K",), _LABEL),
    ActionSpec("shape.smooth", QT_TRANSLATE_NOOP("Actions", "Smooth"), ("Shift+M",), _LABEL),
    ActionSpec(
        "shape.interpolate", QT_TRANSLATE_NOOP("Actions", "Fill the slices between"), ("Shift+N",), _LABEL_3D,
        tip=QT_TRANSLATE_NOOP("Actions", "Work out the label in empty slices from the slices on both sides"),
    ),
    ActionSpec("shape.copy_next", QT_TRANSLATE_NOOP("Actions", "Copy to the next slice"), ("Ctrl+PgDown",), _LABEL_3D),
    ActionSpec(
        "shape.copy_previous", QT_TRANSLATE_NOOP("Actions", "Copy to the previous slice"), ("Ctrl+PgUp",), _LABEL_3D
    ),
    ActionSpec("shape.clear_slice", QT_TRANSLATE_NOOP("Actions", "Clear the label in this slice"), ("Del",), _LABEL),
)  # fmt: skip

_VIEW = (
    ActionSpec("view.axial", QT_TRANSLATE_NOOP("Actions", "Axial"), ("F5",), _VOLUME, checkable=True),
    ActionSpec("view.coronal", QT_TRANSLATE_NOOP("Actions", "Coronal"), ("F6",), _VOLUME, checkable=True),
    ActionSpec("view.sagittal", QT_TRANSLATE_NOOP("Actions", "Sagittal"), ("F7",), _VOLUME, checkable=True),
    ActionSpec(
        "view.four_up", QT_TRANSLATE_NOOP("Actions", "All planes"), ("F8",), _VOLUME, icon="four_up", checkable=True
    ),
    ActionSpec("view.fit", QT_TRANSLATE_NOOP("Actions", "Fit to the window"), ("F",), _STUDY, icon="fit"),
    ActionSpec("view.zoom_in", QT_TRANSLATE_NOOP("Actions", "Zoom in"), ("Ctrl++", "Ctrl+="), _STUDY, repeats=True),
    ActionSpec("view.zoom_out", QT_TRANSLATE_NOOP("Actions", "Zoom out"), ("Ctrl+-",), _STUDY, repeats=True),
    ActionSpec("view.labels", QT_TRANSLATE_NOOP("Actions", "Labels"), ("G",), _STUDY, icon="overlay", checkable=True),
    ActionSpec(
        "view.outline", QT_TRANSLATE_NOOP("Actions", "Outlines only"), ("O",), _STUDY, icon="outline", checkable=True
    ),
    ActionSpec(
        "view.opacity_up", QT_TRANSLATE_NOOP("Actions", "Stronger labels"), ("Alt+Right",), _STUDY, repeats=True
    ),
    ActionSpec(
        "view.opacity_down", QT_TRANSLATE_NOOP("Actions", "Fainter labels"), ("Alt+Left",), _STUDY, repeats=True
    ),
    ActionSpec("view.info", QT_TRANSLATE_NOOP("Actions", "Text in the corners"), ("I",), _STUDY, checkable=True),
    ActionSpec("view.crosshair", QT_TRANSLATE_NOOP("Actions", "Crosshair"), ("C",), _STUDY, checkable=True),
    ActionSpec("view.smooth", QT_TRANSLATE_NOOP("Actions", "Smooth pixels"), ("M",), _STUDY, checkable=True),
    ActionSpec("view.invert", QT_TRANSLATE_NOOP("Actions", "Invert grey"), ("N",), _STUDY, checkable=True),
    ActionSpec("view.next_slice", QT_TRANSLATE_NOOP("Actions", "Next slice"), ("Alt+Down",), _VOLUME, repeats=True),
    ActionSpec(
        "view.previous_slice", QT_TRANSLATE_NOOP("Actions", "Previous slice"), ("Alt+Up",), _VOLUME, repeats=True
    ),
    ActionSpec(
        "view.preset_0", QT_TRANSLATE_NOOP("Actions", "Brightness as in the file"), ("0",), _STUDY, number=0,
        checkable=True,
    ),
    *(
        ActionSpec(
            f"view.preset_{n}", QT_TRANSLATE_NOOP("Actions", "Brightness preset {number}"), (str(n),), _STUDY, number=n,
            checkable=True,
        )
        for n in range(1, 10)
    ),
    ActionSpec(
        "view.surface", QT_TRANSLATE_NOOP("Actions", "3-D surface"), ("D",), _LABEL_3D, icon="surface", checkable=True
    ),
    ActionSpec("view.panels", QT_TRANSLATE_NOOP("Actions", "Panels"), ("F9",), icon="panels", checkable=True),
    ActionSpec("view.full_screen", QT_TRANSLATE_NOOP("Actions", "Full screen"), ("F11",), checkable=True),
)  # fmt: skip

_REST = (
    ActionSpec(
        "measure.show", QT_TRANSLATE_NOOP("Actions", "Show the measures"), ("Ctrl+Shift+M",), _STUDY, icon="measure"
    ),
    ActionSpec(
        "measure.copy", QT_TRANSLATE_NOOP("Actions", "Copy measurements"), ("Ctrl+Shift+C",), _LABEL, icon="copy"
    ),
    ActionSpec("measure.save", QT_TRANSLATE_NOOP("Actions", "Save measurements…"), needs=_LABEL),
    ActionSpec("measure.compare", QT_TRANSLATE_NOOP("Actions", "Compare with other labels…"), needs=_LABEL),
    ActionSpec(
        "measure.forget", QT_TRANSLATE_NOOP("Actions", "End the comparison"), needs=frozenset({Need.REFERENCE})
    ),
    ActionSpec("batch.folder", QT_TRANSLATE_NOOP("Actions", "Segment a folder…"), ("Ctrl+B",), icon="batch"),
    ActionSpec("model.choose", QT_TRANSLATE_NOOP("Actions", "Model and device…"), ("Ctrl+M",), icon="model"),
    ActionSpec("model.import", QT_TRANSLATE_NOOP("Actions", "Import a model…")),
    ActionSpec("model.measure", QT_TRANSLATE_NOOP("Actions", "Measure the speed"), needs=frozenset({Need.MODEL})),
    ActionSpec("help.keys", QT_TRANSLATE_NOOP("Actions", "Keys and mouse"), ("F1",), icon="keys"),
    ActionSpec("help.palette", QT_TRANSLATE_NOOP("Actions", "Find an action…"), ("Ctrl+Shift+P",), icon="search"),
    ActionSpec("help.guide", QT_TRANSLATE_NOOP("Actions", "User guide"), icon="help"),
    ActionSpec("help.image", QT_TRANSLATE_NOOP("Actions", "About the image"), ("Ctrl+I",), _STUDY, icon="info"),
    ActionSpec("help.findings", QT_TRANSLATE_NOOP("Actions", "Findings about the image"), needs=_STUDY, icon="warning"),
    ActionSpec("help.licences", QT_TRANSLATE_NOOP("Actions", "Licences")),
    ActionSpec("help.diagnostics", QT_TRANSLATE_NOOP("Actions", "Problem report…")),
    ActionSpec("help.about", QT_TRANSLATE_NOOP("Actions", "About SwiftMedSAM"), role=Role.ABOUT),
)  # fmt: skip

ACTIONS: tuple[ActionSpec, ...] = (*_FILE, *_EDIT, *_SEGMENT, *_TOOL, *_LABEL_ACTIONS, *_SHAPE, *_VIEW, *_REST)
