"""What a good value is, field by field: call times, emails, closed lists, and text that was decoded wrongly."""
