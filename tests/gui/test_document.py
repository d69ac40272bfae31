"""The document: acts are undone bit for bit, and everybody is told what changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.errors import LabelError
from app.engine.labelmap import Label
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study
from app.gui.document import Document

_REGION = Box3D(2, 3, 1, 12, 13, 3)


def paint(study: Study, label: int = 1, region: Box3D = _REGION) -> Act:
    r = region
    return study.paint("Paint", [(r, np.ones((r.z1 - r.z0, r.y1 - r.y0, r.x1 - r.x0), dtype=bool))], label)


def voxels(document: Document) -> NDArray[np.uint16]:
    assert document.study is not None
    return document.study.labels.voxels.copy()


def test_that_undo_and_redo_give_back_every_voxel(document: Document) -> None:
    empty = voxels(document)
    document.do(paint)
    painted = voxels(document)
    assert painted.sum() == 200
    document.undo()
    np.testing.assert_array_equal(voxels(document), empty)
    document.redo()
    np.testing.assert_array_equal(voxels(document), painted)


def test_that_listeners_learn_which_voxels_changed(document: Document) -> None:
    regions: list[Box3D] = []
    document.voxels_changed.connect(regions.append)
    document.do(paint)
    document.undo()
    assert regions == [_REGION, _REGION]


def test_that_an_act_that_changes_nothing_is_no_step(document: Document) -> None:
    document.do(paint)
    document.do(paint)
    assert document.undo_stack.count() == 1


def test_that_the_document_is_modified_until_saved_and_after_undoing_beyond(document: Document) -> None:
    said: list[bool] = []
    document.modified_changed.connect(said.append)
    states = [document.is_modified]
    document.do(paint)
    states.append(document.is_modified)
    document.saved_as(Path("ball.swiftmed"))
    states.append(document.is_modified)
    document.undo()
    states.append(document.is_modified)
    document.redo()
    states.append(document.is_modified)
    assert states == [False, True, False, True, False]
    assert said[-1] is False


def test_that_parts_are_undone_as_one(document: Document) -> None:
    acts: list[Act] = []
    document.acted.connect(acts.append)
    empty = voxels(document)
    for z in range(4):
        document.do_part(lambda study, z=z: paint(study, region=Box3D(0, 0, z, 5, 5, z + 1)))  # type: ignore[misc]
    document.finish_parts("Carry", {"kind": "carried"})
    assert document.undo_stack.count() == 1
    assert [act.text for act in acts] == ["Carry"]
    assert document.study is not None
    assert [act.text for act in document.study.history] == ["Carry"]
    document.undo()
    np.testing.assert_array_equal(voxels(document), empty)


def test_that_an_act_amid_parts_ends_them_first(document: Document) -> None:
    document.about_to_act.connect(lambda: document.finish_parts("Carry", {}))
    document.do_part(lambda study: paint(study, region=Box3D(0, 0, 0, 5, 5, 1)))
    document.do(paint)
    assert [document.undo_stack.text(n) for n in range(2)] == ["Carry", "Paint"]


def test_that_a_label_can_be_added_chosen_and_undone(document: Document) -> None:
    added = Label(2, "liver", (1, 2, 3))
    document.do(lambda study: study.change_labels("Add", [LabelChange(None, added)]))
    document.set_active_label(2)
    assert document.active_label == added
    document.undo()
    assert document.active_label is not None
    assert document.active_label.value == 1


def test_that_nothing_can_be_done_without_an_image(qapp: object) -> None:
    with pytest.raises(LabelError, match="no image is open"):
        Document().do(paint)
