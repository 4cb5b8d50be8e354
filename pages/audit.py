"""The health of a dataset: copies, doubtful labels, a map of the faces, and versions made better."""

from pages._ui import audit_copies, audit_edit, audit_labels, audit_map, audit_versions, errors, frame, pickers

VIEWS = {
    "Copies": audit_copies.show,
    "Labels": audit_labels.show,
    "Map": audit_map.show,
    "Versions": audit_versions.show,
}
"""View → what draws it from the dataset; only the open one runs."""

frame.start(__file__, "Audit", "Find duplicate faces and doubtful labels, and save better versions.")
dataset = frame.dataset()
with errors.box():
    audit_edit.offer_undo(dataset)
pickers.views(VIEWS, dataset)
