"""Formulas of LaTeX as readable text."""
