"""Tickets: what customers want of a business besides appointments, and what the business says to it."""
