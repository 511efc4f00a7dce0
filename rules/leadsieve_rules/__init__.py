"""What a good lead is: reasons, columns, phone numbers, schemas and profiles; the row path does no I/O."""
