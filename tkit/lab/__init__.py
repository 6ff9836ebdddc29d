"""Receipts in a laboratory: what a real browser asks for when a mail is shown, with nothing let out."""
