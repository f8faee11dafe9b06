"""Figures of Gradient-Based Inference."""
