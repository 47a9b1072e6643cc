"""Measures of colour: contrast, difference, and how colour-blind people see it."""

from __future__ import annotations

from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

from textual.color import Color

Triple = tuple[float, float, float]

PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
"""Linear RGB to linear RGB.

Source: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision
Deficiency" (IEEE TVCG 15(6), 2009), matrices of severity 1.0.
"""


def linear(colour: Color) -> Triple:
    """sRGB to linear light.  Source: IEC 61966-2-1 (and WCAG 2.2, relative luminance)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return red, green, blue


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, 1 to 21.  Source: WCAG 2.2, contrast ratio."""

    def luminance(colour: Color) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen_with(matrix: tuple[Triple, Triple, Triple], colour: Color) -> Triple:
    """Linear RGB as it appears to somebody with that colour blindness, in [0, 1]."""
    light = linear(colour)
    red, green, blue = (
        min(max(sum(part * row for part, row in zip(light, line, strict=True)), 0.0), 1.0)
        for line in matrix
    )
    return red, green, blue


def lab(light: Triple) -> Triple:
    """Linear RGB to CIE L*a*b*, white D65.  Source: IEC 61966-2-1; CIE 15."""
    red, green, blue = light
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
        for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def ciede2000(one: Triple, other: Triple) -> float:
    """Difference of two colours in L*a*b*; about 1 can just be seen side by side.

    Source: Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference Formula" (Color Research and
    Application 30(1), 2005).
    """
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean7 = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - sqrt(mean7 / (mean7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1 = degrees(atan2(b1, a1)) % 360 if c1 else 0.0
    h2 = degrees(atan2(b2, a2)) % 360 if c2 else 0.0
    dl, dc = l2 - l1, c2 - c1
    dh = 0.0
    h_mean = h1 + h2
    if c1 and c2:
        dh = (h2 - h1 + 180) % 360 - 180
        h_mean = (h1 + h2) / 2
        if abs(h1 - h2) > 180:
            h_mean += 180 if h1 + h2 < 360 else -180
    dhue = 2 * sqrt(c1 * c2) * sin(radians(dh) / 2)
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * cos(radians(h_mean - 30))
        + 0.24 * cos(radians(2 * h_mean))
        + 0.32 * cos(radians(3 * h_mean + 6))
        - 0.20 * cos(radians(4 * h_mean - 63))
    )
    sl = 1 + 0.015 * (l_mean - 50) ** 2 / sqrt(20 + (l_mean - 50) ** 2)
    sc, sh = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    turn = 30 * exp(-(((h_mean - 275) / 25) ** 2))
    rt = -2 * sqrt(c_mean**7 / (c_mean**7 + 25**7)) * sin(radians(2 * turn))
    return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dhue / sh) ** 2 + rt * dc / sc * dhue / sh)
