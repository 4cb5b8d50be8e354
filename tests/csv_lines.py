"""Lines of a CSV in the competition's layout."""

HEADER = "emotion, Usage, pixels"


def line(emotion: object = 3, usage: str = "Training", pixels: str | None = None, shade: int = 7) -> str:
    """One line of a CSV in the competition's layout; every pixel is `shade` unless given."""
    return f"{emotion},{usage},{' '.join([str(shade)] * 2304) if pixels is None else pixels}"
