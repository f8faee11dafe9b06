"""Figures of the bridge between the two papers."""
