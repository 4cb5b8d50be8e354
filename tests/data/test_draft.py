"""The draft of a dataset: edits in a journal that survives kills, and that several tabs and processes share."""

import json
import random
import resource
import subprocess
import sys
import time

import numpy as np
import pytest

from fer_core.data.demo import draw_dataset
from fer_core.data.draft import Draft
from fer_core.data.versions import Version, folder_of, list_versions, read_version, version_file
from fer_core.errors import VersionError
from fer_core.labels import EMOTIONS
from fer_core.paths import ROOT

OUT_OF_RANGE = '{"do": "exclude", "time": 1, "rows": [99999]}'
NO_TIME = '{"do": "exclude", "time": "noon", "rows": [1]}'
SAD = EMOTIONS.index("Sad")
EDITOR = """
import sys
from fer_core.data.demo import draw_dataset
from fer_core.data.draft import Draft
dataset = draw_dataset()
draft = Draft(dataset)
for row in range(int(sys.argv[1]), int(sys.argv[2])):
    draft.exclude([row])
    print(row, flush=True)
"""


@pytest.fixture
def drawn():
    return draw_dataset()


@pytest.fixture
def others(drawn):
    """Rows of ten faces that are not Sad."""
    return np.flatnonzero(drawn.emotion != SAD)[:10].tolist()


@pytest.fixture
def journal(drawn):
    """The file that the edits are kept in."""
    return folder_of(drawn.fingerprint) / "draft.jsonl"


def test_what_a_draft_changes_of_labels_that_somebody_judged(drawn):
    """Of the dataset's own all that it edits, of a version only what differs from that."""
    draft = Draft(drawn)
    sad = [int(row) for row in np.flatnonzero(drawn.emotion != SAD)[:3]]
    draft.relabel(sad[:2], SAD)
    draft.exclude(sad[2:])
    judged = draft.save("judged")
    assert draft.changed(judged) == set()
    assert draft.changed(None) == {*sad}
    draft.restore(sad[:1])
    assert draft.changed(judged) == {sad[0]}
    own = Version("own", drawn.fingerprint, {sad[0]: int(drawn.emotion[sad[0]])})  # says what the dataset says
    assert draft.changed(own) == {*sad[1:]}


def test_edits_and_undo(drawn, others):
    """The last command on a face counts; undo goes back one by one, and another draft sees all of it."""
    draft = Draft(drawn)
    assert (draft.labels, draft.excluded, draft.commands, draft.edited) == ({}, (), (), False)
    draft.relabel(others[:3], SAD, why="they weep")
    draft.exclude(others[2:4])
    draft.restore(others[:1])
    assert draft.labels == dict.fromkeys(others[1:3], SAD)
    assert draft.excluded == tuple(others[2:4])
    assert [command.do for command in draft.commands] == ["relabel", "exclude", "restore"]
    assert draft.commands[0].why == "they weep"
    again = Draft(drawn)
    assert (again.labels, again.excluded) == (draft.labels, draft.excluded)
    again.relabel(others[3:4], SAD)  # one that is left out stays so
    assert again.excluded == tuple(others[2:4])
    again.undo()
    again.undo()
    again.undo()
    assert (again.labels, again.excluded) == (dict.fromkeys(others[:3], SAD), ())
    again.undo()
    assert not again.edited
    with pytest.raises(VersionError, match="expected an edit since the last saving, found none"):
        again.undo()


def test_a_label_each(drawn, others):
    """One command can give faces labels of their own; the label that a face has anyway is no edit."""
    draft = Draft(drawn)
    draft.relabel(others[:3], np.array([SAD, SAD, drawn.emotion[others[2]]]))
    assert draft.labels == dict.fromkeys(others[:2], SAD)
    assert len(draft.commands) == 1


def test_a_thousand_faces_are_one_line(drawn, journal):
    """However many faces; no face at all is no command."""
    draft = Draft(drawn)
    draft.exclude(range(len(drawn)))
    draft.exclude([])
    assert len(journal.read_bytes().splitlines()) == 1
    assert draft.excluded == tuple(range(len(drawn)))


