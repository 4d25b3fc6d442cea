from swath.wiring.client import Client as Client

__version__: str
