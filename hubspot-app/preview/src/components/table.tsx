import { useState, type CSSProperties } from 'react';
import { cx, testId, type Props } from './base.ts';
import { Icon } from './icons.tsx';

const cellStyle = (p: Props): CSSProperties => ({
  textAlign: p.align,
  width: p.width === 'min' ? 1 : p.width === 'max' ? '100%' : typeof p.width === 'number' ? p.width : undefined,
  whiteSpace: p.width === 'min' ? 'nowrap' : undefined,
});

/** The page numbers around the current one; at most `most`. */
export function pageNumbers(current: number, count: number, most: number) {
  const first = Math.max(1, Math.min(current - Math.floor(most / 2), count - most + 1));
  return Array.from({ length: Math.min(most, count) }, (_, i) => first + i);
}

function Pagination({ p }: { p: Props }) {
  const [own, setOwn] = useState(1);
  const current = p.page ?? own;
  const count = Math.max(1, p.pageCount ?? 1);
  const labels = p.showButtonLabels !== false;
  const go = (n: number) => {
    setOwn(n);
    p.onPageChange?.(n);
  };
  return (
    <nav className="pagination" aria-label="Pagination">
      {p.showFirstLastButtons && (
        <button type="button" disabled={current <= 1} onClick={() => go(1)}>
          First
        </button>
      )}
      <button type="button" aria-label="Previous page" disabled={current <= 1} onClick={() => go(current - 1)}>
        <Icon name="left" size="sm" />
        {labels && 'Prev'}
      </button>
      {pageNumbers(current, count, p.maxVisiblePageButtons ?? 9).map((n) => (
        <button type="button" key={n} aria-current={n === current ? 'page' : undefined} onClick={() => go(n)}>
          {n}
        </button>
      ))}
      <button type="button" aria-label="Next page" disabled={current >= count} onClick={() => go(current + 1)}>
        {labels && 'Next'}
        <Icon name="right" size="sm" />
      </button>
      {p.showFirstLastButtons && (
        <button type="button" disabled={current >= count} onClick={() => go(count)}>
          Last
        </button>
      )}
    </nav>
  );
}

export function Table(p: Props) {
  return (
    <div className={cx('table', p.bordered !== false && 'bordered', p.flush && 'flush', p.density)} {...testId(p)}>
      <div className="table-scroll">
        <table>{p.children}</table>
      </div>
      {p.paginated && <Pagination p={p} />}
    </div>
  );
}

export function TableHeader(p: Props) {
  const sortable = p.sortDirection && p.sortDirection !== 'never';
  const next = p.sortDirection === 'ascending' ? 'descending' : 'ascending';
  const arrow = { ascending: '▲', descending: '▼' }[p.sortDirection as string] ?? '↕';
  return (
    <th scope="col" style={cellStyle(p)} aria-sort={sortable ? p.sortDirection : undefined} {...testId(p)}>
      {sortable ? (
        <button type="button" disabled={Boolean(p.disabled)} onClick={() => p.onSortChange?.(next)}>
          {p.children} <span aria-hidden>{arrow}</span>
        </button>
      ) : (
        p.children
      )}
    </th>
  );
}

export function TableHead(p: Props) {
  return <thead {...testId(p)}>{p.children}</thead>;
}

export function TableBody(p: Props) {
  return <tbody {...testId(p)}>{p.children}</tbody>;
}

export function TableFooter(p: Props) {
  return <tfoot {...testId(p)}>{p.children}</tfoot>;
}

export function TableRow(p: Props) {
  return <tr {...testId(p)}>{p.children}</tr>;
}

export function TableCell(p: Props) {
  return (
    <td style={cellStyle(p)} colSpan={p.colSpan} {...testId(p)}>
      {p.children}
    </td>
  );
}
