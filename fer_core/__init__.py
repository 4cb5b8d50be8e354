"""Facial-expression recognition on FER2013: data, networks, training, evaluation, inference, without a browser."""

__version__ = "0.1.0"
