"""The price of the rules alone: generated code next to loops over lambdas and over asteval."""