@pytest.mark.parametrize("rows", [[-1], [0, 99_999]])
def test_a_row_out_of_range(drawn, journal, rows):
    """One line, and nothing is written."""
    with pytest.raises(VersionError, match=f"expected rows from 0 to .*, found {rows[-1]}"):
        Draft(drawn).exclude(rows)
    with pytest.raises(ValueError, match="expected codes from 0 to 6, found 7"):
        Draft(drawn).relabel([0], 7)
    assert not journal.exists()


def test_saved_as_a_version(drawn, others):
    """The version holds the edits and its parent; the draft starts anew from it, and nothing before can be undone."""
    draft = Draft(drawn)
    draft.relabel(others[:2], SAD)
    first = draft.save("first", "a note", "me")
    assert first == read_version(drawn, "first")
    assert (first.labels, first.note, first.author, first.parent) == (
        dict.fromkeys(others[:2], SAD),
        "a note",
        "me",
        "",
    )
    for same in (draft, Draft(drawn)):
        assert (same.base, same.labels, same.commands, same.edited) == ("first", first.labels, (), False)
    with pytest.raises(VersionError, match="found none"):
        draft.undo()
    with pytest.raises(VersionError, match="expected edits to save, found none"):
        draft.save("empty")
    draft.exclude(others[:1])
    second = draft.save("second")
    assert (second.parent, second.labels, second.excluded) == ("first", first.labels, (others[0],))


def test_a_name_that_is_taken_loses_nothing(drawn, others):
    """The edits are in the draft still."""
    draft = Draft(drawn)
    draft.exclude(others[:1])
    draft.save("first")
    draft.exclude(others[1:2])
    with pytest.raises(VersionError, match="not taken"):
        draft.save("first")
    assert Draft(drawn).excluded == tuple(others[:2])


def test_continue_from_another_version(drawn, others):
    """Its edits replace those of the draft, and undo brings them back."""
    draft = Draft(drawn)
    draft.exclude(others[:1])
    first = draft.save("first")
    draft.exclude(others[1:2])
    draft.continue_from(None)
    assert (draft.base, draft.excluded, draft.edited) == ("", (), False)
    draft.exclude(others[3:4])
    draft.continue_from(first)
    assert (draft.base, draft.excluded, draft.edited) == ("first", tuple(others[:1]), False)
    for expected in (others[3:4], [], others[:2]):
        draft.undo()
        assert draft.excluded == tuple(expected)
    assert draft.base == "first"


def test_two_tabs_see_each_other_and_overwrite_nothing(drawn, others):
    """Edits of both stand; what a tab has not seen it cannot save, undo or replace, until it has looked."""
    one, two = Draft(drawn), Draft(drawn)
    one.exclude(others[:1])
    two.exclude(others[1:2])
    assert two.excluded == tuple(others[:2])
    for act in (one.undo, lambda: one.save("mine"), lambda: one.continue_from(None)):
        with pytest.raises(VersionError, match="found edits of another tab") as raised:
            act()
        assert "\n" not in str(raised.value)
    assert list_versions(drawn) == []
    assert Draft(drawn).excluded == tuple(others[:2])
    Draft(drawn).save("mine")
    assert read_version(drawn, "mine").excluded == tuple(others[:2])


def test_faces_that_another_tab_has_edited_are_not_edited_unseen(drawn, others):
    """Nothing is done, one line says why; other faces are, and after a look these too."""
    mine, theirs = Draft(drawn), Draft(drawn)
    theirs.relabel(others[:2], SAD)
    with pytest.raises(VersionError, match="found an edit of another tab; look at them, then edit again"):
        mine.exclude(others[1:3])
    assert (mine.labels, mine.excluded) == (dict.fromkeys(others[:2], SAD), ())
    mine.exclude(others[1:3])
    theirs.exclude(others[5:6])
    assert theirs.excluded == (*others[1:3], others[5])


