"""Screening: is a recipient at a listed institution, and whose mailbox is it?

Pure: no clock, no network, and no disk but the policies' files, which ``snapshot.load`` reads.
"""
