import { useId, type ReactNode } from 'react';
import { cx, testId, type Props } from './base.ts';
import { model, type ChartModel } from './chartdata.ts';

const W = 640;
const H = 240;
const M = { top: 12, right: 16, bottom: 30, left: 48 };
const plot = { w: W - M.left - M.right, h: H - M.top - M.bottom };

const short = (n: number) =>
  new Intl.NumberFormat(undefined, { notation: n >= 10_000 ? 'compact' : 'standard' }).format(n);
const yOf = (m: ChartModel, v: number) => M.top + plot.h * (1 - v / m.max);

function Frame({ p, kind, m, children }: { p: Props; kind: string; m: ChartModel; children: ReactNode }) {
  const title = useId();
  const every = Math.ceil(m.xs.length / 10);
  const legend = p.options?.showLegend ?? m.series.length > 1;
  return (
    <figure className={cx('chart', kind)} aria-labelledby={title} {...testId(p)}>
      <figcaption id={title} className={cx(!p.options?.title && 'sr')}>
        {p.options?.title ?? p.axes?.y?.label ?? p.axes?.y?.field}
      </figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-labelledby={title}>
        {m.ticks.map((t) => (
          <g key={t} className="tick-line">
            <line x1={M.left} x2={W - M.right} y1={yOf(m, t)} y2={yOf(m, t)} />
            <text x={M.left - 8} y={yOf(m, t) + 4} textAnchor="end">
              {short(t)}
            </text>
          </g>
        ))}
        {m.xs.map((x, i) =>
          i % every ? null : (
            <text
              key={x.value}
              className="x-label"
              x={M.left + ((i + 0.5) * plot.w) / m.xs.length}
              y={H - 10}
              textAnchor="middle"
            >
              {x.label}
            </text>
          ),
        )}
        {children}
      </svg>
      {legend && (
        <ul className="legend">
          {m.series.map((s) => (
            <li key={s.name}>
              <i style={{ background: s.color }} aria-hidden />
              {s.label}
            </li>
          ))}
        </ul>
      )}
      <DataTable p={p} m={m} />
    </figure>
  );
}

/** The same numbers for those who do not see the drawing. */
function DataTable({ p, m }: { p: Props; m: ChartModel }) {
  return (
    <table className="sr">
      <thead>
        <tr>
          <th scope="col">{p.axes?.x?.label ?? p.axes?.x?.field}</th>
          {m.series.map((s) => (
            <th scope="col" key={s.name}>
              {s.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {m.xs.map((x) => (
          <tr key={x.value}>
            <th scope="row">{x.label}</th>
            {m.series.map((s) => (
              <td key={s.name}>{s.points.find((q) => q.x === x.value)?.y ?? ''}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function BarChart(p: Props) {
  const m = model(p);
  const slot = plot.w / Math.max(1, m.xs.length);
  const lanes = m.stacked ? 1 : Math.max(1, m.series.length);
  const bar = Math.min(48, (slot * 0.7) / lanes);
  return (
    <Frame p={p} kind="bar" m={m}>
      {m.xs.map((x, i) => {
        let base = 0;
        return m.series.map((s, lane) => {
          const value = s.points.find((q) => q.x === x.value)?.y ?? 0;
          const left = M.left + (i + 0.5) * slot - (bar * lanes) / 2 + (m.stacked ? 0 : lane * bar);
          const top = yOf(m, base + value);
          const height = yOf(m, base) - top;
          if (m.stacked) base += value;
          return (
            <g key={`${x.value} ${s.name}`}>
              <rect x={left} y={top} width={bar} height={Math.max(0, height)} fill={s.color} rx="1.5">
                <title>{`${x.label}, ${s.label}: ${value}`}</title>
              </rect>
              {p.options?.showDataLabels && value > 0 && (
                <text className="data-label" x={left + bar / 2} y={top - 4} textAnchor="middle">
                  {short(value)}
                </text>
              )}
            </g>
          );
        });
      })}
    </Frame>
  );
}

export function LineChart(p: Props) {
  const m = model(p);
  const index = new Map(m.xs.map((x, i) => [x.value, i]));
  const xOf = (x: string) => M.left + (((index.get(x) ?? 0) + 0.5) * plot.w) / Math.max(1, m.xs.length);
  return (
    <Frame p={p} kind="line" m={m}>
      {m.series.map((s) => (
        <g key={s.name} stroke={s.color} fill={s.color}>
          <polyline fill="none" points={s.points.map((q) => `${xOf(q.x)},${yOf(m, q.y)}`).join(' ')} />
          {s.points.map((q) => (
            <circle key={q.x} cx={xOf(q.x)} cy={yOf(m, q.y)} r="3">
              <title>{`${q.label}, ${s.label}: ${q.y}`}</title>
            </circle>
          ))}
        </g>
      ))}
    </Frame>
  );
}
