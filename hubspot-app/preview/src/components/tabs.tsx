import type { RemoteReceiver, RemoteReceiverAttachableComponent } from '@remote-ui/core';
import { useAttached } from '@remote-ui/react/host';
import {
  Children,
  Fragment,
  isValidElement,
  useId,
  useRef,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
} from 'react';
import { cx, testId, type Props } from './base.ts';
import { useHeld } from './form.tsx';

type TabElement = ReactElement<{ receiver: RemoteReceiver; component: RemoteReceiverAttachableComponent }>;
type TabId = string | number;

const isTab = (child: ReactNode): child is TabElement =>
  isValidElement<{ component?: { type?: string } }>(child) && child.props.component?.type === 'Tab';

interface TabButtonProps {
  element: TabElement;
  id: string;
  panel: string;
  selected: boolean;
  onPick: () => void;
}

/** The strip shows what the tab's own props say, so it must listen to the remote node. */
function TabButton({ element, id, panel, selected, onPick }: TabButtonProps) {
  const node = useAttached(element.props.receiver, element.props.component);
  const p = (node?.props ?? {}) as Props;
  return (
    <button
      type="button"
      role="tab"
      id={id}
      aria-selected={selected}
      aria-controls={selected ? panel : undefined}
      tabIndex={selected ? 0 : -1}
      disabled={Boolean(p.disabled)}
      title={p.tooltip}
      onClick={onPick}
      {...testId(p)}
    >
      {p.title}
    </button>
  );
}

export function Tabs(p: Props) {
  const base = useId();
  const strip = useRef<HTMLDivElement>(null);
  const tabs = Children.toArray(p.children)
    .filter(isTab)
    .map((element, i) => ({ element, id: ((element.props.component.props as Props).tabId ?? i) as TabId }));
  const [own, setOwn] = useHeld<TabId | undefined>(p.selected, p.defaultSelected);
  const selected = own ?? tabs[0]?.id;
  const pick = (id: TabId) => {
    if (p.selected === undefined) setOwn(id);
    p.onSelectedChange?.(id);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    const all = [...(strip.current?.querySelectorAll<HTMLButtonElement>('[role=tab]:not([disabled])') ?? [])];
    const next = all.at((all.indexOf(document.activeElement as HTMLButtonElement) + step) % all.length);
    next?.focus();
    next?.click();
  };
  return (
    <div className={cx('tabs', p.variant ?? 'default', p.fill && 'fill')} {...testId(p)}>
      <div ref={strip} className="tab-strip" role="tablist" onKeyDown={onKeyDown}>
        {tabs.map(({ element, id }) => (
          <TabButton
            key={String(id)}
            element={element}
            id={`${base}-${id}`}
            panel={`${base}-panel`}
            selected={id === selected}
            onPick={() => pick(id)}
          />
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${selected}`}>
        {tabs.map(({ element, id }) => (id === selected ? <Fragment key={String(id)}>{element}</Fragment> : null))}
      </div>
    </div>
  );
}

export function Tab(p: Props) {
  return <>{p.children}</>;
}
