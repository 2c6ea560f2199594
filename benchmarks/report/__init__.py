"""Figures, goals and tables: what comes of the samples."""
