import { useId, type CSSProperties } from 'react';
import { cx, size, testId, type Props } from './base.ts';
import { useHeld } from './form.tsx';
import { Art, Icon } from './icons.tsx';

const WEIGHTS: Record<string, number> = { bold: 700, demibold: 600 };

export function Text(p: Props) {
  const f = p.format ?? {};
  const style: CSSProperties = {
    fontWeight: WEIGHTS[f.fontWeight],
    fontStyle: f.italic ? 'italic' : undefined,
    textDecoration: f.lineDecoration === 'strikethrough' ? 'line-through' : f.lineDecoration,
    textTransform: f.textTransform === 'sentenceCase' ? undefined : f.textTransform,
    maxWidth: p.truncate?.maxWidth,
  };
  const Element = p.inline ? 'span' : 'div';
  return (
    <Element
      className={cx('text', p.variant, p.truncate && 'trunc', f.textTransform === 'sentenceCase' && 'sentence')}
      style={style}
      title={p.truncate?.tooltipText}
      {...testId(p)}
    >
      {p.children}
    </Element>
  );
}

export function Heading(p: Props) {
  return (
    <h3 className={cx('heading', p.inline && 'inline')} {...testId(p)}>
      {p.children}
    </h3>
  );
}

export function Alert(p: Props) {
  const variant = p.variant === 'danger' ? 'error' : (p.variant ?? 'info');
  return (
    <div
      className={cx('alert', variant)}
      role={variant === 'error' || variant === 'warning' ? 'alert' : 'note'}
      {...testId(p)}
    >
      <strong>{p.title}</strong>
      {p.children && <div>{p.children}</div>}
    </div>
  );
}

export function StatusTag(p: Props) {
  const body = (
    <>
      <i aria-hidden />
      {p.children}
    </>
  );
  return (
    <span className={cx('status', p.variant ?? 'default', p.hollow && 'hollow')} {...testId(p)}>
      {p.onClick ? (
        <button type="button" className="plain" onClick={() => p.onClick()}>
          {body}
        </button>
      ) : (
        body
      )}
      {p.showRemoveIcon && (
        <button type="button" className="x" aria-label="Remove" onClick={() => p.onRemoveClick?.()}>
          ×
        </button>
      )}
    </span>
  );
}

export function Accordion(p: Props) {
  const [open, setOpen] = useHeld<boolean>(p.open, Boolean(p.defaultOpen));
  const body = useId();
  return (
    <div className={cx('accordion', size(p.size))} {...testId(p)}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={body}
        disabled={Boolean(p.disabled)}
        onClick={() => {
          if (p.open === undefined) setOpen(!open);
          p.onClick?.();
        }}
      >
        <Icon name={open ? 'downCarat' : 'right'} size="sm" />
        {p.title}
      </button>
      <div id={body} className="accordion-body" hidden={!open}>
        {open && p.children}
      </div>
    </div>
  );
}

export function EmptyState(p: Props) {
  return (
    <div
      className={cx('empty', p.layout ?? 'horizontal', p.reverseOrder && 'reversed', p.flush && 'flush')}
      {...testId(p)}
    >
      <div className="empty-text">
        {p.title && <h3>{p.title}</h3>}
        {p.children}
      </div>
      <Art width={p.imageWidth} kind="empty" />
    </div>
  );
}

export function ErrorState(p: Props) {
  return (
    <div className="empty vertical" role="alert" {...testId(p)}>
      <div className="empty-text">
        <h3>{p.title ?? 'Something went wrong.'}</h3>
        {p.children}
      </div>
      <Art kind={p.type === 'lock' ? 'lock' : 'error'} />
    </div>
  );
}

export function Illustration(p: Props) {
  return <Art kind={String(p.name).startsWith('error') ? 'error' : 'empty'} width={p.width} alt={p.alt} />;
}

export function LoadingSpinner(p: Props) {
  return (
    <div className={cx('loading', p.layout ?? 'inline')} role="status" aria-label={p.label} {...testId(p)}>
      <i className={cx('spinner', size(p.size))} aria-hidden />
      {p.showLabel && <span aria-hidden>{p.label}</span>}
    </div>
  );
}

export function ProgressBar(p: Props) {
  const max = p.maxValue ?? p.valueMax ?? 100;
  const percent = Math.min(100, Math.max(0, Math.round((100 * (p.value ?? 0)) / (max || 1))));
  return (
    <div className={cx('progress', p.variant ?? 'success')} {...testId(p)}>
      <div className="progress-head">
        <span>{p.title}</span>
        {p.showPercentage && <span>{percent}%</span>}
      </div>
      <div
        className="track"
        role="progressbar"
        aria-label={p['aria-label'] ?? p.title ?? p.valueDescription}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={p.valueDescription}
      >
        <i style={{ width: `${percent}%` }} />
      </div>
      {p.valueDescription && <small>{p.valueDescription}</small>}
    </div>
  );
}

export function ScoreCircle(p: Props) {
  const score = Number(p.score) || 0;
  const band = score >= 67 ? 'good' : score >= 34 ? 'fair' : 'poor';
  return (
    <div className={cx('score', band)} role="img" aria-label={String(score)} {...testId(p)}>
      <svg viewBox="0 0 40 40" aria-hidden>
        <circle cx="20" cy="20" r="17" />
        <circle className="value" cx="20" cy="20" r="17" pathLength="100" strokeDasharray={`${score} 100`} />
      </svg>
      <b>{score}</b>
    </div>
  );
}

export function StepIndicator(p: Props) {
  const current = p.currentStep ?? 0;
  return (
    <ol className={cx('steps', p.direction ?? 'horizontal', p.variant)} {...testId(p)}>
      {(p.stepNames ?? []).map((name: string, i: number) => {
        const label = (
          <>
            <i aria-hidden>{i < current ? '✓' : i + 1}</i>
            <span>{name}</span>
          </>
        );
        return (
          <li
            key={name}
            className={cx(i < current && 'done', i === current && 'on')}
            aria-current={i === current ? 'step' : undefined}
          >
            {p.onClick ? (
              <button type="button" className="plain" onClick={() => p.onClick(i)}>
                {label}
              </button>
            ) : (
              label
            )}
          </li>
        );
      })}
    </ol>
  );
}

export function Statistics(p: Props) {
  return (
    <div className="statistics" {...testId(p)}>
      {p.children}
    </div>
  );
}

export function StatisticsItem(p: Props) {
  return (
    <div className="statistic" role="group" aria-label={p.label} id={p.id} {...testId(p)}>
      <span>{p.label}</span>
      <b>{p.number}</b>
      {p.children}
    </div>
  );
}

export function StatisticsTrend(p: Props) {
  const down = p.direction === 'decrease';
  return (
    <em className={cx('trend', p.color ?? (down ? 'red' : 'green'))} {...testId(p)}>
      <span aria-hidden>{down ? '▼' : '▲'}</span> {p.value}
    </em>
  );
}
