"""A batch from the window: its run in the background, and the review of its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.engine.batch import Working
from app.engine.batch_job import SUFFIX
from app.engine.batch_job_file import Setup
from app.engine.drawn_boxes import Placement
from app.engine.errors import EngineError
from app.gui.controllers.batch_left import BatchLeftController
from app.gui.controllers.batch_pace import Pace
from app.gui.controllers.batch_review import BatchReviewController
from app.gui.controllers.batch_setup import BatchSetupController
from app.gui.controllers.batch_work import Bench, Changed, Pictured, Reported, Told, begin, take_up
from app.gui.dialogs.batch import BatchAsks
from app.gui.document import Document
from app.gui.inference import Inference
from app.gui.jobs import Jobs, Lane
from app.gui.panels.batch import BatchWindow
from app.gui.panels.batch_state import BatchForm, CaseRow, CaseState, Overall, Stage
from app.gui.settings import Settings

_JOBS = "batch_jobs"  # under this name the last folder is remembered


class BatchController(QObject):
    """Does what the window of a batch asks for, on the engine thread and behind everything else."""

    def __init__(
        self, document: Document, jobs: Jobs, inference: Inference, settings: Settings, parent: QObject | None = None,
        *, asks: Callable[[QWidget], BatchAsks] = BatchAsks, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._jobs, self._inference, self._settings = jobs, inference, settings
        self._stage = Stage.SETUP
        self._bench: Bench | None = None
        self._steps: Generator[Told] | None = None  # of the run; kept while it is paused
        self._begins: Path | None = None  # the job that is being begun
        self._ending = False  # the user said so meanwhile: it waits
        self._working = 0.0  # how much of the case in work is done
        self._overall = Overall()
        self._pace = Pace(clock)
        self.window = BatchWindow()
        self.asks = asks(self.window)
        self.form = BatchSetupController(document, jobs, settings, self.window, self.asks, self)
        self.left = BatchLeftController(jobs, settings, self.window, self.asks, self)
        self.review = BatchReviewController(jobs, self.window, self._tell, self.asks, self)
        self._connect()

    def _connect(self) -> None:
        window = self.window
        for asked, answer in (
            (window.setup.start_requested, self.start),
            (window.load_requested, self._choose_job),
            (window.new_requested, self.prepare),
            (window.foot.pause_requested, self.pause),
            (window.foot.go_on_requested, self.go_on),
            (window.foot.stop_requested, self.stop),
            (window.foot.again_requested, self.try_again),
            (self.left.accepted, self._go_on_with),
        ):
            asked.connect(answer)

    @property
    def stage(self) -> Stage:
        """Where the batch stands."""
        return self._stage

    def show(self) -> None:
        """Bring the window to the front."""
        if not self.window.isVisible() and self._stage is Stage.SETUP:
            self.window.setup.setFocus()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        self.form.refresh()
        if self._stage is Stage.SETUP and not self._jobs.is_running(Lane.BATCH):
            self.left.offer_in_window()

    def may_close(self) -> bool:
        """Whether the program may end now; while a batch is at work the user decides, once, and it is held up."""
        if self._stage is Stage.RUNNING or (self._stage is Stage.BEGINNING and not self._ending):
            question = self.tr("A batch is at work. End the program now? The next start offers to go on with it.")
            if not self.asks.confirm(self.tr("Segment a folder"), question):
                return False
            self._ending = self._stage is Stage.BEGINNING
            if self._begins is not None:
                self.left.remember(self._begins)
            self.pause()
        return True

    def end(self) -> None:
        """The program ends, and the engine thread has."""
        self.window.close()
        self.close()

    def close(self) -> None:
        """While nothing is in work: let others work on the job."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        if self._bench is not None:
            self._bench.job.release()
            self._bench = None
            self.review.set_bench(None)

    # ------------------------------------------------------------------------------------------------------------ run

    @Slot()
    def start(self) -> None:
        """Begin what is filled in."""
        try:
            setup, cases = self.form.setup(), self.form.cases
        except EngineError as error:
            self.asks.error(error)
            return
        if setup is not None and cases is not None and self._stage is Stage.SETUP:
            name = f"batch_{datetime.now().astimezone():%Y-%m-%d_%H%M%S}{SUFFIX}"
            path = setup.output / name
            self._begins = path
            self._take(lambda: begin(path, setup, cases, self._inference), go_on=True)

    def load(self, path: Path, *, go_on: bool = False) -> None:
        """Show the batch of a file, and go on with it at once where that is wanted."""
        if self._stage is Stage.ENDED:
            self.close()
        if self._stage in (Stage.SETUP, Stage.ENDED):
            self._take(lambda: take_up(path, self._inference), go_on=go_on)

    def prepare(self) -> None:
        """Make place for another batch."""
        if self._stage is Stage.ENDED:
            self.close()
            self.window.set_title("")
            self._turn(Stage.SETUP)
            self.window.show_cases()

    @Slot()
    def pause(self) -> None:
        """Hold the run up as soon as the step in work has ended."""
        if self._stage is Stage.RUNNING:
            self._turn(Stage.PAUSING)

    @Slot()
    def go_on(self) -> None:
        """Do the cases that wait."""
        bench = self._bench
        if bench is None or self._stage not in (Stage.PAUSED, Stage.ENDED):
            return
        self.left.remember(bench.job.path)
        if self._steps is None:
            self._steps = bench.work()
        steps = self._steps
        self._pace.begin(self._overall.finished + self._working)
        self._turn(Stage.RUNNING)
        self._jobs.run_steps(Lane.BATCH, lambda: steps, self._tell, self._end, self._fail)

    @Slot()
    def stop(self) -> None:
        """End the run; what is done is kept, and the rest waits."""
        if self._stage in (Stage.RUNNING, Stage.PAUSING, Stage.PAUSED):
            self._jobs.cancel(Lane.BATCH)
            self._jobs.submit(Lane.BATCH, self._ended_early, lambda _: self._end(), self._fail)

    @Slot()
    def try_again(self) -> None:
        """Let the cases that failed wait once more, and do them."""
        bench = self._bench
        if bench is not None and self._stage is Stage.ENDED:
            for row in self.window.cases.rows:
                if row.state is CaseState.FAILED:
                    bench.ask(partial(bench.again, row.name))
            self._jobs.run_steps(Lane.BATCH, bench.answers, self._tell, self.go_on, self._fail)

    def _ended_early(self) -> None:
        """On the engine thread, where no step is in work: let go of the case that was."""
        if self._steps is not None:
            self._steps.close()

    def _take(self, make: Callable[[], Bench], *, go_on: bool) -> None:
        """Show another job."""

        def taken(bench: Bench) -> None:
            self._bench, self._steps = bench, None
            self.window.set_problem("")
            self.review.set_bench(bench)
            self.left.clear()
            self.form.activate(on=False)
            self.window.setup.set_form(_form_of(bench.job.setup))
            about = {row.name: row.about for row in self.window.cases.rows}
            rows = [CaseRow(entry.case, about.get(entry.case, "")).with_entry(entry) for entry in bench.job.entries]
            self.window.cases.fill(rows, (bench.job.setup.input, bench.job.setup.output))
            self.window.set_title(str(bench.job.path))
            self._turn(Stage.ENDED)
            if go_on and not ended():
                self.go_on()

        def ended() -> bool:
            ending, self._ending, self._begins = self._ending, False, None
            return ending

        def failed(error: Exception) -> None:
            ended()
            self.window.set_title("")
            self._turn(Stage.SETUP)
            self.asks.error(error)

        self._turn(Stage.BEGINNING)
        self._jobs.submit(Lane.BATCH, make, taken, failed)

    def _tell(self, told: Told) -> None:
        """What the engine has done last."""
        if isinstance(told, Working):
            self._working = told.done
            row = self.window.cases.row(told.case)
            if row is not None:
                self.window.cases.put(replace(row, state=CaseState.RUNNING, done=told.done))
        elif isinstance(told, Changed):
            self._working = 0.0
            row = self.window.cases.row(told.entry.case)
            if row is not None:
                self.window.cases.put(row.with_entry(told.entry))
            self._count()
            self.window.set_problem(told.unsaved)
        elif isinstance(told, Pictured):
            self.window.review.model.set_picture(told.case, told.picture)
        elif isinstance(told, Reported):
            self.window.set_problem(told.problem)
        if self._stage is Stage.PAUSING:
            self._jobs.cancel(Lane.BATCH)
            self._turn(Stage.PAUSED)
            self.review.report()
        else:
            self._show()

    def _end(self) -> None:
        """Nothing waits any more, or the user has stopped it."""
        self._steps, self._working = None, 0.0
        if self._bench is not None:
            self.left.forget(self._bench.job.path)
            for entry in self._bench.job.entries:
                row = self.window.cases.row(entry.case)
                if row is not None:
                    self.window.cases.put(row.with_entry(entry))
        self._turn(Stage.ENDED)
        self.review.report()

    def _fail(self, error: Exception) -> None:
        self._end()
        self.asks.error(error)

    @Slot(object)
    def _go_on_with(self, path: Path) -> None:
        if self._stage is Stage.SETUP:
            self.window.show()
            self.load(path, go_on=True)

    def _choose_job(self) -> None:
        path = self.asks.job(self._settings.folder(_JOBS))
        if path is not None:
            self._settings.set_folder(_JOBS, path.parent)
            self.load(path)

    def _turn(self, stage: Stage) -> None:
        self._stage = stage
        self.window.review.model.ask_again()  # another job of the lane may have silenced the answers
        if stage is Stage.SETUP:
            self.form.activate(on=True)
        self._count()
        self._show()

    def _count(self) -> None:
        """How many cases there are of each kind."""
        rows = self.window.cases.rows
        self._overall = Overall(
            self._stage,
            len(rows),
            sum(row.result is not None for row in rows),
            sum(row.state is CaseState.DOUBTFUL for row in rows),
            sum(row.state is CaseState.FAILED for row in rows),
        )

    def _show(self) -> None:
        """How far it all is."""
        left = None
        if self._stage is Stage.RUNNING:
            left = self._pace.seconds_left(self._overall.finished + self._working, self._overall.total)
        self.window.set_overall(replace(self._overall, part=self._working, seconds_left=left))


def _form_of(setup: Setup) -> BatchForm:
    """What was filled in when a job began."""
    drawn = setup.boxes.drawn
    return BatchForm(
        setup.input,
        setup.boxes.kind,
        setup.boxes.path,
        Placement.WORLD if drawn is None else drawn.placement,
        setup.output,
        setup.formats,
        setup.existing,
        setup.options,
    )
