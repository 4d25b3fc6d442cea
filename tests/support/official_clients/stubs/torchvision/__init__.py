"""Not torchvision: see stand_in."""

from stand_in import attribute as __getattr__  # noqa: F401
from stand_in import install

install()


def get_image_backend():
    return "PIL"
