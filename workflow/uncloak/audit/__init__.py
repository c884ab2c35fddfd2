"""Does a cloak protect one person? Their photographs, clean and as posted, before every extractor at hand."""
