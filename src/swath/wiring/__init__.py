"""Where adapters and the store are joined to the pipeline. Nobody else picks an adapter."""
