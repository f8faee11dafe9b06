"""Figures of Task Discovery."""
