"""Router: page config, navigation, the frame around every page."""

import streamlit as st

from pages._ui import errors, frame, pickers, uploads

st.set_page_config(page_title="FER Workbench", page_icon=":material/mood:", layout="wide")
uploads.keep_in_memory()
page = st.navigation(
    {
        "Look": [
            st.Page("pages/overview.py", title="Overview", icon=":material/home:", url_path="home", default=True),
            # Streamlit opens the default page at / only; a link may name it too
            st.Page("pages/overview.py", title="Overview", url_path="overview", visibility="hidden"),
            st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:"),
            st.Page("pages/audit.py", title="Audit", icon=":material/content_copy:"),
        ],
        "Train": [st.Page("pages/train.py", title="Train", icon=":material/model_training:")],
        "See": [
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/query_stats:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
            st.Page("pages/models.py", title="Models", icon=":material/inventory_2:"),
        ],
        "Classify": [
            st.Page("pages/predict.py", title="Predict", icon=":material/add_a_photo:"),
            st.Page("pages/timeline.py", title="Timeline", icon=":material/timeline:"),
        ],
    }
)
frame.follow_deep_link()
pickers.source()
with errors.box():
    page.run()
