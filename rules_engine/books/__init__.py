"""Events on the bonus account: which operation each one is, and its records in the journal."""
