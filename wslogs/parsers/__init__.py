"""A source -> events; one module per shape of file. PARSERS is the whole list."""
