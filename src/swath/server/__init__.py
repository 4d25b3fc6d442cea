"""The HTTP server: native API, access, events. Talks to the store; loads no model."""
