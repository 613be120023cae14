"""Colours as people may write them."""

import re

_ALPHA = r"(0?\.[0-9]+|[01](\.0+)?)"
_BYTE = r"(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_HUE = r"(360|3[0-5][0-9]|[12]?[0-9]{1,2})"
_PERCENT = r"(100|[0-9]{1,2})%"
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)


def _function(name: str, *arguments: str) -> re.Pattern[str]:
    return re.compile(rf"{name}\( *" + r" *, *".join(arguments) + r" *\)")


_FUNCTIONS = (
    _function("rgb", _BYTE, _BYTE, _BYTE),
    _function("rgba", _BYTE, _BYTE, _BYTE, _ALPHA),
    _function("hsl", _HUE, _PERCENT, _PERCENT),
    _function("hsla", _HUE, _PERCENT, _PERCENT, _ALPHA),
)

# The names of CSS, then those of the palette that frontends use.
_NAMES = frozenset(
    """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
    darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
    darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
    firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
    midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
    rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
    slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
    whitesmoke yellow yellowgreen
    amber emerald sky rose slate stone zinc neutral
    """.split()  # noqa: SIM905 - 156 names in one breath
)


def color(value: str) -> str:
    """The colour, hex digits and names in lower case; ValueError where it is none."""
    if _HEX.fullmatch(value) or value.lower() in _NAMES:
        return value.lower()
    if any(function.fullmatch(value) for function in _FUNCTIONS):
        return value
    raise ValueError("must be a hex colour, rgb(), rgba(), hsl(), hsla() or the name of a colour")
