"""Figures, tables, pages, and rows in files; import from its modules, of which only some need matplotlib."""
