"""What the window of a batch shows: frozen values, in words of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from app.engine.batch import CaseResult, Existing, Status
from app.engine.batch_job_file import BoxesKind, Entry, Mark
from app.engine.drawn_boxes import Placement
from app.engine.job import Options


class CaseState(Enum):
    """Where a case stands."""

    FOUND = "found"  # nothing was begun
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DOUBTFUL = "doubtful"  # done, and worth a second look
    SKIPPED = "skipped"
    NO_PROMPTS = "no prompts"
    FAILED = "failed"


class Stage(Enum):
    """Where a batch stands."""

    SETUP = "setup"  # there is none
    BEGINNING = "beginning"
    RUNNING = "running"
    PAUSING = "pausing"  # as soon as the step in work ends
    PAUSED = "paused"
    ENDED = "ended"  # stopped, or nothing waits any more


_STATES = {
    Status.DONE: CaseState.DONE,
    Status.SKIPPED: CaseState.SKIPPED,
    Status.NO_PROMPTS: CaseState.NO_PROMPTS,
    Status.FAILED: CaseState.FAILED,
}


@dataclass(frozen=True)
class CaseRow:
    """A case: its name, what is known of the image, how much is done (0..1), what became of it, and its mark.

    `has_mask`: there is a result to look at.
    """

    name: str
    about: str = ""
    state: CaseState = CaseState.FOUND
    done: float = 0.0
    result: CaseResult | None = None
    mark: Mark = Mark.NONE

    @property
    def has_mask(self) -> bool:
        """Whether there is a result to look at."""
        return self.result is not None and self.result.target is not None

    @property
    def score(self) -> float:
        """The lowest score of its labels; 1 where none is known."""
        scores = [one.score for one in self.result.labels if one.score is not None] if self.result else []
        return min(scores, default=1.0)

    def with_entry(self, entry: Entry) -> CaseRow:
        """As the job has it now."""
        result = entry.result
        if result is None:
            return replace(self, state=CaseState.WAITING, done=0.0, result=None, mark=entry.mark)
        state = CaseState.DOUBTFUL if result.doubtful else _STATES[result.status]
        return replace(self, state=state, done=1.0, result=result, mark=entry.mark)


@dataclass(frozen=True)
class BatchForm:
    """What is filled in. Paths are None where nothing was entered."""

    images: Path | None = None
    boxes: BoxesKind = BoxesKind.FILE
    boxes_path: Path | None = None
    placement: Placement = Placement.WORLD
    masks: Path | None = None
    formats: tuple[str, ...] = ()
    existing: Existing = Existing.SKIP
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Overall:
    """How far the whole batch is; `seconds_left` None while nobody can tell."""

    stage: Stage = Stage.SETUP
    total: int = 0
    finished: int = 0
    doubtful: int = 0
    failed: int = 0
    part: float = 0.0  # of the case in work, 0..1
    seconds_left: float | None = None
