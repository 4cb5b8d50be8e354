import numpy as np
import pytest

from fer_core.data.copies import audit, spare_rows
from fer_core.data.draft import Draft
from pages._ui.audit_copies import EACH_PAGE


def test_counts_are_the_audits(open_page, faces):
    """The seven numbers are those of `audit`."""
    found = audit(faces)
    expected = (found.exact_groups, found.exact_redundant, found.cross_split_groups, found.conflicting_groups)
    others = (len(found.near_pairs), found.blank, len(found.faint_rows))
    assert [int(metric.value) for metric in open_page("audit").metric] == [*expected, *others]


def test_leaks_of_a_split(open_page, said, faces):
    """The sentence counts the leaked faces of the split in the link."""
    leaked = audit(faces).leaked["PrivateTest"]
    assert f"**{len(leaked['exact']) + len(leaked['near'])} of 174**" in said(open_page("audit", split="validation"))


def test_the_leaked_faces_are_shown_before_their_copies(open_page, said, faces):
    """Of the split that is chosen; each first, then the Training faces that are the same photograph."""
    leaked = audit(faces).leaked["PrivateTest"]
    n = len(leaked["exact"]) + len(leaked["near"])
    app = open_page("audit", split="validation", copies="leaks")
    assert f"{n} faces of PrivateTest that the honest part leaves out" in said(app)
    assert said(app).count("**exact** copy") + said(app).count("**near** copy") == min(n, EACH_PAGE)


@pytest.mark.parametrize("kind", ["exact", "leaks", "across splits", "conflicting", "near", "blank", "nearly blank"])
def test_every_kind_of_copies_opens_from_a_link(open_page, kind):
    """Each list is shown, or said to be empty."""
    assert open_page("audit", copies=kind).session_state["copies"] == kind


def test_the_threshold_of_near_copies(open_page, said, faces):
    """A link names it; the page says it in words and shows the pairs from there up, the least alike first."""
    found = audit(faces, 0.9)
    assert len(found.near_pairs) > len(audit(faces).near_pairs)
    app = open_page("audit", near="0.9", copies="near")
    assert app.slider(key="near").value == 0.9
    assert "is at least 0.90" in said(app)
    assert f"{len(found.near_pairs):,} pairs of near copies, from 0.90 up" in said(app)
    assert f"cosine **{found.cosine[0]:.3f}**" in said(app)


def test_labels_by_split(open_page, faces):
    """Counts of each label in each split."""
    table = next(table.value for table in open_page("audit").dataframe if "Training" in table.value)
    assert table["Training"].to_dict() == faces.counts()["Training"]


def test_all_copies_are_left_out_by_one_button(open_page, faces):
    """One face of each group stays, of a split that is scored where there is one; one undo takes all back."""
    groups = audit(faces).groups
    expected = spare_rows(groups, faces.usage, np.zeros(len(faces), bool)).tolist()
    app = open_page("audit", copies="exact")
    button = app.button(key="exclude-copies")
    assert button.label == f"Leave out all but one of each: {len(expected)} faces"
    button.click().run()
    draft = Draft(faces)
    assert list(draft.excluded) == expected
    assert app.button(key="exclude-copies").disabled
    draft.undo()
    assert draft.excluded == ()


def test_one_face_of_a_group_is_edited(open_page, faces):
    """The one that is chosen; a copy whose label another has changed meanwhile is not, and the page says so."""
    second = int(audit(faces).groups[0][1])
    app = open_page("audit", copies="exact")
    app.pills(key="some-exact-0").select(second).run()
    app.button(key="exclude-copies-0").click().run()
    assert Draft(faces).excluded == (second,)
    Draft(faces).restore([second])
    app.button(key="exclude-copies-0").click().run()
    assert "found an edit of another tab" in app.error[0].value
    assert Draft(faces).excluded == ()


def test_one_of_each_group_stays_whatever_is_left_out_already(open_page, faces):
    """The face that would be kept was left out by hand: another one of its group is."""
    group = next(rows for rows in audit(faces).groups if len(rows) > 1)
    kept = np.setdiff1d(group, spare_rows([group], faces.usage, np.zeros(len(faces), bool)))
    Draft(faces).exclude(kept)
    open_page("audit", copies="exact").button(key="exclude-copies").click().run()
    assert len(np.setdiff1d(group, Draft(faces).excluded)) == 1


def test_conflicting_copies_are_relabelled_or_left_out(open_page, faces):
    """A group under two labels gets one of them, from the menu below it; or all of them are left out."""
    (rows, *_) = audit(faces).conflicts
    app = open_page("audit", copies="conflicting")
    assert app.button(key="exclude-copies").label.startswith("Leave out all of each")
    app.button(key="exclude-spare-0").click().run()
    assert Draft(faces).excluded == tuple(spare_rows([rows], faces.usage, np.zeros(len(faces), bool)))
    app.button(key="restore-copies-0").click().run()
    app.button(key="exclude-copies").click().run()
    assert set(rows.tolist()) <= set(Draft(faces).excluded)
