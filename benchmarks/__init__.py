"""How fast the layers are, side by side with other libraries' in the same run."""
