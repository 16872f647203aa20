"""Take the bootcamp's messages over into our table while they arrive, resumably; and the way back."""
