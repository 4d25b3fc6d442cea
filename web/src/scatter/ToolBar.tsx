import { ActionIcon, Tooltip } from '@mantine/core';
import { Hand, Lasso, Maximize, Minus, Plus, SquareDashed, type LucideIcon } from 'lucide-react';
import type { Tool } from './gestures';
import classes from './ToolBar.module.css';

const TOOLS: readonly { tool: Tool; icon: LucideIcon; label: string; key: string }[] = [
  { tool: 'pan', icon: Hand, label: 'Move the map', key: 'v' },
  { tool: 'lasso', icon: Lasso, label: 'Pick with a lasso', key: 'l' },
  { tool: 'rectangle', icon: SquareDashed, label: 'Pick with a rectangle', key: 'r' },
];

interface ToolBarProps {
  tool: Tool;
  onTool: (tool: Tool) => void;
  onZoom: (factor: number) => void;
  onFit: () => void;
}

/** One step nearer. */
export const ZOOM_STEP = 1.5;

/** What the hand on the map does. */
export function ToolBar({ tool, onTool, onZoom, onFit }: ToolBarProps) {
  return (
    <div className={classes.bar} role="toolbar" aria-label="Map tools" aria-orientation="vertical">
      {TOOLS.map(({ tool: own, icon, label, key }) => (
        <Button
          key={own}
          icon={icon}
          label={label}
          hint={`${label} (${key})`}
          isOn={tool === own}
          onClick={() => onTool(own)}
        />
      ))}
      <div className={classes.line} />
      <Button icon={Plus} label="Zoom in" hint="Zoom in (+)" onClick={() => onZoom(ZOOM_STEP)} />
      <Button icon={Minus} label="Zoom out" hint="Zoom out (-)" onClick={() => onZoom(1 / ZOOM_STEP)} />
      <Button icon={Maximize} label="Fit everything" hint="Fit everything (f)" onClick={onFit} />
    </div>
  );
}

interface ButtonProps {
  icon: LucideIcon;
  label: string;
  hint: string;
  isOn?: boolean;
  onClick: () => void;
}

function Button({ icon: Icon, label, hint, isOn, onClick }: ButtonProps) {
  return (
    <Tooltip label={hint} position="right">
      <ActionIcon
        variant={isOn ? 'light' : 'subtle'}
        color={isOn ? undefined : 'gray'}
        aria-label={label}
        aria-pressed={isOn}
        onClick={onClick}
      >
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
