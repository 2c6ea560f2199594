"""The US Consolidated Screening List, in CSV and in JSON. Pure."""
