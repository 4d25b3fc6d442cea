/** How samples of a kind of dataset are called, and where they are shown. */

export type Kind = 'crops' | 'images';

/** `object` or `image`; people think of crops as the objects that they show. */
export const unitOf = (kind: string): 'object' | 'image' => (kind === 'crops' ? 'object' : 'image');

/** The page with all samples of a dataset. */
export const samplesPath = (kind: string) =>
  kind === 'crops' ? ('/d/$dataset/objects' as const) : ('/d/$dataset/images' as const);
