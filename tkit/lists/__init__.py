"""Published lists in the engines they are written for."""
