"""How reports write numbers and tables."""


def number(value, digits=3):
    """With so many significant digits, without an exponent."""
    if value is None:
        return "-"
    text = f"{value:#.{digits}g}"
    return f"{value:.0f}" if "e" in text else text.rstrip(".")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
