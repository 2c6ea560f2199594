"""What a process of the gateway must not do: leave its memory on a disk, or end by accident."""
