import {
  EmptyState,
  LoadingSpinner,
  Table,
  TableBody,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions';
import type { Pages } from '../api/usePages.ts';
import { ErrorPanel, StaleAlert } from './Problems.tsx';
import type { ReactNode } from 'react';

interface Props<T> {
  pages: Pages<T>;
  loading: string;
  empty: { title: string; text: string };
  /** Titles of the columns; those of numbers stand right, like their cells. */
  head: readonly (string | { number: string })[];
  /** A TableRow with a key. */
  row: (item: T) => ReactNode;
}

/** A table of pages with its states. Rows stay while another page is fetched. */
export function PagedTable<T>({ pages, loading, empty, head, row }: Props<T>) {
  const { items, error, reload, page, pageCount, onPageChange } = pages;
  if (items === null) {
    if (error) return <ErrorPanel error={error} onRetry={reload} />;
    return <LoadingSpinner label={loading} showLabel layout="centered" />;
  }
  if (items.length === 0 && pageCount === 1) {
    return (
      <EmptyState title={empty.title} layout="vertical" reverseOrder imageWidth={120}>
        <Text>{empty.text}</Text>
      </EmptyState>
    );
  }
  const rows = (
    <>
      <TableHead>
        <TableRow>
          {head.map((column) => {
            const [title, align] =
              typeof column === 'string' ? [column, 'left' as const] : [column.number, 'right' as const];
            return (
              <TableHeader key={title} align={align}>
                {title}
              </TableHeader>
            );
          })}
        </TableRow>
      </TableHead>
      <TableBody>{items.map(row)}</TableBody>
    </>
  );
  return (
    <>
      <StaleAlert error={error} onRetry={reload} />
      {pageCount > 1 ? (
        <Table bordered paginated page={page} pageCount={pageCount} onPageChange={onPageChange} density="condensed">
          {rows}
        </Table>
      ) : (
        <Table bordered density="condensed">
          {rows}
        </Table>
      )}
    </>
  );
}
