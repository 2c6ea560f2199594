"""Reading: what a person is shown, and a record of who looked."""
