"""The gateway client against the simulated gateway, over TLS on loopback, both measured by docs/gateway.yaml."""
