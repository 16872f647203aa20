"""Detections: the calls that are watched, as metric filters and as EventBridge patterns."""
