"""The eligibility gateway of docs/gateway.yaml, simulated: HTTPS with client certificates and a registry in SQLite.

`python -m firmware.sim.gateway --config gateway.toml [--control SOCKET]`, or `GatewayServer` in a loop of one's own.
"""
