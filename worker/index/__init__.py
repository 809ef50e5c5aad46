"""The index of a lane's clients: who has a fact on which day, and who wakes when."""
