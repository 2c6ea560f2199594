"""A domain name and a mailbox, each in its one normal form. Pure."""
