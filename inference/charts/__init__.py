"""Draws charts with matplotlib. Other packages use only `chart`: `draw`, `to_jpeg`, `to_png`."""
