"""Who is this recipient? Pure: no clock, no network, no disk."""
