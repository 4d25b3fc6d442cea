/** How an image lies in the pane that shows it: a point of the image is at `x + scale * point` of the pane. */

export interface Size {
  width: number;
  height: number;
}

export interface ZoomView {
  /** Pixels of the screen per pixel of the image. */
  scale: number;
  x: number;
  y: number;
}

/** Room around an image that fits its pane. */
const MARGIN = 12;
const LARGEST_SCALE = 40;
/** Of the image stays in its pane, however far it is moved. */
const KEPT_IN_VIEW = 60;

/** The whole image in the middle of the pane; small ones are enlarged. */
export function fitted(image: Size, pane: Size): ZoomView {
  const room = { width: Math.max(1, pane.width - 2 * MARGIN), height: Math.max(1, pane.height - 2 * MARGIN) };
  const scale = Math.min(room.width / image.width, room.height / image.height, LARGEST_SCALE);
  return { scale, x: (pane.width - image.width * scale) / 2, y: (pane.height - image.height * scale) / 2 };
}

/** Closer or farther by a factor; the point of the image below `at` stays where it is. */
export function zoomed(
  view: ZoomView,
  factor: number,
  at: { x: number; y: number },
  image: Size,
  pane: Size,
): ZoomView {
  const smallest = fitted(image, pane).scale / 2;
  const scale = Math.min(LARGEST_SCALE, Math.max(smallest, view.scale * factor));
  const grown = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown };
}

/** Moved by pixels of the screen, but never out of sight. */
export function panned(view: ZoomView, dx: number, dy: number, image: Size, pane: Size): ZoomView {
  return {
    scale: view.scale,
    x: kept(view.x + dx, image.width * view.scale, pane.width),
    y: kept(view.y + dy, image.height * view.scale, pane.height),
  };
}

function kept(start: number, length: number, room: number): number {
  return Math.min(room - KEPT_IN_VIEW, Math.max(KEPT_IN_VIEW - length, start));
}
