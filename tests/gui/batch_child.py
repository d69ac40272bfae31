"""A window that works on a batch until it is killed: `python -m tests.gui.batch_child FOLDER MODEL CASE`.

It stops for ever, and says so, when that case is in work.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer

from app.engine.batch_job_file import BoxesKind
from app.gui.application import make_application
from app.gui.controllers.batch import BatchController
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs
from app.gui.panels.batch_state import BatchForm, CaseState
from app.gui.settings import Settings


def main() -> None:
    """Fill the form in, start, and wait for the end."""
    folder, model, case = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    application = make_application()
    controller = BatchController(Document(), Jobs(), Inference(ModelChoice(model)), Settings())
    setup = controller.window.setup
    setup.set_form(BatchForm(folder / "in", BoxesKind.FILE, folder / "boxes.csv", masks=folder / "out"))
    setup.folders_entered.emit()
    timer = QTimer()

    def look() -> None:
        row = controller.window.cases.row(case)
        if row is not None and row.state is CaseState.FOUND:
            controller.start()
        elif row is not None and row.state is CaseState.RUNNING:
            sys.stdout.write("stopped\n")
            sys.stdout.flush()
            time.sleep(600)

    timer.timeout.connect(look)
    timer.start(5)
    application.exec()


if __name__ == "__main__":
    main()
