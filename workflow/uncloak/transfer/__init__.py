# The surrogates as one classifier, which no record is called.
ENSEMBLE = "the ensemble"
