"""Maps of embeddings that keep neighbourhoods together: PaCMAP, t-SNE and UMAP, and adding samples to a map.

`layout` is the way in. Every algorithm gets the nearest neighbours and starting points on the two principal axes, and
returns points. Compiled loops work on their own rows only, so that the number of threads changes nothing: the same
vectors and seed give the same map on one machine.
"""
