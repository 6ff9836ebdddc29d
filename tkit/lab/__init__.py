"""What a real browser requests when it shows a mail; no request leaves the machine."""
