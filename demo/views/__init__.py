"""Views that need a script of their own in the page."""
