import { categoryLabel } from '@/model/format';
import { categoryKey, changed, isNamed, meansCategory } from '@/model/filters';
import { colorAt } from '@/model/palette';
import { useScheme } from '@/ui/useScheme';
import { ChoiceList } from './ChoiceList';
import type { FacetProps } from './FacetSidebar';
import { FacetSection } from './FacetSection';

/** Categories: of crops theirs, of images those of what was predicted on them. */
export function CategoryFacet({ facets, filter, onChange }: FacetProps) {
  const scheme = useScheme();
  const { categories } = facets;
  const chosen = filter?.categories;
  const hasTasks = new Set(categories.map(({ task }) => task)).size > 1;
  const toggle = (at: number) => {
    const category = categories[at];
    if (category === undefined) return;
    const others = (chosen ?? []).filter((one) => !meansCategory(one, category));
    const next = isNamed(category, chosen) ? others : [...others, categoryKey(category, categories)];
    onChange(changed(filter, { categories: next.length === 0 ? null : next }));
  };
  const choices = categories
    .map((category, at) => ({
      key: String(at),
      label: hasTasks ? `${categoryLabel(category)} (${category.task})` : categoryLabel(category),
      count: category.count,
      isChosen: isNamed(category, chosen),
      color: colorAt(category.category_id, scheme),
    }))
    .sort((a, b) => b.count - a.count);
  if (categories.length === 0) return null;
  return (
    <FacetSection
      title="Category"
      isActive={chosen != null}
      onReset={() => onChange(changed(filter, { categories: null }))}
    >
      <ChoiceList choices={choices} what="categories" onToggle={(key) => toggle(Number(key))} />
    </FacetSection>
  );
}
