"""What a batch is to do: the cases of a folder are found before anything runs, and what is missing is said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.engine.batch import CaseResult, Status
from app.engine.batch_job_file import BoxesFrom, BoxesKind, Setup
from app.engine.cases import Cases
from app.engine.drawn_boxes import Drawn, DrawnBoxes, drawn_in
from app.engine.errors import EngineError, PromptError
from app.engine.io.listing import Skipped
from app.engine.progress import Stop, StoppedError
from app.gui.controllers.batch_work import find
from app.gui.dialogs.batch import BatchAsks
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.batch import BatchWindow
from app.gui.panels.batch_state import BatchForm, CaseRow, CaseState
from app.gui.settings import Settings
from app.gui.translation import as_sentence

_IMAGES, _BOXES, _MASKS = "batch_images", "batch_boxes", "batch_masks"  # under these names folders are remembered


_Places = tuple[Path | None, Path | None]  # the folder of images, and that of masks where it lies inside


class BatchSetupController(QObject):
    """Answers the form of the window of a batch, while no batch is shown there."""

    def __init__(
        self, document: Document, jobs: Jobs, settings: Settings, window: BatchWindow, asks: BatchAsks,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._jobs, self._settings = document, jobs, settings
        self._window, self._asks = window, asks
        self._active = True
        self._looked_at: _Places | None = None  # what was looked through last
        self._found: Cases | None = None
        self._stop = Stop()  # of the looking
        form = window.setup
        form.changed.connect(self.refresh)
        form.folders_entered.connect(self._look)
        form.images_wanted.connect(self._choose_images)
        form.boxes_wanted.connect(self._choose_boxes)
        form.masks_wanted.connect(self._choose_masks)
        document.opened.connect(self.refresh)
        document.acted.connect(self.refresh)
        self._check()

    @property
    def cases(self) -> Cases | None:
        """The cases of the folder, once they were found."""
        return self._found

    def setup(self) -> Setup | None:
        """What is to be done, but for the model; None where something is missing. Raises PromptError."""
        form = self._window.setup.form()
        if self._obstacle(form) or form.images is None or form.masks is None:
            return None
        drawn = None
        if form.boxes is BoxesKind.DRAWN:
            study, prompts = self._document.study, self._drawn()
            if study is None or prompts is None:
                raise PromptError("no image is open")
            drawn = DrawnBoxes(prompts.prompts, study.volume.geometry, form.placement)
        boxes = BoxesFrom(form.boxes, form.boxes_path, drawn)
        return Setup(form.images, form.masks, boxes, "", form.options, form.existing, form.formats)

    def activate(self, on: bool) -> None:
        """Whether the form is in use; when it is again, the folder is looked through anew."""
        self._active = on
        self._check()
        if on:
            self._looked_at = self._found = None
            self._window.cases.fill(())
            self._look()
            self.refresh()

    @Slot()
    def _look(self) -> None:
        """Look through the folder of images, unless that has been done."""
        form = self._window.setup.form()
        places = _places(form)
        if not self._active or places == self._looked_at:
            return
        self._looked_at, self._found = places, None
        self._stop.ask()  # another folder is being looked through, perhaps
        self._window.cases.fill(())
        self._check()
        folder, without = places
        if folder is None:
            self._window.setup.set_found("")
            return
        self._window.setup.set_found(self.tr("Looking for images…"))
        self._stop = stop = Stop()
        self._jobs.submit(
            Lane.BATCH, lambda: stop.run(lambda: find(folder, without)), partial(self._show_found, places),
            self._not_found,
        )  # fmt: skip

    def _show_found(self, places: _Places, cases: Cases) -> None:
        if places == self._looked_at and self._active:
            self._found = cases
            rows = [CaseRow(case.name, case.summary) for case in cases.found]
            folders = [place for place in places if place is not None]
            self._window.cases.fill([*rows, *(_broken(skip, places[0]) for skip in cases.broken)], folders)
            self._window.setup.set_found(self._found_text(cases))
            self._check()

    def _found_text(self, cases: Cases) -> str:
        found, broken, others = len(cases.found), len(cases.broken), len(cases.others)
        parts = [self.tr("1 image was found") if found == 1 else self.tr("{0} images were found").format(found)]
        if broken:
            parts.append(self.tr("1 is damaged") if broken == 1 else self.tr("{0} are damaged").format(broken))
        if others:
            one, more = self.tr("1 other file was passed over"), self.tr("{0} other files were passed over")
            parts.append(one if others == 1 else more.format(others))
        return ", ".join(parts)

    def _not_found(self, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        if isinstance(error, EngineError):
            self._window.setup.set_found(as_sentence(str(error)))
        else:
            self._window.setup.set_found("")
            self._asks.error(error)
        self._check()

    @Slot()
    def refresh(self) -> None:
        """Say what is drawn in the open image now, where that matters, and whether the batch can begin."""
        if not (self._active and self._window.isVisible()):
            return
        if self._window.setup.form().boxes is BoxesKind.DRAWN:
            self._window.setup.set_drawn(self._drawn_text())
        self._check()

    def _drawn_text(self) -> str:
        drawn = self._drawn()
        if drawn is None:
            return self.tr("No image is open in the main window.")
        if not drawn.prompts:
            return self.tr("Nothing was drawn and accepted in the open image.")
        names = ", ".join(dict.fromkeys(prompt.label for prompt in drawn.prompts))
        one, more = self.tr("1 box or set of clicks: {0}"), self.tr("{1} boxes or sets of clicks: {0}")
        text = (one if len(drawn.prompts) == 1 else more).format(names, len(drawn.prompts))
        if drawn.unclear:
            text += " " + self.tr("{0} more cannot be told apart and are left out.").format(drawn.unclear)
        return text

    @property
    def obstacle(self) -> str:
        """Why it cannot begin; "" where it can."""
        return self._obstacle(self._window.setup.form())

    @Slot()
    def _check(self) -> None:
        self._window.setup.set_obstacle(self.obstacle if self._active else "")

    def _obstacle(self, form: BatchForm) -> str:
        drawn = self._drawn() if form.boxes is BoxesKind.DRAWN else None
        stale = _places(form) != self._looked_at  # another folder is being typed in
        given = form.boxes in (BoxesKind.DRAWN, BoxesKind.CHALLENGE) or form.boxes_path is not None
        checks = (
            (form.images is None, self.tr("Choose the folder of the images.")),
            (stale or self._found is None or not self._found.found, self.tr("No image has been found yet.")),
            (
                form.boxes is BoxesKind.DRAWN and (drawn is None or not drawn.prompts),
                self.tr("Draw a box in the main window and accept its mask."),
            ),
            (not given, self.tr("Choose where the boxes come from.")),
            (form.masks is None, self.tr("Choose the folder of the masks.")),
            (form.masks == form.images, self.tr("Images and masks need different folders.")),
        )
        return next((why for wrong, why in checks if wrong), "")

    def _drawn(self) -> Drawn | None:
        study = self._document.study
        return None if study is None else drawn_in(study)

    def _choose_images(self) -> None:
        self._choose(_IMAGES, self._asks.images, self._window.setup.set_images)

    def _choose_masks(self) -> None:
        self._choose(_MASKS, self._asks.masks, self._window.setup.set_masks)

    def _choose_boxes(self) -> None:
        is_file = self._window.setup.form().boxes is BoxesKind.FILE
        self._choose(
            _BOXES, self._asks.prompts if is_file else self._asks.references, self._window.setup.set_boxes_path
        )

    def _choose(self, purpose: str, ask: Callable[[str], Path | None], take: Callable[[Path], None]) -> None:
        path = ask(self._settings.folder(purpose))
        if path is not None:
            self._settings.set_folder(purpose, path if path.is_dir() else path.parent)
            take(path)


def _places(form: BatchForm) -> _Places:
    inside = form.images is not None and form.masks is not None and form.images in form.masks.parents
    return form.images, form.masks if inside else None


def _broken(skip: Skipped, folder: Path | None) -> CaseRow:
    """An image that cannot be read, and why."""
    path = Path(skip.file)
    name = path.relative_to(folder).as_posix() if folder is not None and path.is_relative_to(folder) else str(path)
    return CaseRow(name, "", CaseState.FAILED, 1.0, CaseResult(name, Status.FAILED, message=skip.reason))
