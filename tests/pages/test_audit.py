import pytest

from fer_core.data.copies import audit


def test_counts_are_the_audits(open_page, faces):
    """The five numbers are those of `audit`."""
    found = audit(faces)
    expected = (found.exact_groups, found.exact_redundant, found.cross_split_groups, found.conflicting_groups)
    assert [int(metric.value) for metric in open_page("audit").metric] == [*expected, found.blank]


def test_leaks_of_a_split(open_page, said, faces):
    """The sentence counts the leaked faces of the split in the link."""
    leaked = audit(faces).leaked["PrivateTest"]
    assert f"**{len(leaked['exact']) + len(leaked['near'])} of 174**" in said(open_page("audit", split="validation"))


@pytest.mark.parametrize("kind", ["exact", "across splits", "conflicting", "near", "blank"])
def test_every_kind_of_copies_opens_from_a_link(open_page, kind):
    """Each list is shown, or said to be empty."""
    assert open_page("audit", copies=kind).session_state["copies"] == kind