def test_processes_edit_at_once(drawn):
    """Two processes with 30 edits each: all 60 stand, each on a line of its own."""
    editors = [
        subprocess.Popen([sys.executable, "-c", EDITOR, *ends], cwd=ROOT, stdout=subprocess.DEVNULL)
        for ends in (("0", "30"), ("30", "60"))
    ]
    assert [editor.wait() for editor in editors] == [0, 0]
    draft = Draft(drawn)
    assert draft.excluded == tuple(range(60))
    assert len(draft.commands) == 60


def test_killed_at_any_moment_loses_nothing_that_was_told(drawn):
    """Ten kills of a process that edits and edits: each edit that it told stands, and the next one goes on after it."""
    rng, begin = random.Random(0), 0
    for _ in range(10):
        editor = subprocess.Popen(
            [sys.executable, "-c", EDITOR, str(begin), str(len(drawn))], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        editor.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        editor.kill()
        told = [begin, *map(int, editor.communicate()[0].splitlines())][-1]
        excluded = Draft(drawn).excluded
        assert excluded == tuple(range(len(excluded)))
        assert told + 1 <= len(excluded) <= told + 2
        begin = len(excluded)


@pytest.mark.parametrize("whole", [1, 2, 3])
def test_a_torn_line_is_left_out(drawn, others, journal, whole):
    """Cut at any of its bytes, the last line was not done; the next edit stands on its own line."""
    draft = Draft(drawn)
    draft.relabel(others[:2], SAD, why="größer")
    draft.exclude(others[2:3])
    draft.save("first")
    draft.exclude(others[3:4])
    lines = journal.read_bytes().splitlines(keepends=True)
    for cut in range(1, len(lines[whole]) - 1):
        journal.write_bytes(b"".join(lines[:whole]) + lines[whole][:cut])
        draft = Draft(drawn)
        assert draft.excluded == (() if whole == 1 else (others[2],))
        assert draft.labels == dict.fromkeys(others[:2], SAD)
        assert draft.base == ("first" if whole == 3 else "")
    draft.exclude(others[9:])
    assert others[9] in Draft(drawn).excluded
    assert json.loads(journal.read_bytes().splitlines()[-1])["rows"] == others[9:]


def test_a_whole_line_that_is_no_edit_is_refused(drawn, journal):
    """It is told where and what, not guessed at."""
    Draft(drawn).exclude([1])
    for line in (
        '{"do": "paint"}',
        '{"do": "exclude"}',
        '{"do": "exclude", "time": 1, "rows": [99999]}',
        NO_TIME,
        "[]",
        "7",
    ):
        kept = journal.read_text()
        journal.write_text(f"{kept}{line}\n")
        with pytest.raises(VersionError, match="expected edits of demo, found"):
            Draft(drawn)
        journal.write_text(kept)


def test_a_version_that_is_gone_doesnt_take_the_draft_along(drawn, others):
    """The journal holds all that it needs."""
    draft = Draft(drawn)
    draft.exclude(others[:1])
    draft.save("first")
    version_file(drawn.fingerprint, "first").unlink()
    assert Draft(drawn).excluded == tuple(others[:1])


def test_a_disk_that_is_full_as_it_is_saved(drawn, others, journal):
    """There is room for the version and none for the journal's word of it: as if nothing was done, and it says so."""
    draft = Draft(drawn)
    for row in others:
        draft.exclude([row])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size, limits[1]))
    try:
        with pytest.raises(VersionError, match="nothing was done"):
            draft.save("first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list_versions(drawn)
    assert Draft(drawn).edited
    assert draft.save("first").excluded == tuple(sorted(others))


def test_no_version_is_called_as_the_draft_is(drawn, others):
    """They stand beside each other."""
    draft = Draft(drawn)
    draft.exclude(others)
    with pytest.raises(VersionError, match="expected one that is not taken, found 'draft'"):
        draft.save("draft")
