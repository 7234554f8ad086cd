"""What went wrong and what to do about it: evidence in, diagnosis out. No I/O, no import of ours from outside."""
