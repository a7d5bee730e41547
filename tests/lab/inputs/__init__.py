"""Records the fixtures of tests/fixtures with the programs that people have; one module a topic."""
