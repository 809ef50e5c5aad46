"""Formulas: text → checked tree → evaluator."""
