"""Technology behind the ports: folders, image decoders, ONNX embedders, caches, table files."""
