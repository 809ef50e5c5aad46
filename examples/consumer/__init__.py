"""Readers of the worker's commands that apply each command once."""
