"""Text sources: records of cells between delimiters, as in CSV, of any dialect and encoding."""
