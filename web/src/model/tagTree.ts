/** Tags in the order of a tree: each below the one it was made from. */

interface Node {
  id: string;
  parent_id: string | null;
}

export interface TreeRow<Tag> {
  tag: Tag;
  /** 0: of a root. */
  depth: number;
}

/** Rows from top to bottom; what names a parent that is not there is a root, and so is one of every circle. */
export function tagTree<Tag extends Node>(tags: readonly Tag[]): TreeRow<Tag>[] {
  const ids = new Set(tags.map(({ id }) => id));
  const rows: TreeRow<Tag>[] = [];
  const placed = new Set<string>();
  const place = (tag: Tag, depth: number): void => {
    if (placed.has(tag.id)) return;
    placed.add(tag.id);
    rows.push({ tag, depth });
    for (const child of tags) if (child.parent_id === tag.id) place(child, depth + 1);
  };
  for (const tag of tags) if (tag.parent_id === null || !ids.has(tag.parent_id)) place(tag, 0);
  for (const tag of tags) place(tag, 0);
  return rows;
}
