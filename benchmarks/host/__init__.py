"""The machine: processes that die with the run, its disk, what each process uses."""
