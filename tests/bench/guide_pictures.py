"""The pictures of the user guide, taken afresh: `python -m tests.bench.guide_pictures [SCENE ...]`.

The real window is driven on the samples that ship, with the model that ships, without a screen; nothing of the user's
is read or written. A scene makes several pictures; without names all scenes are played.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from app import paths
from app.engine.batch_job_file import BoxesKind
from app.engine.export import write_labels
from app.engine.labelmap import PALETTE
from app.engine.phantom import ct_phantom
from app.engine.plane import Plane
from app.engine.prompt import Box
from app.gui.context import pixels_of
from app.gui.panels.batch_state import BatchForm
from app.gui.panels.batch_state import Stage as BatchStage
from app.gui.settings import THEME, ThemeChoice
from tests.bench.guide_stage import SIZE, Stage, live
from tests.gui.batch_pages import turn_to_review

_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "guide"
_SOMEWHERE = Path("/home/you/Documents")
_COLOURS = (256, 192, 128, 96)
_LARGEST_BYTES = 140_000
_STRIP_PX = 24
_RARE = (*PALETTE[:6], (60, 220, 120), (255, 90, 80), (110, 200, 255), (90, 170, 255), (255, 190, 80))
_BRAIN, _ABDOMEN, _RETINA, _VERTEBRA = (
    "mr_brain_mni152.nii.gz", "ct_phantom.nii.gz", "fundus.jpg", "ct_vertebra.dcm",
)  # fmt: skip
_ORGANS = (  # name, box on a slice, the slice, first and last slice
    ("Liver", Box(15, 28, 64, 69), 14, range(4, 24)),
    ("Left kidney", Box(82, 57, 103, 80), 11, range(5, 19)),
    ("Vertebra", Box(53, 70, 74, 88), 14, range(3, 25)),
    ("Stomach", Box(71, 27, 102, 50), 16, range(10, 23)),
)


Keep = Callable[[str, QImage], None]


def welcome(stage: Stage, keep: Keep) -> None:
    """Nothing is open."""
    keep("welcome", stage.picture())


def brain(stage: Stage, keep: Keep) -> None:
    """A volume in three planes, a box, what is accepted, what a crash would leave."""
    stage.open(_BRAIN)
    keep("planes", stage.picture())
    stage.go_to(84, 120, 94)
    stage.ask("view.axial", "view.crosshair")
    stage.zoom(4)
    stage.draw(Box(74, 94, 97, 146))
    keep("box", stage.picture())
    stage.ask("segment.accept")
    keep("accepted", stage.picture())
    journals = Path(os.environ["SWIFTMEDSAM_HOME"]) / "data" / "journals"
    shutil.copytree(journals, journals.with_name("left"))
    stage.answering(
        lambda: stage.context.recovery.offer(journals.with_name("left")),
        lambda dialog: keep("recovery", stage.picture(stage.middle(dialog))),
    )


def retina(stage: Stage, keep: Keep) -> None:
    """A picture in colour, and clicks."""
    stage.open(_RETINA)
    stage.draw(Box(118, 548, 315, 763))
    stage.ask("tool.point")
    stage.click(180, 600)
    stage.ask("tool.sign")
    stage.click(330, 650)
    keep("points", stage.picture())


def vertebra(stage: Stage, keep: Keep) -> None:
    """What was noticed about an image, and what is known of it."""
    stage.open(_VERTEBRA)
    stage.ask("help.findings")
    keep("findings", stage.picture())
    stage.ask("help.image")
    keep("image", stage.picture())


def abdomen(stage: Stage, keep: Keep) -> None:
    """Carrying, slices, labels, surfaces, corrections, measures, export."""
    stage.open(_ABDOMEN)
    stage.context.docks.labels.rename(1, _ORGANS[0][0])
    stage.go_to(40, 48, 14)
    stage.ask("view.axial", "view.crosshair")
    stage.draw(_ORGANS[0][1])
    stage.answering(
        stage.context.actions["segment.fill_box"].trigger,
        lambda dialog: keep("box3d", stage.picture(stage.middle(dialog))),
    )
    stage.context.docks.strip.set_limits(_ORGANS[0][3])
    stage.ask("segment.propagate")
    keep("carried", stage.picture())
    stage.ask("edit.undo", "view.four_up", "view.crosshair")
    for number, (name, box, index, slices) in enumerate(_ORGANS):
        if number:
            stage.ask("label.add")
            stage.enter(name)
        stage.go_to(64, 56, index)
        stage.draw(box, Plane.AXIAL)
        stage.context.propagate.fill_box(box, 0, slices)
        stage.settle()
    keep("surface", stage.picture())
    for scene in (labels, corrections, measures, export):
        scene(stage, keep)
    stage.settings.set(THEME, ThemeChoice.LIGHT)
    stage.settle()
    keep("light", stage.picture())
    stage.settings.set(THEME, ThemeChoice.DARK)


def labels(stage: Stage, keep: Keep) -> None:
    """A locked label in the way of a preview, and the menu of a slice."""
    stage.context.docks.labels.choose(1)
    stage.ask("label.lock")
    stage.context.docks.labels.choose(3)
    stage.go_to(55, 60, 14)
    stage.ask("view.axial", "view.crosshair")
    stage.draw(Box(38, 44, 68, 76))
    keep("locked", stage.picture())
    stage.ask("segment.reject")
    view = stage.view()
    QTest.mouseClick(view, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, stage.place(40, 48))
    stage.wait(lambda: any(menu.isVisible() for menu in stage.window.findChildren(QMenu, "menu.slice")))
    menu = next(menu for menu in stage.window.findChildren(QMenu, "menu.slice") if menu.isVisible())
    keep("menu", stage.picture((menu, view.mapTo(stage.window, stage.place(40, 48)))))
    menu.close()
    stage.context.docks.labels.choose(1)
    stage.ask("label.lock")


def corrections(stage: Stage, keep: Keep) -> None:
    """The brush at work."""
    stage.ask("tool.brush", "tool.larger", "tool.larger", "tool.larger")
    stage.go_to(40, 48, 14)
    stage.zoom(2)
    stage.stroke([(52.0 + 2 * n, 33.0 + 0.35 * n * n) for n in range(7)], release=False)
    keep("brush", stage.picture())
    stage.release(64.0, 45.0)
    stage.ask("edit.undo", "tool.box", "view.fit", "view.crosshair", "view.four_up")


def measures(stage: Stage, keep: Keep) -> None:
    """What the labels measure, and how far they agree with the truth."""
    truth = ct_phantom(noise_hu=20)
    study = stage.context.document.study
    path = Path(os.environ["SWIFTMEDSAM_HOME"]) / "reference.nii.gz"
    if study is not None:
        names = dict(enumerate((name for name, *_ in _ORGANS), start=1))
        write_labels(path, truth.labels.astype(np.uint16), study.volume, label_names=names, overwrite=True)
    stage.ask("measure.show")
    stage.context.docks.measure.compare(path)
    stage.wait(lambda: stage.context.docks.measure.has_reference)
    stage.dock("strip").hide()
    stage.settle()
    keep("measures", stage.picture())
    stage.ask("measure.forget")
    stage.dock("strip").show()
    stage.dock("measures").hide()


def export(stage: Stage, keep: Keep) -> None:
    """Which labels go where in which format."""

    def look(dialog: QWidget) -> None:
        where = next(each for each in dialog.findChildren(QLineEdit) if each.accessibleName() == "File")
        where.setText(str(_SOMEWHERE / Path(where.text()).name))  # no folder of the machine that takes the picture
        keep("export", stage.picture(stage.middle(dialog)))

    stage.answering(stage.context.actions["file.export_labels"].trigger, look)


def dialogs(stage: Stage, keep: Keep) -> None:
    """What stands beside the work: model, keys, preferences, actions by name, problem report."""
    stage.open(_ABDOMEN)
    stage.ask("model.choose")
    keep("model", stage.picture())
    stage.dock("model").hide()
    for action, name in (
        ("help.keys", "keys"), ("edit.preferences", "preferences"), ("help.palette", "palette"),
    ):  # fmt: skip
        stage.ask(action)
        dialog = stage.dialog()
        _type_into(dialog, "sl" if name == "palette" else "")
        keep(name, stage.picture(stage.middle(dialog)))
        dialog.close()
        stage.settle()


def batch(stage: Stage, keep: Keep) -> None:
    """A folder is segmented, and the results are looked at."""
    images, masks = (Path(os.environ["SWIFTMEDSAM_HOME"]) / name for name in ("images", "masks"))
    images.mkdir()
    prompts = json.loads((paths.samples_dir() / "prompts.json").read_text(encoding="utf-8"))
    prompts["cases"].pop(_BRAIN)  # it would take as long as all others
    for name in prompts["cases"]:
        shutil.copy(paths.samples_dir() / name, images)
    (images.parent / "prompts.json").write_text(json.dumps(prompts), encoding="utf-8")
    worker = stage.context.docks.batch
    stage.ask("batch.folder")
    worker.window.resize(*SIZE)
    form = BatchForm(images, BoxesKind.FILE, images.parent / "prompts.json", masks=masks)
    worker.window.setup.set_form(form)
    worker.window.setup.set_images(images)
    stage.wait(lambda: worker.form.cases is not None)
    stage.settle()
    _hide_paths(worker.window)
    keep("batch", worker.window.grab().toImage())
    worker.window.setup.set_form(form)
    stage.wait(lambda: worker.form.cases is not None and not worker.form.obstacle)
    worker.start()
    stage.wait(lambda: worker.stage is BatchStage.ENDED)
    turn_to_review(worker.window)
    stage.settle()
    worker.window.set_title(f"{_SOMEWHERE}/masks/batch_2026-01-01_180000.swiftbatch")
    keep("batch_review", worker.window.grab().toImage())


def _hide_paths(window: QWidget) -> None:
    """Folders of the machine that takes the pictures are no business of the guide's readers."""
    for field in window.findChildren(QLineEdit):
        if field.text().startswith("/"):
            field.blockSignals(True)
            field.setText(str(_SOMEWHERE / Path(field.text()).name))
            field.blockSignals(False)


