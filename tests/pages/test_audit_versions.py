"""The view Versions of Audit, and the edits that the other views offer, as two tabs use them."""

import json

import numpy as np
import pytest

from fer_core.data.copies import audit
from fer_core.data.draft import Draft
from fer_core.data.versions import Version, list_versions, read_version, save_version, version_file
from fer_core.errors import VersionError
from fer_core.labels import EMOTIONS

SAD = EMOTIONS.index("Sad")


@pytest.fixture
def rows(faces):
    """Ten Training faces labelled Happy."""
    return np.flatnonzero((faces.emotion == EMOTIONS.index("Happy")) & (faces.usage == "Training"))[:10].tolist()


def save(app, name: str):
    app.text_input(key="version_name").set_value(name)
    app.text_area(key="version_note").set_value("a note")
    app.button[[button.label for button in app.button].index("Save as a version")].click().run()
    assert not app.exception
    return app


def test_without_an_edit_there_is_nothing_to_save(open_page, said):
    """It says what to do, and there is nothing to undo."""
    app = open_page("audit", view="Versions")
    assert "There is none yet" in said(app)
    assert "undo" not in [button.key for button in app.button]


def test_a_draft_is_shown_undone_and_saved(open_page, said, faces, rows):
    """Counts, the last edits, undo; what is saved is a version with its note, and the form is empty again."""
    draft = Draft(faces)
    draft.relabel(rows[:3], SAD, why="they weep")
    draft.exclude(rows[3:5])
    app = open_page("audit", view="Versions")
    assert [metric.value for metric in app.metric] == ["3", "2"]
    assert "Edited since **the dataset's own labels**" in said(app)
    assert app.button(key="undo").label == "Undo: 2 faces left out"
    assert list(app.dataframe[0].value["Why"]) == ["", "they weep"]
    app.button(key="undo").click().run()
    assert Draft(faces).excluded == ()
    save(app, "weeping")
    (version,) = list_versions(faces)
    assert (version.name, version.note, version.labels) == ("weeping", "a note", dict.fromkeys(rows[:3], SAD))
    assert "it is the same as **weeping**" in said(app)
    assert app.text_input(key="version_name").value == ""


def test_edits_whose_version_was_deleted_can_be_saved_again(open_page, said, faces, rows):
    """They aren't lost with it, and the page doesn't call them saved; nothing continues what is gone."""
    draft = Draft(faces)
    draft.exclude(rows[:2])
    version = draft.save("typo")
    version_file(faces.fingerprint, "typo").unlink()
    app = open_page("audit", view="Versions", version="typo")
    assert "Edited since **typo**, which is gone, and not saved yet." in said(app)
    assert "Not among the models" not in said(app)
    assert "`typo`" in app.warning[0].value
    save(app, "better")
    assert list_versions(faces)[0].excluded == tuple(rows[:2])
    with pytest.raises(VersionError, match="found that it was deleted meanwhile"):
        Draft(faces).continue_from(version)


def test_what_was_saved_is_the_chosen_version(open_page, faces, rows):
    """Whichever was chosen before, so that it can be downloaded, or edited further."""
    draft = Draft(faces)
    for number, name in enumerate(("first", "second")):
        draft.exclude(rows[number : number + 1])
        app = save(open_page("audit", view="Versions"), name)
        assert app.selectbox(key="version").value == name
        assert app.selectbox(key="after").value == name


def test_two_tabs_do_not_overwrite_each_other(open_page, faces, rows):
    """Saving what another tab has edited since is refused in one line that says so; after a look it works."""
    Draft(faces).exclude(rows[:1])
    app = open_page("audit", view="Versions")
    Draft(faces).exclude(rows[1:2])
    save(app, "mine")
    assert "found edits of another tab; look at them, then save again" in app.error[0].value
    assert list_versions(faces) == []
    assert app.metric[1].value == "2"
    assert app.text_input(key="version_name").value == "mine"
    save(app, "mine")
    assert read_version(faces, "mine").excluded == tuple(rows[:2])


def test_what_was_typed_stays_while_other_views_are_open(open_page, faces, rows):
    """Name, author and note of the version to be saved."""
    Draft(faces).exclude(rows[:1])
    app = open_page("audit", view="Versions")
    app.text_area(key="version_note").set_value("half a thought").run()
    for view in ("Copies", "Versions"):
        app.session_state["view"] = view
        app.run()
    assert app.text_area(key="version_note").value == "half a thought"


def test_a_name_that_cannot_be(open_page, faces, rows):
    """One line, and the draft stays."""
    Draft(faces).exclude(rows[:1])
    app = save(open_page("audit", view="Versions"), "../up")
    assert "version name: expected 1 to 64" in app.error[0].value
    assert Draft(faces).edited


