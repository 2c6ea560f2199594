"""Personal data erased: on request, or when its time is over."""
