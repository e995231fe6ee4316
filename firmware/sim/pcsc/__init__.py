"""A private PC/SC daemon with virtual readers, and the client that puts simulated cards into them."""
