import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { isId } from '@/model/browsing';
import { unitOf } from '@/model/kinds';
import { useKeys } from '@/ui/useKeys';
import classes from './Inspector.module.css';
import { InspectorHead } from './InspectorHead';
import { ResizeHandle } from './ResizeHandle';
import { SampleBody } from './SampleBody';
import { useWalkSteps } from './useWalkSteps';
import { useWidth } from './useWidth';

/** The sample in focus (`focus` of the address), beside the page that shows many. */
export function Inspector({ dataset }: { dataset: DatasetDetails }) {
  const { focus } = useSearch({ strict: false });
  return isId(focus) ? <OpenInspector dataset={dataset} sampleId={focus} /> : null;
}

function OpenInspector({ dataset, sampleId }: { dataset: DatasetDetails; sampleId: string }) {
  const navigate = useNavigate();
  const [width, setWidth] = useWidth();
  const body = useRef<HTMLDivElement>(null);
  const focus = (sample: string | undefined) =>
    void navigate({ to: '.', search: (search) => ({ ...search, focus: sample }), replace: true });
  const steps = useWalkSteps(sampleId, focus);
  const close = () => focus(undefined);
  useKeys({ Escape: close }, { isFirst: true });
  useKeys({ ArrowLeft: () => steps?.step(-1)?.(), ArrowRight: () => steps?.step(1)?.() });
  useFocusHandedBack();
  useEffect(() => {
    body.current?.scrollTo({ top: 0 });
  }, [sampleId]);
  return (
    <aside
      className={classes.inspector}
      style={{ width }}
      aria-label={`Inspector of one ${unitOf(dataset.kind)}`}
    >
      <ResizeHandle width={width} onWidth={setWidth} />
      <InspectorHead dataset={dataset} sampleId={sampleId} steps={steps} onClose={close} />
      <div className={classes.body} ref={body}>
        <SampleBody dataset={dataset} sampleId={sampleId} onFocus={focus} />
      </div>
    </aside>
  );
}

/** Whoever closes the inspector from within goes on where they came from. */
function useFocusHandedBack(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      const isLost = document.activeElement === null || document.activeElement === document.body;
      if (isLost && before instanceof HTMLElement && before.isConnected)
        before.focus({ preventScroll: true });
    };
  }, []);
}
