import classes from './ImageWithBoxes.module.css';
import type { DrawnBox } from './ImageWithBoxes';

/** The outline of a box in an SVG that is measured in pixels of the image, with a halo that shows on any ground. */
export function BoxOutline({ box, color, label, isFaint = false, onPick }: Omit<DrawnBox, 'key'>) {
  const [x0, y0, x1, y1] = box;
  const place = { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
  return (
    <g
      className={classes.box}
      data-faint={isFaint || undefined}
      data-picks={onPick !== undefined || undefined}
    >
      <rect className={classes.halo} {...place} />
      <rect className={classes.line} {...place} stroke={color} />
      <rect
        className={classes.target}
        {...place}
        aria-label={label}
        {...(onPick === undefined
          ? { role: 'img' }
          : {
              role: 'button',
              tabIndex: 0,
              onClick: onPick,
              onKeyDown: (event: React.KeyboardEvent) => {
                if (event.key === 'Enter' || event.key === ' ') onPick();
              },
            })}
      >
        <title>{label}</title>
      </rect>
    </g>
  );
}