def _type_into(dialog: QWidget, text: str) -> None:
    if text:
        QTest.keyClicks(dialog.focusWidget(), text)
        live(200)


SCENES = {scene.__name__: scene for scene in (welcome, brain, retina, vertebra, abdomen, dialogs, batch)}


def save(folder: Path, name: str, image: QImage) -> None:
    """Write a picture, in as many colours as its size allows."""
    path = folder / f"{name}.png"
    picture = Image.fromarray(pixels_of(image))
    area = (0, 0, picture.width, picture.height)
    dyed = Image.new("RGB", (picture.width, picture.height + _STRIP_PX))
    dyed.paste(picture, area)
    for number, colour in enumerate(_RARE):  # what is seldom seen, as the dot that says ready, keeps its colour
        width = picture.width // len(_RARE)
        dyed.paste(colour, (number * width, picture.height, (number + 1) * width, picture.height + _STRIP_PX))
    for colours in _COLOURS:
        few = dyed.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE).crop(area)
        few.save(path, optimize=True)
        if path.stat().st_size <= _LARGEST_BYTES:
            break
    print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB, {colours} colours")


def play(name: str) -> None:
    """Play a scene in a window of its own, and keep its pictures."""
    stage = Stage(Path(os.environ["SWIFTMEDSAM_HOME"]) / f"{name}.ini")
    try:
        SCENES[name](stage, partial(save, _FOLDER))
    finally:
        stage.close()


def main(names: list[str]) -> None:
    """Play scenes, each in a process of its own, so that none is in the way of the next."""
    with tempfile.TemporaryDirectory() as home:
        for name in names or SCENES:
            call = f"from tests.bench.guide_pictures import play; play({name!r})"
            subprocess.run([sys.executable, "-c", call], check=True, env={**os.environ, "SWIFTMEDSAM_HOME": home})


if __name__ == "__main__":
    main(sys.argv[1:])
