"""What papers claim, beside what is measured here."""
