import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';
import { storeSelection, type Selector } from './selections';

export type Tag = Schemas['TagSummary'];
export type TagExpression = Schemas['TagExpression'];

/** The tag that every dataset has: everything in it. */
export const INITIAL_TAG = 'initial-tag';

/** The tags that people and runs gave. */
export const givenTags = (tags: readonly Tag[]): Tag[] => tags.filter(({ name }) => name !== INITIAL_TAG);

export const tagsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['tags', datasetId],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/datasets/{dataset}/tags', { params: { path: { dataset: datasetId } }, signal })),
  });

/** How many samples of a selector are in each tag, by the tag's id. `key` names the selector. */
export const tagsOfQuery = (datasetId: string, key: unknown, selector: Selector) =>
  queryOptions({
    queryKey: ['tags', datasetId, 'of', key],
    queryFn: async () => {
      const { id } = await storeSelection(datasetId, selector);
      const { tags } = await ok(
        api.POST('/api/datasets/{dataset}/samples:facets', {
          params: { path: { dataset: datasetId } },
          body: { filter: { selection_id: id } },
        }),
      );
      return new Map(tags.map((tag) => [tag.id, tag.count]));
    },
  });

/** Put samples into tags, which are made if absent, and take them out of others. */
export const applyTags = (
  datasetId: string,
  selector: Selector,
  { add = [], remove = [] }: { add?: string[]; remove?: string[] },
) =>
  ok(
    api.POST('/api/datasets/{dataset}/tags:apply', {
      params: { path: { dataset: datasetId } },
      body: { selector, add, remove },
    }),
  );

/** Make a tag of samples; not if there is one of this name. */
export const createTag = (datasetId: string, name: string, selector: Selector) =>
  ok(
    api.POST('/api/datasets/{dataset}/tags', {
      params: { path: { dataset: datasetId } },
      body: { name, selector },
    }),
  );

/** Give a tag another name; not if somebody changed it since it was seen. */
export const renameTag = (datasetId: string, tag: Tag, name: string) =>
  ok(
    api.PATCH('/api/datasets/{dataset}/tags/{tag}', {
      params: { path: { dataset: datasetId, tag: tag.id } },
      body: { name, expected_revision: tag.revision },
    }),
  );

/** Delete a tag, never its samples; not if somebody changed it since it was seen. */
export const deleteTag = (datasetId: string, tag: Tag) =>
  ok(
    api.DELETE('/api/datasets/{dataset}/tags/{tag}', {
      params: { path: { dataset: datasetId, tag: tag.id }, query: { expected_revision: tag.revision } },
    }),
  );

/** Put the samples of some tags into one, and delete those tags. */
export const mergeTags = (datasetId: string, into: string, sources: string[]) =>
  ok(
    api.POST('/api/datasets/{dataset}/tags:merge', {
      params: { path: { dataset: datasetId } },
      body: { into, sources },
    }),
  );

/** Make a tag of others by set algebra. */
export const combineTags = (datasetId: string, name: string, expression: TagExpression) =>
  ok(
    api.POST('/api/datasets/{dataset}/tags:combine', {
      params: { path: { dataset: datasetId } },
      body: { name, expression },
    }),
  );
