import { createContext, useContext, useEffect, useId, useRef, useState, type ReactNode, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import { cx, size, testId, type Props } from './base.ts';
import { overlays, useFrame, useIsOpen } from './overlays.ts';

/** An `overlay` prop is rendered, hidden, beside its button; what is in it registers here so that the button can open it. */
interface Anchor {
  add: (id: string) => () => void;
  tooltip: (content: ReactNode) => void;
}
const AnchorContext = createContext<Anchor | null>(null);

export function useOverlay(p: Props) {
  const [tip, setTip] = useState<ReactNode>(null);
  const [{ ids, anchor }] = useState(() => {
    const inside = new Set<string>();
    const add = (id: string) => {
      inside.add(id);
      return () => void inside.delete(id);
    };
    return { ids: inside, anchor: { add, tooltip: setTip } satisfies Anchor };
  });
  return {
    element: p.overlay ? <AnchorContext.Provider value={anchor}>{p.overlay}</AnchorContext.Provider> : null,
    show: () => ids.forEach(overlays.open),
    tip,
  };
}

const FOCUSABLE =
  'a[href],button:not([disabled]),input:not([disabled]),select:not([disabled]),textarea:not([disabled]),[tabindex="0"]';

/** Keeps the keyboard inside the topmost dialog and gives the focus back afterwards. */
function useFocusTrap(ref: RefObject<HTMLElement | null>, close: () => void) {
  const closing = useRef(close);
  useEffect(() => {
    closing.current = close;
  });
  useEffect(() => {
    const box = ref.current;
    if (!box) return undefined;
    const before = document.activeElement as HTMLElement | null;
    const stops = () => [...box.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((e) => e.offsetParent !== null);
    const topmost = () => [...document.querySelectorAll('[role=dialog]')].at(-1) === box;
    box.focus();
    const onKey = (e: KeyboardEvent) => {
      if (!topmost()) return;
      if (e.key === 'Escape') {
        e.preventDefault();
        closing.current();
      }
      if (e.key !== 'Tab') return;
      const all = stops();
      const edge = e.shiftKey ? all[0] : all.at(-1);
      const outside = !box.contains(document.activeElement) || document.activeElement === box;
      if (all.length === 0 || document.activeElement === edge || (outside && e.shiftKey)) {
        e.preventDefault();
        (e.shiftKey ? all.at(-1) : all[0])?.focus();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      before?.focus();
    };
  }, [ref]);
}

interface DialogProps {
  kind: 'modal' | 'panel';
  width: string;
  title?: string;
  label?: string;
  danger?: boolean;
  close: () => void;
  attributes?: { 'data-testid'?: string };
  children: ReactNode;
}

function Dialog({ kind, width, title, label, danger, close, attributes, children }: DialogProps) {
  const ref = useRef<HTMLDivElement>(null);
  const titleId = useId();
  useFocusTrap(ref, close);
  return (
    <div className={cx('scrim', kind)} onMouseDown={(e) => e.target === e.currentTarget && close()}>
      <div
        ref={ref}
        className={cx('dialog', kind, `w-${width}`, danger && 'danger')}
        role="dialog"
        aria-modal="true"
        aria-label={label}
        aria-labelledby={label ? undefined : titleId}
        tabIndex={-1}
        {...attributes}
      >
        <header>
          <h2 id={titleId}>{title ?? label ?? ''}</h2>
          <button type="button" className="x" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        {children}
      </div>
    </div>
  );
}

function overlay(kind: 'modal' | 'panel') {
  return function Overlay(p: Props) {
    const id = p.id as string;
    const anchor = useContext(AnchorContext);
    const open = useIsOpen(id);
    const was = useRef(false);
    const handlers = useRef(p);
    useEffect(() => {
      handlers.current = p;
    });
    useEffect(() => anchor?.add(id), [anchor, id]);
    useEffect(() => {
      if (open) handlers.current.onOpen?.();
      else if (was.current) handlers.current.onClose?.();
      was.current = open;
    }, [open]);
    const place = document.getElementById('overlays');
    if (!open || !place) return null;
    return createPortal(
      <AnchorContext.Provider value={null}>
        <Dialog
          kind={kind}
          width={size(p.width, 'sm')}
          title={p.title}
          label={p['aria-label']}
          danger={p.variant === 'danger'}
          close={() => overlays.close(id)}
          attributes={testId(p)}
        >
          {p.children}
        </Dialog>
      </AnchorContext.Provider>,
      place,
    );
  };
}

export const Modal = overlay('modal');
export const Panel = overlay('panel');

const part = (className: string) =>
  function Part(p: Props) {
    return (
      <div className={cx(className, p.flush && 'flush')} {...testId(p)}>
        {p.children}
      </div>
    );
  };
export const ModalBody = part('dialog-body');
export const ModalFooter = part('dialog-footer');
export const PanelBody = part('dialog-body');
export const PanelFooter = part('dialog-footer');
export const PanelSection = part('panel-section');

/** Stands in an `overlay` prop; its content shows beside the element that it explains. */
export function Tooltip(p: Props) {
  const anchor = useContext(AnchorContext);
  const { children } = p;
  useEffect(() => {
    anchor?.tooltip(children);
    return () => anchor?.tooltip(null);
  }, [anchor, children]);
  return anchor ? null : <span className="tip-text">{children}</span>;
}

export function FrameModal() {
  const open = useFrame();
  if (!open) return null;
  const { uri, title, width, height } = open.frame;
  return (
    <Dialog kind="modal" width="lg" title={title} label={title ?? uri} close={overlays.closeFrame}>
      <iframe
        className="frame"
        src={uri}
        title={title ?? uri}
        width={width}
        height={height}
        sandbox="allow-scripts allow-forms"
      />
    </Dialog>
  );
}
