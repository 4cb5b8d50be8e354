"""Charts as every page shows them."""

import plotly.graph_objects as go
import streamlit as st

_CONFIG = {"modeBarButtons": [["toImage"]], "displaylogo": False}


def show(figure: go.Figure, key: str, **kwargs):
    """Draw `figure` over the full width in the theme's colours; its title is also what a screen reader says."""
    title = figure.layout.title.text
    return st.plotly_chart(figure, key=key, theme="streamlit", config=_CONFIG, alt=title, **kwargs)
