"""The worker's projection of a client's bonus account (DOMAIN 6, INTERFACES 1 "Account")."""
