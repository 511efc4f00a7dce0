"""What the bytes of cells say by themselves, column by column: white space around them, and whether they are plain."""
