"""The files of the lists directory: where they lie, and what each holds."""
