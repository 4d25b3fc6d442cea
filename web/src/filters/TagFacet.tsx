import { ActionIcon, SegmentedControl } from '@mantine/core';
import { Minus, Plus } from 'lucide-react';
import { count } from '@/model/format';
import type { TagChoice } from '@/model/filters';
import classes from './filters.module.css';

export interface TagOfFacet {
  name: string;
  count: number;
  /** A run made it of what it selected. */
  isOfRun: boolean;
}

interface TagFacetProps {
  tags: readonly TagOfFacet[];
  choice: TagChoice;
  onChange: (choice: TagChoice) => void;
}

/** Tags that samples must be in, and tags that they must not be in. */
export function TagFacet({ tags, choice, onChange }: TagFacetProps) {
  const without = (list: readonly string[], name: string) => list.filter((one) => one !== name);
  const change = (list: 'included' | 'excluded', name: string) => {
    const isOn = choice[list].includes(name);
    onChange({
      ...choice,
      included: without(choice.included, name),
      excluded: without(choice.excluded, name),
      ...(isOn ? {} : { [list]: [...without(choice[list], name), name] }),
    });
  };
  const groups = [
    { title: 'Selected by runs', tags: tags.filter(({ isOfRun }) => isOfRun) },
    { title: 'By people', tags: tags.filter(({ isOfRun }) => !isOfRun) },
  ].filter((group) => group.tags.length > 0);
  return (
    <>
      {choice.included.length > 1 && (
        <SegmentedControl
          size="xs"
          fullWidth
          mb={6}
          aria-label="In any or in all of these tags"
          value={choice.mode}
          onChange={(mode) => onChange({ ...choice, mode: mode === 'all' ? 'all' : 'any' })}
          data={[
            { value: 'any', label: 'In any' },
            { value: 'all', label: 'In all' },
          ]}
        />
      )}
      {groups.map((group) => (
        <div key={group.title}>
          {groups.length > 1 && <div className={classes.group}>{group.title}</div>}
          {group.tags.map((tag) => (
            <div key={tag.name} className={classes.tagRow}>
              <span className={classes.choiceName} title={tag.name}>
                {tag.name}
              </span>
              <span className={classes.choiceCount}>{count(tag.count)}</span>
              <TagButton
                label={`In ${tag.name}`}
                isOn={choice.included.includes(tag.name)}
                color="pine"
                icon={<Plus size={13} />}
                onClick={() => change('included', tag.name)}
              />
              <TagButton
                label={`Not in ${tag.name}`}
                isOn={choice.excluded.includes(tag.name)}
                color="red"
                icon={<Minus size={13} />}
                onClick={() => change('excluded', tag.name)}
              />
            </div>
          ))}
        </div>
      ))}
    </>
  );
}

interface TagButtonProps {
  label: string;
  isOn: boolean;
  color: string;
  icon: React.ReactNode;
  onClick: () => void;
}

function TagButton({ label, isOn, color, icon, onClick }: TagButtonProps) {
  return (
    <ActionIcon
      size="sm"
      variant={isOn ? 'filled' : 'subtle'}
      color={isOn ? color : 'gray'}
      aria-label={label}
      aria-pressed={isOn}
      title={label}
      onClick={onClick}
    >
      {icon}
    </ActionIcon>
  );
}
