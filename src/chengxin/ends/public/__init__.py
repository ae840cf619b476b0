"""The public end (公示端): citizens, firms, search engines; reads the publication schema only."""
