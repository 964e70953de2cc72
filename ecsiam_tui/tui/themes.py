"""The two themes. Every colour of the interface comes from here through theme variables."""

from typing import Any

from textual.theme import Theme


def _theme(name: str, *, dark: bool, border: str, **colours: Any) -> Theme:
    accent = colours["primary"]
    return Theme(
        name=name,
        dark=dark,
        accent=accent,
        **colours,
        variables={
            "footer-key-foreground": accent,
            "footer-background": colours["surface"],
            "border-blurred": border,
            "input-selection-background": f"{accent} 30%",
            "block-cursor-text-style": "none",
        },
    )


DARK = _theme(
    "ecsiam-dark",
    dark=True,
    border="#2a3342",
    primary="#7aa2f7",
    secondary="#7dcfff",
    foreground="#c8d0e0",
    background="#11151c",
    surface="#161b24",
    panel="#1e2530",
    success="#8fc97a",
    warning="#e0af68",
    error="#f7768e",
)
LIGHT = _theme(
    "ecsiam-light",
    dark=False,
    border="#cfd5de",
    primary="#2f5fc4",
    secondary="#0f6f8f",
    foreground="#1f2733",
    background="#fbfbfa",
    surface="#f1f2f4",
    panel="#e4e7ec",
    success="#2f7d32",
    warning="#9a5b00",
    error="#b3203a",
)
