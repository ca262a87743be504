"""The verbs of the command line, one module each; `streams.__main__` imports the one that is used."""
