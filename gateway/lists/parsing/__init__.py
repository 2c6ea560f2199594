"""What the readers of lists share: untrusted files, streams, single values. Pure."""
