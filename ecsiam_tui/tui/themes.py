"""The two themes. Every colour of the interface comes from here through theme variables."""

from textual.theme import Theme

DARK = Theme(
    name="ecsiam-dark",
    dark=True,
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#7aa2f7",
    foreground="#c8d0e0",
    background="#11151c",
    surface="#161b24",
    panel="#1e2530",
    success="#8fc97a",
    warning="#e0af68",
    error="#f7768e",
    variables={
        "footer-key-foreground": "#7aa2f7",
        "footer-background": "#161b24",
        "border-blurred": "#2a3342",
        "input-selection-background": "#7aa2f7 35%",
        "block-cursor-text-style": "none",
    },
)

LIGHT = Theme(
    name="ecsiam-light",
    dark=False,
    primary="#2f5fc4",
    secondary="#0f6f8f",
    accent="#2f5fc4",
    foreground="#1f2733",
    background="#fbfbfa",
    surface="#f1f2f4",
    panel="#e4e7ec",
    success="#2f7d32",
    warning="#9a5b00",
    error="#b3203a",
    variables={
        "footer-key-foreground": "#2f5fc4",
        "footer-background": "#f1f2f4",
        "border-blurred": "#cfd5de",
        "input-selection-background": "#2f5fc4 25%",
        "block-cursor-text-style": "none",
    },
)
