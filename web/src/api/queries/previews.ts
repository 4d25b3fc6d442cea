import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Preview = Schemas['PreviewDocument'];
export type PreviewImage = Schemas['PreviewImage'];
export type PreviewObject = Schemas['PreviewObject'];
export type PreviewRequest = Schemas['PreviewRequest'];

/** The server keeps a preview for 30 minutes; its pictures are gone after that, so it is made anew before. */
const GOOD_FOR_MS = 25 * 60_000;

/** A look at a place, or at the images of a dataset, before anything is stored. */
export const previewQuery = (request: PreviewRequest) =>
  queryOptions({
    queryKey: ['previews', request],
    queryFn: async ({ signal }) =>
      // What asks for it forgets how long arrays are; boxes have four numbers.
      (await ok(api.POST('/api/previews', { body: request, signal }))) as Preview,
    staleTime: GOOD_FOR_MS,
    gcTime: GOOD_FOR_MS,
    refetchInterval: GOOD_FOR_MS,
    retry: false,
  });

/** While another task is looked at, what was there stays to be seen. */
export function usePreview(request: PreviewRequest | null) {
  return useQuery({
    ...previewQuery(request ?? { box_format: 'xywh' }),
    enabled: request !== null,
    placeholderData: keepPreviousData,
  });
}

/** The address of an object's crop as a run with this padding cuts it, its longer side at most `size` pixels. */
export function cropAddress(cropUrl: string, padding: number, size: number): string {
  return `${cropUrl}?${new URLSearchParams({ padding: String(padding), size: String(size) })}`;
}

/** The address of an image's picture, its longer side at most `maxSize` pixels. */
export function pictureAddress(pictureUrl: string, maxSize: number): string {
  return `${pictureUrl}?${new URLSearchParams({ max_size: String(maxSize) })}`;
}
