import { ActionIcon, Tooltip } from '@mantine/core';
import { Minus, Plus, Scan } from 'lucide-react';
import { useState } from 'react';
import { BoxOutline } from '@/inspector/BoxOutline';
import type { DrawnBox } from '@/inspector/ImageWithBoxes';
import { percent } from '@/model/format';
import { useKeys } from '@/ui/useKeys';
import { useZoom } from './useZoom';
import classes from './ZoomPane.module.css';

interface ZoomPaneProps {
  src: string;
  alt: string;
  width: number;
  height: number;
  boxes: readonly DrawnBox[];
  /** Key of the box that stands out. */
  current?: string;
}

/** From so many screen pixels per pixel on, one sees that pixels are squares. */
const CRISP_FROM = 2;

/** An image with its boxes, to look at closely. */
export function ZoomPane({ src, alt, width, height, boxes, current }: ZoomPaneProps) {
  const [hovered, setHovered] = useState<string | null>(null);
  const { ref, pane, view, zoomIn, zoomOut, fit, handlers } = useZoom({ width, height });
  useKeys({ '+': zoomIn, '=': zoomIn, '-': zoomOut, '0': fit });
  const { scale, x, y } = view;
  const labelled = boxes.find(({ key }) => key === (hovered ?? current));
  return (
    <div className={classes.pane} ref={ref} {...handlers}>
      <img
        src={src}
        alt={alt}
        draggable={false}
        className={classes.image}
        style={{
          left: x,
          top: y,
          width: width * scale,
          height: height * scale,
          imageRendering: scale >= CRISP_FROM ? 'pixelated' : undefined,
        }}
      />
      <svg
        className={classes.boxes}
        viewBox={`${-x / scale} ${-y / scale} ${Math.max(1, pane.width) / scale} ${Math.max(1, pane.height) / scale}`}
        preserveAspectRatio="none"
      >
        {boxes.map(({ key, ...drawn }) => (
          <g
            key={key}
            data-box={key}
            onPointerEnter={() => setHovered(key)}
            onPointerLeave={() => setHovered(null)}
            onFocus={() => setHovered(key)}
            onBlur={() => setHovered(null)}
          >
            <BoxOutline {...drawn} />
          </g>
        ))}
      </svg>
      {labelled !== undefined && (
        <span
          className={classes.label}
          style={{
            left: Math.max(4, x + labelled.box[0] * scale),
            top: Math.max(24, y + labelled.box[1] * scale),
            borderColor: labelled.color,
          }}
        >
          {labelled.label}
        </span>
      )}
      <div className={classes.tools} onDoubleClick={(event) => event.stopPropagation()}>
        <Tool label="Farther (−)" icon={<Minus size={16} />} onClick={zoomOut} />
        <span className={classes.scale}>{percent(scale)}</span>
        <Tool label="Closer (+)" icon={<Plus size={16} />} onClick={zoomIn} />
        <Tool label="Fit (0)" icon={<Scan size={16} />} onClick={fit} />
      </div>
    </div>
  );
}

function Tool({ label, icon, onClick }: { label: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
