/** Cells that a spreadsheet would take for a formula are made text. */
const harmless = (cell: string): string => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);

export const toCsv = (rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) =>
      row
        .map(harmless)
        .map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
        .join(','),
    )
    .join('\r\n');

/** What a spreadsheet takes from the clipboard cell by cell. */
export const toTable = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => harmless(cell.replace(/[\t\r\n]+/g, ' '))).join('\t')).join('\n');
