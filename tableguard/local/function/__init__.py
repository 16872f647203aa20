"""The packaged function, run under AWS's runtime client."""
