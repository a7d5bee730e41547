"""Report -> html, md, json and the lines for the terminal, by the templates found in reports/templates/."""

from wslogs.report.render import prepare, render, terminal
from wslogs.report.write import write

__all__ = ["prepare", "render", "terminal", "write"]
