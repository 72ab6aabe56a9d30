import { useContext, useEffect, useId, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import { cx, event, size, testId, type Props } from './base.ts';
import { FormContext } from './form.tsx';
import { Icon } from './icons.tsx';
import { useOverlay } from './overlay.tsx';
import { OutsideContext } from './outside.ts';
import { reactions } from './overlays.ts';

interface Target {
  url: string;
  external: boolean;
}
const target = (href: unknown): Target | undefined => {
  if (!href) return undefined;
  if (typeof href === 'object') {
    const { url, external = false } = href as { url: string; external?: boolean };
    return { url, external };
  }
  return { url: String(href), external: /^https?:/.test(String(href)) };
};

/** Where a link leads in the preview. */
function useTarget(href: unknown): Target | undefined {
  const outside = useContext(OutsideContext);
  const to = target(href);
  return to && { ...to, url: outside.link(to.url) };
}

/** A button, or a link when it has an address. */
export function Clickable({
  p,
  className,
  role,
  children,
}: {
  p: Props;
  className: string;
  role?: string;
  children?: ReactNode;
}) {
  const overlay = useOverlay(p);
  const form = useContext(FormContext);
  const tip = useId();
  const later = p.overlayOptions?.openBehavior === 'onLoadingFinish';
  const wasLoading = useRef(false);
  const { show } = overlay;
  useEffect(() => {
    if (later && wasLoading.current && !p.loading) show();
    wasLoading.current = Boolean(p.loading);
  });
  const href = useTarget(p.href);
  const onClick = (e: MouseEvent) => {
    if (p.preventDefault) e.preventDefault();
    p.onClick?.(event('click'), reactions);
    if (!later) show();
    if (p.type === 'reset') form?.reset();
  };
  const shared = { className, role, onClick, 'aria-describedby': overlay.tip ? tip : undefined, ...testId(p) };
  const body = (
    <>
      {children}
      {href?.external && <Icon name="externalLink" size="sm" screenReaderText="opens in a new tab" />}
    </>
  );
  return (
    <span className={cx('anchor', Boolean(overlay.tip) && 'has-tip')}>
      {href && !p.disabled ? (
        <a {...shared} href={href.url} target={href.external ? '_blank' : undefined} rel="noreferrer">
          {body}
        </a>
      ) : (
        <button
          {...shared}
          type={p.type === 'submit' ? 'submit' : 'button'}
          disabled={Boolean(p.disabled || p.loading)}
          aria-busy={p.loading ? true : undefined}
          aria-label={p['aria-label']}
        >
          {body}
        </button>
      )}
      {overlay.tip && (
        <span role="tooltip" id={tip} className="tooltip">
          {overlay.tip}
        </span>
      )}
      {overlay.element}
    </span>
  );
}

const look = (p: Props, otherwise = 'secondary') =>
  cx('btn', p.variant ?? otherwise, size(p.size), p.truncate && 'trunc');

export function Button(p: Props) {
  return (
    <Clickable p={p} className={look(p)}>
      {p.children}
    </Clickable>
  );
}

export function LoadingButton(p: Props) {
  const [done, setDone] = useState(false);
  const was = useRef(false);
  useEffect(() => {
    const finished = was.current && !p.loading;
    was.current = Boolean(p.loading);
    if (!finished || !p.resultIconName) return undefined;
    setDone(true);
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [p.loading, p.resultIconName]);
  return (
    <Clickable p={p} className={look(p)}>
      {p.loading && <i className="spinner sm" aria-hidden />}
      {done && <Icon name={p.resultIconName} size="sm" />}
      {p.children}
    </Clickable>
  );
}

export function Link(p: Props) {
  return (
    <Clickable p={p} className={cx('link', p.variant)}>
      {p.children}
    </Clickable>
  );
}

export function ButtonRow(p: Props) {
  return (
    <div className="button-row" {...testId(p)}>
      {p.children}
    </div>
  );
}

export function Dropdown(p: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const items = () => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  useEffect(() => {
    if (open) items()[0]?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <span
      ref={box}
      className="menu"
      onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && setOpen(false)}
      onKeyDown={(e) => {
        if (!open) return;
        const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
        const all = items();
        if (step) {
          e.preventDefault();
          all.at((all.indexOf(document.activeElement as HTMLElement) + step) % all.length)?.focus();
        }
        if (e.key === 'Escape') close();
      }}
    >
      <button
        ref={button}
        type="button"
        className={cx('btn', p.variant ?? 'secondary', size(p.buttonSize))}
        disabled={p.disabled}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        {...testId(p)}
      >
        {p.buttonText ?? 'More'} <Icon name="downCarat" size="sm" />
      </button>
      {/* Stays mounted while closed: an open modal of an item must not go with the list. */}
      <span className="menu-list" role="menu" hidden={!open} onClick={close}>
        {p.options?.map((o: { label: string; onClick?: () => void }) => (
          <button type="button" role="menuitem" key={o.label} onClick={() => o.onClick?.()}>
            {o.label}
          </button>
        ))}
        {p.children}
      </span>
    </span>
  );
}

export function DropdownButtonItem(p: Props) {
  return (
    <Clickable p={p} className="menu-item" role="menuitem">
      {p.children}
    </Clickable>
  );
}

export function Image(p: Props) {
  const overlay = useOverlay(p);
  const href = useTarget(p.href);
  const outside = useContext(OutsideContext);
  const act = p.onClick || p.overlay;
  const img = (
    <img src={outside.picture(p.src ?? '')} alt={p.alt ?? ''} width={p.width} height={p.height} {...testId(p)} />
  );
  const onClick = () => {
    p.onClick?.(event('click'), reactions);
    overlay.show();
  };
  return (
    <span className="image">
      {href ? (
        <a href={href.url} target={href.external ? '_blank' : undefined} rel="noreferrer" onClick={onClick}>
          {img}
        </a>
      ) : act ? (
        <button type="button" className="plain" onClick={onClick}>
          {img}
        </button>
      ) : (
        img
      )}
      {overlay.element}
    </span>
  );
}

export function Tag(p: Props) {
  const overlay = useOverlay(p);
  const tip = useId();
  const className = cx('tag', p.variant ?? 'default');
  const act = p.onClick || (p.overlay && !overlay.tip);
  return (
    <span className={cx('anchor', Boolean(overlay.tip) && 'has-tip')}>
      {act ? (
        <button
          type="button"
          className={className}
          onClick={() => {
            p.onClick?.(event('click'), reactions);
            overlay.show();
          }}
          {...testId(p)}
        >
          {p.children}
        </button>
      ) : (
        <span className={className} aria-describedby={overlay.tip ? tip : undefined} {...testId(p)}>
          {p.children}
        </span>
      )}
      {overlay.tip && (
        <span role="tooltip" id={tip} className="tooltip">
          {overlay.tip}
        </span>
      )}
      {overlay.element}
    </span>
  );
}
