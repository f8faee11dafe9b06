"""What a run left behind: its record, how far it is, how to make a part of it again. Reads files, trains nothing."""
