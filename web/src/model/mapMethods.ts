import type { Schemas } from '@/api/client';

/** The ways to lay out a map, by the names people know them by. */
export const METHOD_NAMES: Record<Schemas['ProjectionMethod'], string> = {
  pca: 'PCA',
  pacmap: 'PaCMAP',
  tsne: 't-SNE',
  umap: 'UMAP',
};
