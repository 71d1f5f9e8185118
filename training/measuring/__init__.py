"""Measuring: accuracy and calibration on held-out questions."""
