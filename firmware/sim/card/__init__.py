"""The simulated My Number Card: files, keys, state machine, link and transports, all with an encoder of their own."""
