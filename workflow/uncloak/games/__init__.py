"""The security games of facial recognition poisoning, played with what has been measured."""
