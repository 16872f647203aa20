"""The embedded AWS: moto on loopback, corrected, with our stream poller and Lambda runtime."""