def test_continue_from_a_version(open_page, faces, rows):
    """The draft becomes what it is; undo brings the edits back."""
    save_version(Version("first", faces.fingerprint, {}, tuple(rows[:4])))
    Draft(faces).exclude(rows[5:6])
    app = open_page("audit", view="Versions", version="first")
    app.button(key="continue").click().run()
    assert Draft(faces).excluded == tuple(rows[:4])
    assert app.button(key="continue").disabled
    app.button(key="undo").click().run()
    assert Draft(faces).excluded == tuple(rows[5:6])


def test_a_version_is_deleted_after_a_question(open_page, faces, rows):
    """The one that is chosen, and no other; the boxes that named it turn to the dataset's own labels."""
    for name in ("first", "second"):
        save_version(Version(name, faces.fingerprint, {}, tuple(rows[:4])))
    app = open_page("audit", view="Versions", version="first", after="first")
    app.button(key="delete").click().run()
    assert {version.name for version in list_versions(faces)} == {"first", "second"}
    app.button(key="yes").click().run()
    assert not app.exception
    assert [version.name for version in list_versions(faces)] == ["second"]
    assert "Deleted first." in [toast.value for toast in app.toast]
    assert app.selectbox(key="version").value == app.selectbox(key="after").value == "the dataset's own labels"


def test_two_versions_are_compared(open_page, said, faces, rows):
    """How many faces change, and which."""
    save_version(Version("first", faces.fingerprint, dict.fromkeys(rows[:2], SAD), created="2026-01-01"))
    save_version(Version("second", faces.fingerprint, {}, tuple(rows[1:4]), created="2026-01-02"))
    app = open_page("audit", view="Versions", before="first", after="second")
    assert "4 faces are different, 4 of them in Training" in said(app)
    assert app.selectbox(key="change").options == ["Happy → left out (2)", "Sad → Happy (1)", "Sad → left out (1)"]
    app.selectbox(key="after").select("first").run()
    assert "Nothing is different" in said(app)


def test_a_damaged_file_is_told(open_page, faces, rows):
    """In one line; the other versions are there."""
    save_version(Version("sound", faces.fingerprint, {}, tuple(rows)))
    save_version(Version("torn", faces.fingerprint, {}, tuple(rows))).write_text("{")
    app = open_page("audit", view="Versions")
    assert "version 'torn': expected the JSON of a version" in app.warning[0].value
    assert app.selectbox(key="version").options == ["the dataset's own labels", "sound"]


def test_a_file_goes_out_and_comes_in(open_page, faces, rows):
    """The same version under another name; one of another dataset is refused."""
    save_version(Version("first", faces.fingerprint, dict.fromkeys(rows, SAD), note="a note"))
    file = version_file(faces.fingerprint, "first").read_bytes()
    app = open_page("audit", view="Versions")
    app.file_uploader(key="version_file").upload("first.json", file, "application/json").run()
    app.text_input[-1].set_value("again").run()
    app.button(key="bring").click().run()
    assert not app.exception
    assert read_version(faces, "again").labels == read_version(faces, "first").labels
    assert app.selectbox(key="version").value == "again"
    other = json.dumps(json.loads(file) | {"fingerprint": "0" * 64}).encode()
    app = open_page("audit", view="Versions")
    app.file_uploader(key="version_file").upload("other.json", other, "application/json").run()
    assert "expected a version of this dataset" in app.error[0].value


def test_a_group_is_edited_and_brought_back(open_page, said, faces):
    """Relabel, leave out and bring back; the words below the faces follow."""
    rows = audit(faces).conflicts[0]
    app = open_page("audit", copies="conflicting")
    app.menu_button(key="relabel-copies-0").click("Sad").run()
    assert not app.exception
    draft = Draft(faces)
    assert draft.labels == {row: SAD for row in rows.tolist() if faces.emotion[row] != SAD}
    assert draft.commands[0].why == "conflicting"
    app.button(key="exclude-spare-0").click().run()
    assert Draft(faces).excluded == tuple(rows[1:].tolist())
    app.button(key="restore-copies-0").click().run()
    assert not Draft(faces).edited


def test_a_row_that_cannot_be_edited_is_told(open_page, faces):
    """A journal that somebody spoiled: one line in the box."""
    Draft(faces).exclude([1])
    journal = version_file(faces.fingerprint, "any").parent / "draft.jsonl"
    journal.write_text(journal.read_text() + '{"do": "paint"}\n')
    assert "expected edits of demo, found" in open_page("audit", view="Versions").error[0].value
    copies = open_page("audit", view="Copies")
    assert "expected edits of demo, found" in copies.error[0].value
    assert copies.metric
