"""Charts as pictures, drawn by Pillow."""
