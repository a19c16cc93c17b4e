"""Shades of the colours that labels name."""

import colorsys

from numpy.random import Generator

from passerby.synth.cloth import RGB

_RANGES = {
    "black": ((0.0, 1.0), (0.0, 0.35), (0.07, 0.21)),
    "white": ((0.0, 1.0), (0.0, 0.10), (0.80, 0.96)),
    "gray": ((0.0, 1.0), (0.0, 0.12), (0.34, 0.68)),
    "red": ((-0.035, 0.02), (0.62, 0.92), (0.42, 0.82)),
    "purple": ((0.74, 0.86), (0.28, 0.65), (0.32, 0.70)),
    "yellow": ((0.115, 0.17), (0.42, 0.85), (0.66, 0.92)),
    "blue": ((0.54, 0.68), (0.32, 0.82), (0.22, 0.74)),
    "green": ((0.24, 0.46), (0.25, 0.75), (0.22, 0.66)),
    "brown": ((0.045, 0.10), (0.35, 0.65), (0.24, 0.52)),
    "pink": ((0.90, 0.99), (0.22, 0.50), (0.72, 0.92)),
    "orange": ((0.045, 0.085), (0.68, 0.92), (0.70, 0.92)),
    "skin": ((0.045, 0.085), (0.24, 0.52), (0.36, 0.92)),
    "hair": ((0.05, 0.09), (0.10, 0.55), (0.06, 0.26)),
    "fair hair": ((0.08, 0.12), (0.35, 0.60), (0.35, 0.72)),
    "gray hair": ((0.0, 1.0), (0.0, 0.06), (0.45, 0.75)),
}
COLOURS = tuple(_RANGES)
"""Names that have shades."""


def palette(colour: str, generator: Generator) -> RGB:
    """One shade of a colour, in linear light.

    Args:
        colour: one of COLOURS.
        generator: where chance comes from; three numbers are drawn.

    Raises:
        ValueError: if the colour has no shades.
    """
    if colour not in _RANGES:
        raise ValueError(f"colour is {colour!r}; give one of {', '.join(COLOURS)}.")
    hue, saturation, value = (low + (high - low) * generator.random() for low, high in _RANGES[colour])
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return red * red, green * green, blue * blue
