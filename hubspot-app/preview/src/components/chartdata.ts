import type { Props } from './base.ts';

export type Row = Record<string, string | number>;

export interface Series {
  name: string;
  label: string;
  color: string;
  points: { x: string; label: string; y: number }[];
}

export const COLORS: Record<string, string> = {
  orange: '#e8825a',
  aqua: '#3fa9b5',
  purple: '#7f6fc4',
  yellow: '#d9a93b',
  pink: '#d2729c',
  blue: '#5485c9',
  green: '#4f9d74',
  darkOrange: '#b45a33',
  darkAqua: '#23747d',
  darkPurple: '#564893',
  darkYellow: '#94701e',
  darkPink: '#96466a',
  darkBlue: '#315a93',
  darkGreen: '#2f6e4c',
};
const ORDER = ['blue', 'aqua', 'orange', 'purple', 'green', 'yellow', 'pink', 'darkBlue'];

export interface ChartModel {
  series: Series[];
  xs: { value: string; label: string }[];
  max: number;
  ticks: number[];
  stacked: boolean;
}

/** At most five round steps from zero to a little above the largest value. */
export function ticksFor(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const raw = max / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  const count = Math.ceil(max / step);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

const dateLabel = (value: string | number, locale?: string) => {
  const date = new Date(value);
  return Number.isNaN(date.getTime())
    ? String(value)
    : new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(date);
};

/** What a BarChart or LineChart draws, from the props that HubSpot documents. */
export function model(p: Props, locale?: string): ChartModel {
  const rows: Row[] = Array.isArray(p.data) ? p.data : (p.data?.data ?? []);
  const labels: Record<string, Record<string, string>> = (Array.isArray(p.data)
    ? undefined
    : p.data?.options?.propertyLabels) ?? {};
  const { x, y, options = {} } = p.axes ?? { x: { field: '' }, y: { field: '' } };
  const groupBy: string | undefined = options.groupFieldByColor;
  const palette: string[] = p.options?.colorList ?? p.options?.colors ?? ORDER;
  const xs = new Map<string, string>();
  const series = new Map<string, Series>();
  for (const row of rows) {
    const key = String(row[x.field] ?? '');
    xs.set(key, labels[x.field]?.[key] ?? (x.fieldType === 'datetime' ? dateLabel(row[x.field] ?? '', locale) : key));
    const group = groupBy ? String(row[groupBy] ?? '') : y.field;
    let s = series.get(group);
    if (!s) {
      const color = options.colors?.[group] ?? palette[series.size % palette.length] ?? 'blue';
      const label = groupBy ? (labels[groupBy]?.[group] ?? group) : (y.label ?? y.field);
      s = { name: group, label, color: COLORS[color] ?? color, points: [] };
      series.set(group, s);
    }
    s.points.push({ x: key, label: xs.get(key) ?? key, y: Number(row[y.field]) || 0 });
  }
  const stacked = Boolean(options.stacking);
  const all = [...series.values()];
  const largest = stacked
    ? Math.max(
        0,
        ...[...xs.keys()].map((k) => all.reduce((sum, s) => sum + (s.points.find((q) => q.x === k)?.y ?? 0), 0)),
      )
    : Math.max(0, ...all.flatMap((s) => s.points.map((q) => q.y)));
  const ticks = ticksFor(largest);
  return {
    series: all,
    xs: [...xs].map(([value, label]) => ({ value, label })),
    max: ticks.at(-1) ?? 1,
    ticks,
    stacked,
  };
}
