"""Numbers as the pages write them."""

import math

import pandas as pd


def percent(value: float) -> str:
    """`66.1 %`, or a dash where there is no number."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def interval(value: float, low: float, high: float) -> str:
    """`66.1 % (64.3 to 67.8)`: a score with its 95 % interval."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def scores(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """`evaluation.leaderboard` in words, to be read."""
    table = {
        "Model": leaderboard["model"],
        "Classes": leaderboard["scheme"],
        "Network": leaderboard["network"],
        "Parameters": leaderboard["parameters"],
    }
    for part in ("honest", "raw"):
        columns = [f"{part}_macro_recall{end}" for end in ("", "_low", "_high")]
        table[f"Macro recall, {part}"] = [interval(*row) for row in leaderboard[columns].to_numpy()]
        table[f"Faces, {part}"] = leaderboard[f"{part}_n"]
    return pd.DataFrame(table)
