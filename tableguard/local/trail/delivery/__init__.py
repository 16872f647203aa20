"""The places to which trails deliver: log groups, log files in buckets, and their signed digests."""
