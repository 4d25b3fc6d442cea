"""Folders of images as the official client's uploads read them."""

import os

from PIL import Image
from stand_in import attribute as __getattr__  # noqa: F401

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class VisionDataset:
    """What all have in common: a folder, and what to do with each image and label."""

    def __init__(self, root, transforms=None, transform=None, target_transform=None):
        self.root = os.path.expanduser(root)
        self.transform = transform
        self.target_transform = target_transform


class ImageFolder(VisionDataset):
    """The images of a folder whose folders are classes, sorted; an item is (RGB image, number of its class)."""

    def __init__(self, root, transform=None, target_transform=None, loader=None, is_valid_file=None):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes = sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir())
        self.samples = [
            (path, number)
            for number, name in enumerate(self.classes)
            for path in self._images(os.path.join(self.root, name), is_valid_file)
        ]
        self.imgs = self.samples
        self.targets = [number for _, number in self.samples]

    @staticmethod
    def _images(folder, is_valid_file):
        for place, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(place, name)
                if is_valid_file(path) if is_valid_file else name.lower().endswith(EXTENSIONS):
                    yield path

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = Image.open(path).convert("RGB")
        return (self.transform(image) if self.transform else image), label
