export { PagedTable } from '@lumo/screens';
