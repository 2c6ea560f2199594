"""The sanction lists as the office works with them: taken in, looked into, mended, compared."""
