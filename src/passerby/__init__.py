"""Person re-identification: given a picture of a person, find the same person in pictures from other cameras."""

from importlib.metadata import version

__version__ = version("passerby")
