"""Corrections to moto's Cognito: user pools, identity pools, and how a member signs in and gets credentials."""
