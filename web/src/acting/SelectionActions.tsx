import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import {
  Bookmark, Code, Download, Ellipsis, FlipHorizontal2, Link2, Sparkles, Tag, Tags, Wand2, X,
} from 'lucide-react'; // prettier-ignore
import type { ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { storeSelection } from '@/api/queries/selections';
import { Bitmap } from '@/model/bitmap';
import { unitOf } from '@/model/kinds';
import { selectorOf, useSelection } from '@/model/selection';
import { notifyProblem } from '@/ui/notify';
import { useKeys } from '@/ui/useKeys';
import classes from './SelectionBar.module.css';
import { useCopyLink } from './useCopyLink';
import { useSimilar } from './useSimilar';

/** What a dialog is asked for. */
export type Asked = 'tag' | 'untag' | 'view' | 'python';

interface SelectionActionsProps {
  dataset: DatasetDetails;
  members: Bitmap;
  onAsk: (dialog: Asked) => void;
}

/** The buttons of the bar. */
export function SelectionActions({ dataset, members, onAsk }: SelectionActionsProps) {
  const { clear, replace } = useSelection.getState();
  const navigate = useNavigate();
  const showSimilar = useSimilar(dataset);
  const copyLink = useCopyLink();
  const isOne = members.count === 1;
  const similar = () => void showSimilar(members);
  useKeys({ n: similar }, { isActive: isOne });
  const withStored = (go: (selection: string) => unknown) => {
    storeSelection(dataset.id, selectorOf(members))
      .then(({ id }) => go(id))
      .catch(notifyProblem);
  };
  const params = { dataset: dataset.id };
  return (
    <div className={classes.actions}>
      <Act icon={<Tag size={15} />} label="Tag" hint="Put them into a tag (t)" onClick={() => onAsk('tag')} />
      <Act
        icon={<Tags size={15} />}
        label="Untag"
        hint="Take them out of a tag"
        onClick={() => onAsk('untag')}
      />
      <Act icon={<Bookmark size={15} />} label="Save as view" onClick={() => onAsk('view')} />
      {isOne && (
        <Act icon={<Sparkles size={15} />} label="Similar" hint="Most similar first (n)" onClick={similar} />
      )}
      <Act
        icon={<Wand2 size={15} />}
        label="Start a selection"
        hint={`Choose a diverse part of these ${unitOf(dataset.kind)}s`}
        onClick={() => withStored((sel) => navigate({ to: '/d/$dataset/select', params, search: { sel } }))}
      />
      <Act
        icon={<Download size={15} />}
        label="Export"
        onClick={() => withStored((sel) => navigate({ to: '/d/$dataset/exports', params, search: { sel } }))}
      />
      <Menu position="top-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label="More to do with what is picked">
            <Ellipsis size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Code size={15} />} onClick={() => onAsk('python')}>
            Copy as Python
          </Menu.Item>
          <Menu.Item leftSection={<Link2 size={15} />} onClick={() => withStored(copyLink)}>
            Copy link
          </Menu.Item>
          <Menu.Item
            leftSection={<FlipHorizontal2 size={15} />}
            onClick={() => replace(Bitmap.full(dataset.sample_count).minus(members))}
          >
            Pick all others instead
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Tooltip label="Clear (Esc)">
        <ActionIcon className={classes.end} variant="subtle" color="gray" aria-label="Clear" onClick={clear}>
          <X size={17} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

interface ActProps {
  icon: ReactNode;
  label: string;
  hint?: string;
  onClick: () => void;
}

function Act({ icon, label, hint, onClick }: ActProps) {
  return (
    <Tooltip label={hint} disabled={hint === undefined}>
      <Button size="compact-sm" variant="subtle" leftSection={icon} onClick={onClick}>
        {label}
      </Button>
    </Tooltip>
  );
}
