"""What a reviewer said and what follows from it: events, what holds now, rules, orders."""
