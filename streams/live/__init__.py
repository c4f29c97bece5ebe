"""The live engine and its Faust host."""
